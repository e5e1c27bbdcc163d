"""Fifth stage: answers what was answered before, byte for byte, and keeps what may be answered again.

A broken cache is a miss: every hook here but the question itself fails open.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import orjson
from mitmproxy import http

from addons.exchange import Exchange, local_response
from addons.gate import log_failure, observer
from mitmgate.core.cache_policy import answer_cacheable, decide_request
from mitmgate.core.errors import GatewayError, Refused
from mitmgate.core.fingerprint import cache_headers, fingerprint
from mitmgate.core.settings import Cache
from mitmgate.core.token_usage import tokens_of_json
from mitmgate.services.exact_cache import Entry, ExactCache

ONLY_CACHED = Refused(504, "not_cached", "Only a cached answer was asked for, and there is none.")


class CacheStage:
    """Sets decision, fingerprint, entry, cache_status and cache_detail; writes entries."""

    def __init__(self, settings: Cache, cache: ExactCache) -> None:
        self._settings = settings
        self._cache = cache

    def ask(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        """Decides what the cache may do for this request. Raises Refused for malformed cache headers."""
        tenant = exchange.tenant
        assert tenant is not None
        if exchange.body is None or flow.request.method != "POST":
            return
        headers = cache_headers(flow.request.headers.fields)
        decision = exchange.decision = decide_request(
            tenant_mode=weaker(tenant.cache_mode or "exact", self._settings.mode),
            headers=headers,
            body=exchange.body,
            client_format=exchange.client_format,
            endpoint=exchange.endpoint,
            max_temperature=tenant.cache_max_temperature,
            ttl_s=tenant.cache_ttl_s or self._settings.ttl_s,
        )
        exchange.cache_detail = decision.reason
        exchange.cache_status = "BYPASS" if not decision.store else "REFRESH" if decision.refresh else "MISS"
        if not decision.lookup and not decision.store:
            return
        try:
            exchange.fingerprint = fingerprint(
                tenant_id=tenant.id,
                namespace=decision.namespace,
                backend=tenant.backend_url,
                client_format=exchange.client_format,
                method=flow.request.method,
                path=exchange.path.removeprefix("/api"),
                query=exchange.query,
                headers=headers,
                body=exchange.body,
            )
        except GatewayError:
            raise
        except Exception as problem:
            log_failure(self.ask, problem)
            exchange.cache_status = "BYPASS"

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
        entry = None
        if exchange.cache_reply is not None and exchange.fingerprint is not None:
            entry = self._fresh_entry(exchange)
        if entry is None:
            if exchange.decision.only_if_cached:
                assert exchange.plan is not None
                flow.response = exchange.plan.render(ONLY_CACHED)
            return
        exchange.entry = entry
        exchange.cache_status, exchange.cache_detail = "HIT", None
        flow.response = local_response(entry.status, entry.headers, entry.body)

    def _fresh_entry(self, exchange: Exchange) -> Entry | None:
        assert exchange.tenant is not None and exchange.fingerprint is not None and exchange.decision is not None
        now = time.time()
        entry = self._cache.read(exchange.cache_reply, exchange.tenant.id, exchange.fingerprint, now)
        if entry is None:
            return None
        max_age_s = exchange.decision.max_age_s
        if max_age_s is not None and now - entry.stored_at > max_age_s:
            return None
        self._cache.touch(exchange.tenant.id, exchange.fingerprint)
        return entry

    @observer
    async def response(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        decision, response, plan = exchange.decision, flow.response, exchange.plan
        if exchange.entry is not None or decision is None or not decision.store or exchange.fingerprint is None:
            return
        if response is None or plan is None or not plan.attempts or exchange.error is not None or exchange.streamed:
            return
        body = response.get_content(strict=False)
        if response.stream or body is None:
            return
        why_not = answer_cacheable(exchange.client_format, response.status_code, response.headers, body)
        if why_not is not None:
            return
        assert exchange.tenant is not None
        entry = self._entry(exchange, response, body, decision.ttl_s, decision.namespace)
        limit = exchange.tenant.cache_max_bytes or self._settings.max_bytes
        await self._cache.put(exchange.tenant.id, entry, limit)

    def _entry(self, exchange: Exchange, response: http.Response, body: bytes, ttl_s: float, namespace: str) -> Entry:
        assert exchange.tenant is not None and exchange.fingerprint is not None
        now = time.time()
        parsed = orjson.loads(body)
        return Entry(
            tenant_id=exchange.tenant.id,
            fingerprint=exchange.fingerprint,
            entry_id=exchange.request_id,
            status=response.status_code,
            headers=[(b"Content-Type", response.headers.get("content-type", "application/json").encode())],
            body=body,
            stored_at=now,
            expires_at=now + ttl_s,
            model=exchange.model,
            namespace=namespace,
            tokens=tokens_of_json(exchange.client_format, parsed),
        )


_STRENGTH = {"off": 0, "exact": 1}


def weaker(one: str, other: str) -> str:
    """The weaker of two cache modes."""
    return min(one, other, key=lambda mode: _STRENGTH.get(mode, 0))
