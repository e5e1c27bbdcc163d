"""Answers what was asked before in the same words, and keeps what may be answered again.

A broken cache is a miss: every hook here but the question itself fails open.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Hashable, Sequence
from typing import Any

from mitmproxy import http

from addons.exchange import Exchange, local_response, parsed_answer, readable_body
from addons.gate import log_failure, observer
from mitmgate.core.asked import asked
from mitmgate.core.cache_policy import answer_cacheable
from mitmgate.core.errors import GatewayError
from mitmgate.core.fingerprint import cache_headers
from mitmgate.core.question import Question, judge_request
from mitmgate.core.remembered import Remembered
from mitmgate.core.settings import Cache
from mitmgate.core.token_usage import tokens_of_json
from mitmgate.services.exact_cache import Entry, ExactCache

MAX_REMEMBERED, MAX_REMEMBERED_BYTES = 512, 16 << 10


class CacheStage:
    """Sets what the cache may do for a request, and the entry of an exact hit; writes entries."""

    def __init__(self, settings: Cache, cache: ExactCache) -> None:
        self._settings = settings
        self._cache = cache
        self._remembered: Remembered[Hashable, Question] = Remembered(MAX_REMEMBERED)

    def ask(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        """Decides what the cache may do for this request. Raises Refused for malformed cache headers."""
        if exchange.body is None or flow.request.method != "POST":
            return
        try:
            question = self._question(flow, exchange, exchange.body)
        except GatewayError:
            raise
        except Exception as problem:
            log_failure(self.ask, problem)
            exchange.cache_status = "BYPASS"
            return
        decision = exchange.decision = question.decision
        exchange.fingerprint, exchange.scope, exchange.text = question.fingerprint, question.scope, question.text
        exchange.cache_detail = decision.reason
        exchange.cache_status = "BYPASS" if not decision.store else "REFRESH" if decision.refresh else "MISS"

    def _question(self, flow: http.HTTPFlow, exchange: Exchange, body: dict[str, Any]) -> Question:
        """Worked out once for a request that comes again, which is what hits are."""
        tenant = exchange.tenant
        assert tenant is not None
        raw = flow.request.raw_content or b""
        headers = cache_headers(flow.request.headers.fields)
        key = (tenant.id, tenant.version, exchange.path, exchange.query, raw, *headers.items())
        question = self._remembered.get(key)
        if question is None:
            question = judge_request(
                tenant=tenant,
                default_mode=self._settings.mode,
                default_ttl_s=self._settings.ttl_s,
                headers=headers,
                client_format=exchange.client_format,
                endpoint=exchange.endpoint,
                path=exchange.path.removeprefix("/api"),
                query=exchange.query,
                raw=raw,
                body=body,
            )
            if question.fingerprint is not None and len(raw) <= MAX_REMEMBERED_BYTES:
                self._remembered.put(key, question)
        return question

    def lookup_command(self, exchange: Exchange) -> Sequence[object] | None:
        """What the quota stage sends along in its round trip."""
        decision = exchange.decision
        if decision is None or not decision.lookup or exchange.fingerprint is None:
            return None
        assert exchange.tenant is not None
        return self._cache.get_command(exchange.tenant.id, exchange.fingerprint)

    @observer
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if flow.response is not None or exchange.decision is None:
            return
        begun = time.monotonic()
        asked = exchange.cache_reply is not None and exchange.fingerprint is not None
        if asked and (entry := self._fresh_entry(exchange)) is not None:
            answer_with(flow, exchange, entry, "exact", 1.0)
        exchange.cache_ms = (time.monotonic() - begun) * 1000

    def _fresh_entry(self, exchange: Exchange) -> Entry | None:
        assert exchange.tenant is not None and exchange.fingerprint is not None and exchange.decision is not None
        now = time.time()
        entry = self._cache.read(exchange.cache_reply, exchange.tenant.id, exchange.fingerprint, now)
        if entry is None:
            return None
        if not exchange.decision.admits(now - entry.stored_at):
            return None
        self._cache.touch(exchange.tenant.id, exchange.fingerprint)
        return entry

    @observer
    def response(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[object] | None:
        decision, response, plan = exchange.decision, flow.response, exchange.plan
        if exchange.entry is not None or decision is None or not decision.store or exchange.fingerprint is None:
            return None
        if response is None or plan is None or not plan.attempts or exchange.error is not None or response.stream:
            return None
        body, answer = readable_body(response), parsed_answer(flow, exchange)
        if body is None or answer is None:
            return None
        if answer_cacheable(exchange.client_format, response.status_code, exchange.headers, answer) is not None:
            return None
        tenant = exchange.tenant
        assert tenant is not None
        now = time.time()
        media_type = response.headers.get("content-type", "application/json").encode()
        entry = Entry(
            tenant_id=tenant.id,
            fingerprint=exchange.fingerprint,
            request_id=exchange.request_id,
            status=response.status_code,
            headers=[(b"Content-Type", media_type)],
            body=body,
            stored_at=now,
            expires_at=now + decision.ttl_s,
            model=exchange.model,
            namespace=decision.namespace,
            tokens=tokens_of_json(exchange.client_format, answer),
            question=asked(exchange.body or {}),
        )
        return self._keep(exchange, entry, tenant.cache_max_bytes)

    async def _keep(self, exchange: Exchange, entry: Entry, max_bytes: int | None) -> None:
        limit = self._settings.max_bytes if max_bytes is None else max_bytes
        if await self._cache.put(entry.tenant_id, entry, limit):
            exchange.stored = entry


def answer_with(flow: http.HTTPFlow, exchange: Exchange, entry: Entry, kind: str, similarity: float) -> None:
    """Makes the entry this request's answer."""
    exchange.entry, exchange.cache_kind, exchange.similarity = entry, kind, similarity
    exchange.cache_status, exchange.cache_detail = "HIT", None
    flow.response = local_response(entry.status, entry.headers, entry.body)
