"""/admin/cache/analytics and /near-misses: what the cache did over a period, and what it nearly served."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field

from mitmgate.control.cache_entries import check_tenant
from mitmgate.control.context import Control, Here
from mitmgate.control.fields import Answer
from mitmgate.control.paging import MAX_ID
from mitmgate.control.periods import From, To, read_hours
from mitmgate.control.tenant_columns import utc_now
from mitmgate.core.entry_id import read_entry_id
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import StoreDown

BINS: Final = 20  # of the table cache_hourly
LOOKED_AT: Final = 20_000  # rows
MOST: Final = 100

router = APIRouter(prefix="/admin/cache", tags=["cache"])

TenantId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
Limit = Annotated[int, Query(ge=1, le=MOST)]


class Bin(Answer):
    """Hits and near misses with a probability from `from` on, below `to`."""

    since: float = Field(alias="from")
    to: float
    hits: int = Field(description="In other words.")
    near_misses: int = Field(description="Misses of which the likeliest stored question had that probability.")
    would_be_hits: int = Field(description="In shadow mode: forwarded all the same.")


class OutcomeShown(Answer):
    """tokens: those that the answers had cost; of hits, what was saved."""

    requests: int
    avg_response_time_ms: float
    prompt_tokens: int
    completion_tokens: int


class Saved(Answer):
    """By hits. time_ms: by how much the average miss is slower than the average hit of a kind, for each hit of it."""

    prompt_tokens: int
    completion_tokens: int
    time_ms: float


class CacheAnalytics(Answer):
    """Answers with an error are left out. Rates are percentages, 0 to 100."""

    since: datetime = Field(alias="from", description="The first hour.")
    to: datetime = Field(description="The end of the last hour.")
    exact: OutcomeShown
    semantic: OutcomeShown
    misses: OutcomeShown
    would_be_hits: OutcomeShown = Field(description="Of the misses, those that shadow mode forwarded.")
    hit_rate: float = Field(description="Hits of hits and misses.")
    saved: Saved
    probabilities: list[Bin]


class NearMiss(Answer):
    """A miss, and the stored question that came nearest to answering it; the words of the miss are not stored."""

    request_id: str
    at: datetime
    tenant_id: int
    model: str | None
    probability: float
    similarity: float | None
    detail: str | None = Field(description="Why it was no hit.")
    entry: str
    question: str | None = Field(description="The entry's; null where it is gone, or the store is away.")


class NearMisses(Answer):
    """The likeliest first, of the newest 20,000 rows of the period."""

    data: list[NearMiss]


@router.get("/analytics", response_model=CacheAnalytics)
async def analytics(here: Here, tenant_id: TenantId = None, since: From = None, to: To = None) -> Any:
    """Of one tenant, or of all; bounds are rounded outward to the hour. Without bounds: the last 30 days."""
    first, last = read_hours(since, to, utc_now(here.now()))
    if tenant_id is not None:
        await check_tenant(here, tenant_id)
    async with borrow(here.pool) as connection:
        rows = await connection.fetch(queries.cache_outcomes, tenant_id, first, last)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    bins: dict[str, Counter[int]] = defaultdict(Counter)
    for row in rows:
        sums[row["outcome"]].update({name: row[name] or 0 for name in _SUMS})
        bins[row["outcome"]][row["bin"]] += row["requests"]
    sums["miss"].update(sums["shadow"])
    hits = sums["exact"]["requests"] + sums["semantic"]["requests"]
    asked = hits + sums["miss"]["requests"]
    return {
        "from": first,
        "to": last,
        "exact": _shown(sums["exact"]),
        "semantic": _shown(sums["semantic"]),
        "misses": _shown(sums["miss"]),
        "would_be_hits": _shown(sums["shadow"]),
        "hit_rate": round(100 * hits / asked, 2) if asked else 0.0,
        "saved": {
            **{name: sums["exact"][name] + sums["semantic"][name] for name in _TOKENS},
            "time_ms": round(sum(_time_saved_ms(sums[kind], sums["miss"]) for kind in ("exact", "semantic")), 3),
        },
        "probabilities": [
            {
                "from": place / BINS,
                "to": (place + 1) / BINS,
                "hits": bins["semantic"][place],
                "near_misses": bins["miss"][place],
                "would_be_hits": bins["shadow"][place],
            }
            for place in range(BINS)
        ],
    }


@router.get("/near-misses", response_model=NearMisses)
async def near_misses(
    here: Here, tenant_id: TenantId = None, since: From = None, to: To = None, limit: Limit = 20
) -> Any:
    """Misses worth a look: a stored question nearly answered them. Without bounds: of the last 30 days."""
    first, last = read_hours(since, to, utc_now(here.now()))
    if tenant_id is not None:
        await check_tenant(here, tenant_id)
    async with borrow(here.pool) as connection:
        rows = await connection.fetch(queries.near_misses, tenant_id, first, last, LOOKED_AT, limit)
    questions = await _questions(here, {row["story"]["near"] for row in rows})
    return {
        "data": [
            {
                "request_id": str(row["request_id"]),
                "at": row["started_at"],
                "tenant_id": row["tenant_id"],
                "model": row["model"],
                "probability": row["story"]["p"],
                "similarity": row["story"].get("nearest"),
                "detail": row["story"].get("cache"),
                "entry": row["story"]["near"],
                "question": questions.get(row["story"]["near"]),
            }
            for row in rows
        ]
    }


_TOKENS: Final = ("prompt_tokens", "completion_tokens")
_SUMS: Final = ("requests", "latency_ms_sum", *_TOKENS)


def _shown(sums: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: sums[name] for name in ("requests", *_TOKENS)}, "avg_response_time_ms": round(_average(sums), 3)}


def _average(sums: Mapping[str, Any]) -> float:
    return float(sums["latency_ms_sum"]) / sums["requests"] if sums["requests"] else 0.0


def _time_saved_ms(hits: Mapping[str, Any], misses: Mapping[str, Any]) -> float:
    if not misses["requests"]:
        return 0.0
    return max(0.0, _average(misses) - _average(hits)) * int(hits["requests"])


async def _questions(here: Control, entries: set[str]) -> dict[str, str]:
    """Of the entries that are there, by their ids."""
    found: dict[str, str] = {}
    for entry in entries:
        named = read_entry_id(entry)
        if named is None or here.cache is None:
            continue
        try:
            summary = await here.cache.entries.summary(*named)
        except StoreDown:
            break
        if summary is not None:
            found[entry] = summary.question
    return found
