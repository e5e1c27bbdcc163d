"""Answers what was asked before in the same words, and keeps what may be answered again.

A broken cache is a miss: every hook here but the question itself fails open.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Hashable, Sequence
from typing import Any

from mitmproxy import http

from addons.entries import answer_with, entry_of_answer, entry_of_stream, forward_line, may_keep
from addons.exchange import Exchange
from addons.gate import log_failure, observer
from mitmgate.core.directory import Directory
from mitmgate.core.errors import GatewayError
from mitmgate.core.fingerprint import cache_headers
from mitmgate.core.partition import partition, partition_header
from mitmgate.core.question import Question, judge_large, judge_request
from mitmgate.core.recording import Recording, RecordingRoom
from mitmgate.core.remembered import Remembered
from mitmgate.core.settings import Cache
from mitmgate.services.exact_cache import Entry, ExactCache
from mitmgate.services.redis import Command

MAX_REMEMBERED, MAX_REMEMBERED_BYTES = 512, 16 << 10


class CacheStage:
    """Sets what the cache may do for a request, and the entry of an exact hit; writes entries."""

    def __init__(self, settings: Cache, cache: ExactCache, directory: Directory) -> None:
        self._settings = settings
        self._cache = cache
        self._directory = directory
        self._recordings = RecordingRoom()
        self._remembered: Remembered[Hashable, Question] = Remembered(MAX_REMEMBERED)
        by = partition_header(settings.partition_by)  # counts as the part
        self._ignored = frozenset(name.encode() for name in (*settings.ignore_headers, *([by] if by else ())))

    def ask(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        """Decides what the cache may do for this request. Raises Refused for malformed cache headers."""
        if (exchange.body is None and exchange.outline is None) or flow.request.method != "POST":
            return
        try:
            if exchange.body is None:
                question = self._of_large(flow, exchange)
            else:
                question = self._question(flow, exchange, exchange.body)
        except GatewayError:
            raise
        except Exception as problem:
            log_failure(self.ask, problem)
            exchange.cache_status = "BYPASS"
            return
        decision = exchange.decision = question.decision
        exchange.fingerprint, exchange.scope, exchange.text = question.fingerprint, question.scope, question.text
        exchange.parts = question.parts
        exchange.cache_detail = decision.reason or (question.exact_only if decision.lookup else None)
        exchange.cache_status = "BYPASS" if not decision.store else "REFRESH" if decision.refresh else "MISS"

    def _of_large(self, flow: http.HTTPFlow, exchange: Exchange) -> Question:
        assert exchange.tenant is not None
        return judge_large(
            tenant=exchange.tenant,
            default_mode=self._settings.mode,
            default_ttl_s=self._settings.ttl_s,
            headers=cache_headers(flow.request.headers.fields),
            client_format=exchange.client_format,
            endpoint=exchange.endpoint,
        )

    def _question(self, flow: http.HTTPFlow, exchange: Exchange, body: dict[str, Any]) -> Question:
        """Worked out once for a request that comes again, which is what hits are."""
        tenant = exchange.tenant
        assert tenant is not None
        raw = flow.request.raw_content or b""
        auth = tenant.upstream_auth
        replaced = frozenset() if auth is None else frozenset({auth.header.lower().encode()})
        headers = cache_headers(flow.request.headers.fields, self._ignored, replaced, exchange.credentials)
        part = partition(self._settings.partition_by, exchange.client_format, exchange.headers, body)
        key = (tenant.id, tenant.version, exchange.path, exchange.query, raw, part, *headers.items())
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
                partition=part,
            )
            size = len(raw) + sum(map(len, headers.values()))
            if question.fingerprint is not None and size <= MAX_REMEMBERED_BYTES:
                self._remembered.put(key, question)
        return question

    def forget(self, tenant_id: int) -> None:
        """Drops what is remembered of the tenant's requests."""
        self._remembered.forget(lambda key: isinstance(key, tuple) and key[0] == tenant_id)

    def lookup_commands(self, exchange: Exchange) -> Sequence[Command]:
        """What the quota stage sends along in its round trip."""
        decision = exchange.decision
        if decision is None or exchange.fingerprint is None or not (decision.lookup or decision.store):
            return ()
        assert exchange.tenant is not None
        return self._cache.lookup_commands(exchange.tenant.id, exchange.fingerprint if decision.lookup else None)

    @observer
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if flow.response is not None or exchange.decision is None:
            return
        begun = time.monotonic()
        exchange.removal, reply = self._cache.looked_up(exchange.cache_replies)
        asked = reply is not None and exchange.fingerprint is not None
        if asked and (entry := self._fresh_entry(exchange, reply)) is not None:
            if exchange.text is None or entry.classified:
                exchange.classified = entry.classified
                self._cache.touch(entry.tenant_id, entry.fingerprint)
                exchange.cache_detail = answer_with(flow, exchange, entry, "exact", 1.0)
            else:
                exchange.held = entry  # stored when nobody could look: the semantic stage does
        if flow.response is None and exchange.streamed and may_keep(exchange):
            exchange.recording = Recording(self._recordings)
        exchange.cache_ms = (time.monotonic() - begun) * 1000

    def _fresh_entry(self, exchange: Exchange, reply: object) -> Entry | None:
        assert exchange.tenant is not None and exchange.fingerprint is not None and exchange.decision is not None
        now = time.time()
        entry = self._cache.read(reply, exchange.tenant.id, exchange.fingerprint, now)
        if entry is None or not exchange.decision.admits(now - entry.stored_at):
            return None
        return entry

    @observer
    def answer_complete(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        """A stream's last event waits for this."""
        recorded = exchange.recording.kept if exchange.recording is not None else None
        self._give_up_recording(exchange)
        response, meant = flow.response, exchange.recording is not None
        if recorded is None and may_keep(exchange) and response is not None and (meant or not response.stream):
            exchange.cache_detail = "uncacheable: large"
        return None if recorded is None or not may_keep(exchange) else self._keep_stream(flow, exchange, recorded)

    @observer
    def response(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        self._give_up_recording(exchange)
        if flow.response is None or flow.response.stream or not may_keep(exchange):
            return None
        found = entry_of_answer(flow, exchange)
        if isinstance(found, Entry):
            return self._keep(exchange, found)
        if flow.response.status_code < 300:
            exchange.cache_detail = f"uncacheable: {found}"
            flow.response.headers["Cache-Status"] = forward_line(exchange).decode()
        return None

    @observer
    def error(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        self._give_up_recording(exchange)

    @staticmethod
    def _give_up_recording(exchange: Exchange) -> None:
        if exchange.recording is not None:
            exchange.recording.close()

    async def _keep_stream(self, flow: http.HTTPFlow, exchange: Exchange, recorded: bytes) -> None:
        found = await entry_of_stream(flow, exchange, recorded)
        if isinstance(found, Entry):
            await self._keep(exchange, found)
        else:
            exchange.cache_detail = f"uncacheable: {found}"

    async def _keep(self, exchange: Exchange, entry: Entry) -> None:
        assert exchange.tenant is not None and exchange.removal is not None
        now = self._directory.tenant(exchange.tenant.id)
        if now is None or now.status == "deleted":  # meanwhile: what it asked is to be forgotten
            return
        most = exchange.tenant.cache_max_bytes
        most = self._settings.max_bytes if most is None else most
        if await self._cache.put(entry.tenant_id, entry, most, exchange.removal):
            exchange.stored = entry
