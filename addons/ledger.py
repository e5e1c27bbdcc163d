"""The way out: exactly one record for each request that resolved to a tenant, written before its last bytes leave."""

from __future__ import annotations

import time

import orjson
from mitmproxy import http

from addons.exchange import Exchange, parsed_answer, readable_body
from addons.gate import observer
from addons.story import refusal_of, story_of
from mitmgate.core.retry import Failure, error_of
from mitmgate.core.token_usage import Tokens, tokens_of_json, tokens_of_text
from mitmgate.core.usage import UsageRecord
from mitmgate.core.vendor_errors import vendor_request_id
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.journal import Journal
from mitmgate.services.refusals import Refusals

CLIENT_CLOSED = 499
BROKE_OFF = 502
MAX_METHOD = 16  # of one that is refused: any bytes, any number of them


class LedgerStage:
    """Settles an exchange once, at whichever end comes first: answer_complete, response or error."""

    def __init__(self, journal: Journal, refusals: Refusals, cache: ExactCache, store_errors: bool = True) -> None:
        self._journal = journal
        self._refusals = refusals
        self._cache = cache
        self._store_errors = store_errors

    @observer
    def answer_complete(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        self._settle(flow, exchange)

    @observer
    def response(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        self._settle(flow, exchange)

    @observer
    def error(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        self._settle(flow, exchange, broken=True)

    def _settle(self, flow: http.HTTPFlow, exchange: Exchange, broken: bool = False) -> None:
        if exchange.settled or exchange.tenant is None:
            return
        exchange.settled = True
        record = self._record(flow, exchange)
        if broken:
            self._mark_broken(flow, exchange, record)
        self._count_tokens(flow, exchange, record, broken)
        self._note_refusal(exchange, record)
        story = story_of(exchange, record.error, refusal_of(flow, exchange, self._store_errors))
        record.story = None if story is None else orjson.dumps(story).decode()
        if exchange.reservation is not None and exchange.reservation.allowed:
            self._journal.append(record)
        else:
            self._refusals.append(record)
        if record.cache in ("hit", "miss", "shadow"):
            self._cache.count(record.tenant_id, record.cache_kind or "miss")

    def _record(self, flow: http.HTTPFlow, exchange: Exchange) -> UsageRecord:
        plan, response = exchange.plan, flow.response
        assert exchange.tenant is not None and plan is not None
        first_byte_ms = None
        if plan.asked_at is not None and plan.first_byte_at is not None:
            first_byte_ms = (plan.first_byte_at - plan.asked_at) * 1000
        content = response.raw_content if response is not None else None
        return UsageRecord(
            request_id=exchange.request_id,
            started_at=exchange.started_at,
            tenant_id=exchange.tenant.id,
            key_id=exchange.key.id if exchange.key is not None else None,
            method=flow.request.data.method[:MAX_METHOD].decode("ascii", "replace").upper(),
            endpoint=exchange.endpoint,
            status=response.status_code if response is not None else CLIENT_CLOSED,
            latency_ms=(time.monotonic() - exchange.begun) * 1000,
            model=exchange.model,
            client_format=exchange.client_format,
            streamed=exchange.streamed,
            upstream=exchange.upstream if plan.attempts else None,
            attempts=plan.attempts,
            cache=exchange.cache_status.lower() if exchange.cache_status and exchange.error is None else None,
            cache_kind=exchange.cache_kind,
            similarity=exchange.similarity,
            auth_ms=exchange.auth_ms,
            limit_ms=exchange.limit_ms,
            cache_ms=exchange.cache_ms,
            first_byte_ms=first_byte_ms,
            request_bytes=plan.request_bytes,
            response_bytes=plan.response_bytes or len(content or b""),
            error=exchange.error,
            client_request_id=exchange.client_request_id,
            client_address=exchange.client_address,
        )

    @staticmethod
    def _mark_broken(flow: http.HTTPFlow, exchange: Exchange, record: UsageRecord) -> None:
        """A stream that ended cleanly for the client is none of this: its end settled it before."""
        plan = exchange.plan
        assert plan is not None
        if plan.failure is not None and flow.error is not None and flow.error.msg == plan.failure.value:
            record.status, record.error = error_of(plan.failure).status, plan.failure.value
        elif flow.error is not None and flow.error.msg == "client_closed":
            record.status, record.error = CLIENT_CLOSED, "client_closed"
        else:
            record.status, record.error = BROKE_OFF, record.error or "broken"

    @staticmethod
    def _note_refusal(exchange: Exchange, record: UsageRecord) -> None:
        """Where the client got an error of ours for the vendor's, the row has the vendor's status and id."""
        record.upstream_request_id = exchange.upstream_request_id
        last = exchange.plan.tries[-1] if exchange.plan is not None and exchange.plan.tries else None
        if last is None or record.upstream_request_id is not None:
            return
        if last.refused is not None:
            record.upstream_request_id = vendor_request_id(last.refused.fields, exchange.upstream_secrets)
        if record.error == Failure.STATUS.value and last.status is not None:
            record.status = last.status

    @staticmethod
    def _count_tokens(flow: http.HTTPFlow, exchange: Exchange, record: UsageRecord, broken: bool) -> None:
        tokens = _tokens(flow, exchange, broken)
        if tokens is not None:
            record.count(tokens)


def _tokens(flow: http.HTTPFlow, exchange: Exchange, broken: bool) -> Tokens | None:
    """Those of an entry, of what has passed, or of a whole answer; None where nothing was paid for."""
    if exchange.entry is not None:
        return exchange.entry.tokens
    tap = exchange.tap
    if tap is None:
        return None
    if tap.has_read:
        return tap.tokens_so_far(flow.request.raw_content or b"") if broken else tap.tokens
    if broken or flow.response is None:
        return None
    if (answer := parsed_answer(flow, exchange)) is not None:
        return tokens_of_json(answer)
    return tokens_of_text(readable_body(flow.response) or b"")
