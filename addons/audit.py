"""Audits: a share of the hits in other words is requested from the upstream as well, after they were served.

The client has its answer and notices nothing. The upstream's is compared with the one that was served, and not stored.
Each audit has a row of its own, since the vendor bills it; it takes nothing from the tenant's limit.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import orjson
from mitmproxy import http

from addons.exchange import Exchange, new_request_id
from addons.gate import log_failure, observer
from addons.upstream import UpstreamStage
from mitmgate.core.answer_tap import tap_for
from mitmgate.core.bounded_json import may_parse
from mitmgate.core.cache_policy import answer_cacheable
from mitmgate.core.errors import GatewayError
from mitmgate.core.replay import NotReplayable, stored_stream
from mitmgate.core.replay.forms import JSON_TYPE, STREAM_TYPE
from mitmgate.core.retry import Failure, error_of
from mitmgate.core.usage import UsageRecord
from mitmgate.proxy.audits import AuditFailed, Audits
from mitmgate.proxy.plan import Plan
from mitmgate.services.comparisons import Answer, Comparisons, Pair
from mitmgate.services.exact_cache import Entry
from mitmgate.services.journal import Journal

AUDIT: Final = "audit"  # a row's outcome, and the kind of its comparison


@dataclass(frozen=True, slots=True)
class _Hit:
    """What was served to whom, and the request as the upstream would have got it. exchange: the audit's own."""

    request_id: str
    exchange: Exchange
    plan: Plan
    entry: Entry
    method: str
    body: bytes


class AuditStage:
    """Begins audits where a hit's answer is complete. share: of the hits of a tenant that has none of its own."""

    def __init__(
        self, share: float, upstream: UpstreamStage, audits: Audits, journal: Journal, comparisons: Comparisons
    ) -> None:
        self._share = share
        self._upstream = upstream
        self._audits = audits
        self._journal = journal
        self._comparisons = comparisons

    @observer
    def response(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.entry is None or exchange.cache_kind != "semantic":
            return
        assert exchange.decision is not None and exchange.tenant is not None
        own = exchange.tenant.cache_audit_share
        share = self._share if own is None else own
        if exchange.decision.only_if_cached or random.random() >= share:  # noqa: S311 - a sample
            return
        if self._audits.has_room and (hit := self._hit(flow, exchange, exchange.entry)) is not None:
            self._audits.start(partial(self._audit, hit))

    def _hit(self, flow: http.HTTPFlow, exchange: Exchange, entry: Entry) -> _Hit | None:
        assert exchange.plan is not None
        plan = Plan(exchange.plan.render, exchange.plan.max_request_bytes)
        audited = replace(
            exchange, request_id=new_request_id(), started_at=time.time(), begun=time.monotonic(), plan=plan
        )
        try:
            self._upstream.plan(flow.request, audited)
            plan.deadlines = self._upstream.deadlines({})  # the client's are about its own answer
        except GatewayError:  # a miss would have been refused
            return None
        return _Hit(exchange.request_id, audited, plan, entry, flow.request.method, flow.request.raw_content or b"")

    async def _audit(self, hit: _Hit) -> None:
        await asyncio.sleep(0)  # the client's answer goes first
        record = _record(hit)
        try:
            record.status, answer = await self._audits.ask(hit.plan, hit.method, hit.body)
            if answer is not None:
                await asyncio.to_thread(_count, record, hit.exchange, answer)
                await self._compare(hit, record.status, answer)
        except AuditFailed as failed:
            _note_failure(record, failed.failure)
        except asyncio.CancelledError:
            _note_failure(record, Failure.STOPPING)
            raise
        except Exception as problem:
            log_failure(self._audit, problem)
        finally:
            record.latency_ms = (time.monotonic() - hit.exchange.begun) * 1000
            self._journal.append(record)

    async def _compare(self, hit: _Hit, status: int, body: bytes) -> None:
        real = await asyncio.to_thread(_whole_answer, hit.exchange, status, body)
        if real is not None:
            exchange, entry = hit.exchange, hit.entry
            self._comparisons.offer(
                Pair(
                    AUDIT,
                    entry.tenant_id,
                    exchange.request_id,
                    exchange.client_format,
                    exchange.probability or 0.0,
                    entry.fingerprint,
                    real,
                    Answer(entry.headers[0][1], entry.body),
                )
            )


def _record(hit: _Hit) -> UsageRecord:
    """Of an audit that has not ended yet."""
    exchange, entry = hit.exchange, hit.entry
    story = {"cache": f"audit of {hit.request_id}", "p": exchange.probability, "near": entry.entry_id}
    return UsageRecord(
        request_id=exchange.request_id,
        started_at=exchange.started_at,
        tenant_id=entry.tenant_id,
        key_id=exchange.key.id if exchange.key is not None else None,
        method=hit.method,
        endpoint=exchange.endpoint,
        status=error_of(Failure.RESET).status,
        latency_ms=0.0,
        model=exchange.model,
        client_format=exchange.client_format,
        streamed=exchange.streamed,
        upstream=exchange.upstream,
        attempts=1,
        cache=AUDIT,
        similarity=exchange.similarity,
        request_bytes=len(hit.body),
        story=orjson.dumps(story).decode(),
    )


def _note_failure(record: UsageRecord, failure: Failure) -> None:
    record.status, record.error = error_of(failure).status, failure.value


def _count(record: UsageRecord, exchange: Exchange, answer: bytes) -> None:
    """What the answer weighs and cost, read as that of a request that passes."""
    record.response_bytes = len(answer)
    if record.status < 300:
        tap = tap_for(exchange.client_format, "", "", exchange.streamed)
        tap.split_terminal(answer)
        record.count(tap.tokens)


def _whole_answer(exchange: Exchange, status: int, body: bytes) -> Answer | None:
    """What would have been kept of it; None where it would not have been."""
    if body.lstrip()[:1] == b"{":
        if not may_parse(body) or answer_cacheable(exchange.client_format, status, {}, body) is not None:
            return None
        return Answer(JSON_TYPE, body)
    wanted = (exchange.body or {}).get("n")
    choices = wanted if isinstance(wanted, int) else 1
    try:
        return Answer(STREAM_TYPE, stored_stream(exchange.client_format, status, body, choices))
    except NotReplayable:
        return None
