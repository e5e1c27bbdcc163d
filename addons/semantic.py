"""Answers what was asked before in other words, where the verdict is sure that it asks the same.

It learns from the matcher, too, whether users may share the answer at all. Without knowing it serves none, and what is
kept is marked as not classified. Everything that can go wrong here is a miss. What no request waits for (making a new
entry findable, forgetting one that is gone) runs beside the requests, bounded in number.
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
from mitmgate.core.cache_policy import SHADOW, Decision
from mitmgate.core.errors import Refused
from mitmgate.core.remembered import Remembered
from mitmgate.core.settings import Cache
from mitmgate.services.comparisons import Comparisons
from mitmgate.services.exact_cache import Entry, ExactCache
from mitmgate.services.logs import reason_of
from mitmgate.services.matcher_client import Candidate, Found, MatcherAway, MatcherClient
from mitmgate.services.redis import StoreDown

FETCH_S: Final = 0.05
MAX_TASKS: Final = 256
MAX_SHAREABLE: Final = 4096
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
        # Whose text was classified, and may be shared
        self._shareable: Remembered[tuple[int, bytes], bool] = Remembered(MAX_SHAREABLE)

    @observer
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        decision = exchange.decision
        if flow.response is not None or decision is None:
            return None
        if not exchange.classified and exchange.text is not None and exchange.removal is not None:  # None: no store
            exchange.classified = self._is_shareable(exchange)
            if exchange.classified and exchange.held is not None:
                exchange.cache_detail = self._serve_held(flow, exchange, exchange.held)
            elif self._is_asked(exchange, decision):
                return self._ask(flow, exchange)
        self._refuse_uncached(flow, exchange)
        return None

    @staticmethod
    def _is_asked(exchange: Exchange, decision: Decision) -> bool:
        if exchange.held is not None or (decision.lookup and exchange.scope is not None):
            return True
        return not exchange.classified and decision.store and not decision.only_if_cached

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
            self._later(self._hand_over(stored, scope, text, exchange.removal))
            if (pair := pair_of(exchange, stored)) is not None:
                self._comparisons.offer(pair)

    async def _hand_over(self, stored: Entry, scope: bytes, text: str, removal: str | None) -> bool:
        whose, fingerprint = stored.tenant_id, stored.fingerprint
        done = await self._matcher.put(whose, scope, fingerprint, text, stored.expires_at, removal=removal)
        if done and not stored.classified:
            self._shareable.put((whose, fingerprint), True)
            self._cache.mark_classified(whose, fingerprint)
        return done

    def _is_shareable(self, exchange: Exchange) -> bool:
        assert exchange.tenant is not None
        whose, fingerprint = exchange.tenant.id, exchange.fingerprint
        return fingerprint is not None and self._shareable.get((whose, fingerprint)) is not None

    async def _ask(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        begun = time.monotonic()
        try:
            exchange.cache_detail = await self._look(flow, exchange) or exchange.cache_detail
        except MatcherAway:
            exchange.cache_detail = "matcher away"
        except StoreDown:
            exchange.cache_detail = "store away"
        finally:
            exchange.cache_ms = (exchange.cache_ms or 0.0) + (time.monotonic() - begun) * 1000
            exchange.held, exchange.cache_replies = None, ()  # an answer may take minutes, and these be large
            self._refuse_uncached(flow, exchange)

    async def _look(self, flow: http.HTTPFlow, exchange: Exchange) -> str | None:
        """Answers from an entry, where the text may be shared. -> why it did not. Raises MatcherAway, StoreDown."""
        decision = exchange.decision
        assert decision is not None
        found = await self._found(exchange, decision)
        if found.never_shared:
            keep_out(exchange, found.reason)
            return found.reason
        exchange.classified |= found.classified
        if found.classified and exchange.tenant is not None and exchange.fingerprint is not None:
            self._shareable.put((exchange.tenant.id, exchange.fingerprint), True)
        if (held := exchange.held) is not None:
            if found.classified:
                self._cache.mark_classified(held.tenant_id, held.fingerprint)
            return self._serve_held(flow, exchange, held) if found.classified or found.by_rules else found.reason
        if found.hit is None:
            note_nearest(exchange, found)
            return found.reason
        return await self._answer(flow, exchange, decision, found.hit)

    def _serve_held(self, flow: http.HTTPFlow, exchange: Exchange, held: Entry) -> str | None:
        """Answers from what was found by equal words. -> why that cannot be the answer."""
        self._cache.touch(held.tenant_id, held.fingerprint)
        return answer_with(flow, exchange, held, "exact", 1.0)

    async def _found(self, exchange: Exchange, decision: Decision) -> Found:
        """Raises MatcherAway."""
        tenant, settings, deadline_s = exchange.tenant, self._settings, self._settings.deadline_ms / 1000
        assert tenant is not None and exchange.text is not None
        if (held := exchange.held) is not None:
            whose = held.tenant_id, held.fingerprint
            return await self._matcher.classify(exchange.text, held=whose, deadline_s=deadline_s)
        if exchange.scope is None or not decision.lookup:
            return await self._matcher.classify(exchange.text, deadline_s=deadline_s)
        threshold = settings.threshold if tenant.cache_threshold is None else tenant.cache_threshold
        threshold = max(threshold or 0.0, decision.threshold or 0.0)
        max_wrong = settings.max_wrong if tenant.cache_max_wrong is None else tenant.cache_max_wrong
        return await self._matcher.find(
            tenant.id, exchange.scope, exchange.text, max_wrong=max_wrong, threshold=threshold, deadline_s=deadline_s
        )

    async def _answer(self, flow: http.HTTPFlow, exchange: Exchange, decision: Decision, hit: Candidate) -> str | None:
        """Answers from the hit's entry. -> why it did not. Raises StoreDown."""
        assert exchange.tenant is not None
        tenant_id, now = exchange.tenant.id, time.time()
        entry = await self._cache.fetch(tenant_id, hit.fingerprint, now, FETCH_S)
        if entry is None:
            self._later(self._matcher.remove(tenant_id, [hit.fingerprint]))
            return "entry gone"
        if not decision.admits(now - entry.stored_at):
            return "too old"
        exchange.probability = hit.verdict.probability
        if decision.mode == SHADOW:
            return note_would_be_hit(exchange, entry, hit)
        self._cache.touch(tenant_id, hit.fingerprint)
        why = answer_with(flow, exchange, entry, "semantic", round(hit.similarity, 3))
        exchange.pair = hit.pair if why is None else None
        return why

    @staticmethod
    def _refuse_uncached(flow: http.HTTPFlow, exchange: Exchange) -> None:
        assert exchange.decision is not None and exchange.plan is not None
        if exchange.decision.only_if_cached and flow.response is None:
            flow.response = exchange.plan.render(ONLY_CACHED())

    def _later(self, work: Coroutine[Any, Any, bool]) -> None:
        """Does it beside the requests; with too much under way, not at all: an entry is then found by equal words."""
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
