"""/admin/cache/stats: what the cache holds and what it did."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field

from mitmgate.control.cache_entries import AWAY, cache_of, check_tenant
from mitmgate.control.context import CacheStore, Control, Here
from mitmgate.control.fields import Answer, Body
from mitmgate.control.paging import MAX_ID
from mitmgate.core.entry_id import entry_id
from mitmgate.services.cache_stats import TOP, CacheSums, cache_sums
from mitmgate.services.matcher_client import MatcherAway
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import StoreDown

TENANTS_AT_ONCE: Final = 500

router = APIRouter(prefix="/admin/cache", tags=["cache"])


class Of(Body):
    tenant_id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None


class ByKind(Answer):
    exact: int
    semantic: int


class TopQuery(Answer):
    question: str
    hits: int
    entry: str
    tenant_id: int


class Top(Of):
    limit: Annotated[int, Field(ge=1, le=100, description="Entries at most.")] = TOP


class TopQueries(Answer):
    """Those served most first."""

    data: list[TopQuery]


class CacheStats(Answer):
    """Hits, misses and rates count since the tenant's cache was last purged; rates are percentages, 0 to 100."""

    total_cached: int = Field(description="Entries that are there.")
    total_hits: int
    avg_hits_per_entry: float = Field(description="Over the entries that are there.")
    top_cached_queries: list[TopQuery]
    hits_by_kind: ByKind
    misses: int
    hit_rate: float = Field(description="Hits of hits and misses.")
    bytes: int = Field(description="What entries, texts and vectors weigh, their bookkeeping included.")
    max_bytes: int | None = Field(description="The tenant's bound; null over all tenants.")
    matcher: dict[str, Any] | None = Field(description="Its own counts; null when a tenant is named or it is away.")


@router.get("/stats", response_model=CacheStats)
async def stats(here: Here, of: Annotated[Of, Query()]) -> Any:
    """Of one tenant, or of all together. A hit shows here about a second after it was answered."""
    cache = cache_of(here)
    max_bytes, matcher = None, None
    try:
        if of.tenant_id is not None:
            await check_tenant(here, of.tenant_id)
            max_bytes = await _max_bytes(here, of.tenant_id)
            await cache.exact.expire(of.tenant_id)
            sums = await cache_sums(cache.store, [of.tenant_id])
        else:
            sums = await _all_sums(here, cache)
            matcher = await _matcher(here)
        top = await _top(cache, sums)
    except StoreDown:
        raise AWAY() from None
    hits = sums.counts["exact"] + sums.counts["semantic"]
    asked = hits + sums.counts["miss"]
    return {
        "total_cached": sums.entries,
        "total_hits": hits,
        "avg_hits_per_entry": round(sums.entry_hits / sums.entries, 2) if sums.entries else 0.0,
        "top_cached_queries": top,
        "hits_by_kind": {kind: sums.counts[kind] for kind in ByKind.model_fields},
        "misses": sums.counts["miss"],
        "hit_rate": round(100 * hits / asked, 2) if asked else 0.0,
        "bytes": sums.size_bytes,
        "max_bytes": max_bytes,
        "matcher": matcher,
    }


@router.get("/top", response_model=TopQueries)
async def top_questions(here: Here, wanted: Annotated[Top, Query()]) -> Any:
    """The entries that were served most, of those that are there."""
    cache = cache_of(here)
    try:
        if wanted.tenant_id is not None:
            await check_tenant(here, wanted.tenant_id)
            sums = await cache_sums(cache.store, [wanted.tenant_id], top=wanted.limit)
        else:
            sums = await _all_sums(here, cache, wanted.limit)
        return {"data": await _top(cache, sums)}
    except StoreDown:
        raise AWAY() from None


async def _all_sums(here: Control, cache: CacheStore, top: int = TOP) -> CacheSums:
    sums, after = CacheSums(), 0
    while True:
        async with borrow(here.pool) as connection:
            ids = [row["id"] for row in await connection.fetch(queries.swept_tenant_ids, after, TENANTS_AT_ONCE)]
        if not ids:
            return sums
        await cache_sums(cache.store, ids, sums, top)
        after = ids[-1]


async def _max_bytes(here: Control, tenant_id: int) -> int:
    async with borrow(here.pool) as connection:
        own: int | None = await connection.fetchval(queries.tenant_cache_max_bytes, tenant_id)
    return here.settings.cache.max_bytes if own is None else own


async def _top(cache: CacheStore, sums: CacheSums) -> list[dict[str, Any]]:
    top = []
    for hits, tenant_id, fingerprint in sums.top:
        summary = await cache.entries.summary(tenant_id, fingerprint)
        if summary is not None:
            name = entry_id(tenant_id, fingerprint)
            top.append({"question": summary.question, "hits": hits, "entry": name, "tenant_id": tenant_id})
    return top


async def _matcher(here: Control) -> dict[str, Any] | None:
    try:
        return None if here.matcher is None else await here.matcher.stats()
    except MatcherAway:
        return None
