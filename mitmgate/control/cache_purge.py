"""Removes cached answers from the store and from every process's memory.

A removal wins over answers in flight: it gives the tenant's cache another name first (`REMOVALS`), under which
nothing is stored whose request began before.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from mitmgate.control.context import CacheStore, Forget, nobody_remembers
from mitmgate.services.cache_entries import Filter, Place
from mitmgate.services.exact_cache import Purged
from mitmgate.services.logs import reason_of
from mitmgate.services.matcher_client import OFF_PATH_S, MatcherAway, MatcherClient

PAGE: Final = 200
READ_AT_ONCE: Final = 2000
FORGET_S: Final = 30.0


class StillRemembered(Exception):
    """A worker that lives did not confirm that it dropped a tenant's prompts."""


log = logging.getLogger(__name__)


async def evict(
    cache: CacheStore,
    matcher: MatcherClient | None,
    tenant_id: int,
    fingerprints: Sequence[bytes],
    forget: Forget = nobody_remembers,
) -> int:
    """-> how many there were. Raises StoreDown."""
    await cache.exact.begin_removal(tenant_id)
    await _forget(forget, tenant_id)
    return await _evict(cache, matcher, tenant_id, fingerprints)


async def _evict(
    cache: CacheStore, matcher: MatcherClient | None, tenant_id: int, fingerprints: Sequence[bytes]
) -> int:
    evicted = await cache.entries.evict(tenant_id, fingerprints)
    if matcher is not None:
        try:
            await matcher.remove(tenant_id, fingerprints, texts=True)
        except MatcherAway as problem:  # what it still finds it finds gone from the store: a miss
            log.info("the matcher could not be notified of evicted entries: %s", reason_of(problem))
    return evicted


async def evict_matching(
    cache: CacheStore,
    matcher: MatcherClient | None,
    tenant_id: int,
    wanted: Filter,
    forget: Forget = nobody_remembers,
) -> int:
    """All of the tenant's entries that the filter admits. -> how many there were. Raises StoreDown."""
    if wanted == Filter():
        return (await purge(cache, matcher, tenant_id, forget)).answers
    await cache.exact.begin_removal(tenant_id)
    await _forget(forget, tenant_id)
    evicted, place = 0, None
    while True:
        found, place, _ = await cache.entries.page(tenant_id, wanted, place, PAGE, READ_AT_ONCE)
        if found:
            evicted += await _evict(cache, matcher, tenant_id, [each.fingerprint for each in found])
        if place is None:
            return evicted
        # They are gone from before this place: among those that expire with the last of them, it is the nearer.
        same = sum(int(each.expires_at * 1000) == place.expires_ms for each in found)
        place = Place(place.expires_ms, max(0, place.skipped - same))


async def purge(
    cache: CacheStore,
    matcher: MatcherClient | None,
    tenant_id: int,
    forget: Forget = nobody_remembers,
    *,
    needs_all: bool = False,
) -> Purged:
    """All that the cache has of a tenant. Raises StoreDown.

    needs_all: raises MatcherAway where the matcher may still hold a question, StillRemembered where a worker may.
    """
    purged = await cache.exact.purge(tenant_id)
    try:
        within_s = FORGET_S if needs_all else OFF_PATH_S
        if matcher is None or not await matcher.forget(tenant_id, deadline_s=within_s):
            raise MatcherAway("busy")
    except MatcherAway as problem:
        if needs_all:
            raise
        log.info("the matcher could not be notified of a purge: %s", reason_of(problem))
    if await _forget(forget, tenant_id) and needs_all:
        raise StillRemembered
    return purged


async def _forget(forget: Forget, tenant_id: int) -> int:
    missing = await forget(tenant_id)
    if missing:
        log.info("%d worker(s) did not confirm that they dropped a tenant's prompts", missing)
    return missing
