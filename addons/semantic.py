"""Answers what was asked before in other words, where the verdict is sure that it asks the same.

Everything that can go wrong here is a miss. What no request waits for (making a new entry findable, forgetting one
that is gone) runs beside the requests, bounded in number.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Coroutine
from functools import partial
from typing import Any, Final

from mitmproxy import http

from addons.entries import answer_with, keep_out
from addons.exchange import Exchange
from addons.gate import observer
from addons.shadow import note_nearest, note_would_be_hit, pair_of
from mitmgate.core.cache_policy import SHADOW
from mitmgate.core.errors import Refused
from mitmgate.core.settings import Cache
from mitmgate.services.comparisons import Comparisons
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.logs import reason_of
from mitmgate.services.matcher_client import Candidate, MatcherAway, MatcherClient
from mitmgate.services.redis import StoreDown

FETCH_S: Final = 0.05
MAX_TASKS: Final = 256
ONLY_CACHED: Final = partial(Refused, 504, "not_cached", "Only a cached answer was asked for, and there is none.")

logger = logging.getLogger(__name__)


class SemanticStage:
    """Sets the entry of a semantic hit, or why there is none; refuses what wants only a cached answer and has none."""

    def __init__(self, settings: Cache, matcher: MatcherClient, cache: ExactCache, comparisons: Comparisons) -> None:
        self._settings = settings
        self._matcher = matcher
        self._cache = cache
        self._comparisons = comparisons
        self._tasks: set[asyncio.Task[None]] = set()

    @observer
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        decision = exchange.decision
        if flow.response is not None or decision is None:
            return None
        if decision.lookup and exchange.scope is not None and exchange.cache_detail is None:  # else the store is away
            return self._ask(flow, exchange, exchange.scope)
        self._refuse_uncached(flow, exchange)
        return None

    @observer
    def answer_complete(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        self._make_findable(exchange)

    @observer
    def response(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        self._make_findable(exchange)

    def _make_findable(self, exchange: Exchange) -> None:
        stored, scope, text = exchange.stored, exchange.scope, exchange.text
        if stored is not None and scope is not None and text is not None:
            exchange.scope = None  # once: a stream's end is told twice
            put, removal = self._matcher.put, exchange.removal
            self._later(put(stored.tenant_id, scope, stored.fingerprint, text, stored.expires_at, removal=removal))
            if (pair := pair_of(exchange, stored)) is not None:
                self._comparisons.offer(pair)

    async def _ask(self, flow: http.HTTPFlow, exchange: Exchange, scope: bytes) -> None:
        begun = time.monotonic()
        try:
            exchange.cache_detail = await self._find(flow, exchange, scope)
        except MatcherAway:
            exchange.cache_detail = "matcher away"
        except StoreDown:
            exchange.cache_detail = "store away"
        finally:
            exchange.cache_ms = (exchange.cache_ms or 0.0) + (time.monotonic() - begun) * 1000
            if flow.response is None:
                self._refuse_uncached(flow, exchange)

    async def _find(self, flow: http.HTTPFlow, exchange: Exchange, scope: bytes) -> str | None:
        """Answers from an entry. -> why it did not. Raises MatcherAway, StoreDown."""
        tenant, decision, settings = exchange.tenant, exchange.decision, self._settings
        assert tenant is not None and decision is not None and exchange.text is not None
        threshold = settings.threshold if tenant.cache_threshold is None else tenant.cache_threshold
        threshold = max(threshold or 0.0, decision.threshold or 0.0)
        max_wrong = settings.max_wrong if tenant.cache_max_wrong is None else tenant.cache_max_wrong
        found = await self._matcher.find(
            tenant.id,
            scope,
            exchange.text,
            max_wrong=max_wrong,
            threshold=threshold,
            deadline_s=settings.deadline_ms / 1000,
        )
        hit: Candidate | None = found.hit
        if hit is None:
            if found.never_shared:
                keep_out(exchange, found.reason)
            note_nearest(exchange, found)
            return found.reason
        now = time.time()
        entry = await self._cache.fetch(tenant.id, hit.fingerprint, now, FETCH_S)
        if entry is None:
            self._later(self._matcher.remove(tenant.id, [hit.fingerprint]))
            return "entry gone"
        if not decision.admits(now - entry.stored_at):
            return "too old"
        exchange.probability = hit.verdict.probability
        if decision.mode == SHADOW:
            return note_would_be_hit(exchange, entry, hit)
        self._cache.touch(tenant.id, hit.fingerprint)
        why = answer_with(flow, exchange, entry, "semantic", round(hit.similarity, 3))
        exchange.pair = hit.pair if why is None else None
        return why

    @staticmethod
    def _refuse_uncached(flow: http.HTTPFlow, exchange: Exchange) -> None:
        assert exchange.decision is not None and exchange.plan is not None
        if exchange.decision.only_if_cached:
            flow.response = exchange.plan.render(ONLY_CACHED())

    def _later(self, work: Coroutine[Any, Any, bool]) -> None:
        """Does it beside the requests; with too much under way, not at all: the entry is then found by its words."""
        if len(self._tasks) >= MAX_TASKS:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quietly(work: Coroutine[Any, Any, bool]) -> None:
    try:
        await work
    except MatcherAway as problem:
        logger.debug("the matcher could not be notified: %s", reason_of(problem))
