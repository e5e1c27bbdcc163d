"""/admin/tenants/{id}/analytics: a tenant's statistics over a period, from the hourly rollups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from pydantic import Field

from mitmgate.control.changes import no_such_tenant
from mitmgate.control.context import Here
from mitmgate.control.fields import Answer
from mitmgate.control.paging import Id
from mitmgate.control.periods import From, To, read_hours
from mitmgate.control.tenant_columns import utc_now
from mitmgate.core.histogram import percentile
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin/tenants/{tenant_id}", tags=["usage"])

TOP: Final = 10

Sums = Mapping[str, Any]


class Tokens(Answer):
    """prompt: of these read from and written to the vendor's own prompt cache; completion: of these reasoning."""

    total: int
    prompt: int
    cached_prompt: int
    cache_write: int
    completion: int
    reasoning: int


class Endpoint(Answer):
    endpoint: str
    requests: int
    errors: int
    avg_response_time_ms: float


class ModelShare(Answer):
    model: str
    requests: int
    prompt_tokens: int
    completion_tokens: int


class Kinds(Answer):
    """Percentages of hits and misses; together they are `cache_hit_rate`."""

    exact: float
    semantic: float


class CacheCounts(Answer):
    exact_hits: int
    semantic_hits: int
    misses: int


class Hour(Answer):
    hour: datetime
    requests: int
    errors: int
    success_rate: float
    cache_hit_rate: float
    cache_hit_rate_by_kind: Kinds
    avg_response_time_ms: float
    prompt_tokens: int
    completion_tokens: int


class Analytics(Answer):
    """Rates are percentages, 0 to 100, and 0 where there is nothing to rate; hours without requests are left out."""

    since: datetime = Field(alias="from", description="The first hour.")
    to: datetime = Field(description="The end of the last hour.")
    total_requests: int
    avg_response_time_ms: float
    p50_response_time_ms: float
    p95_response_time_ms: float
    p99_response_time_ms: float
    success_rate: float = Field(description="Requests with a status below 400.")
    cache_hit_rate: float = Field(description="Hits of hits and misses.")
    cache_hit_rate_by_kind: Kinds
    cache: CacheCounts
    tokens: Tokens
    cost: float | None = Field(description="null: no prices are known yet.")
    cost_saved: float | None = Field(description="null: no prices are known yet.")
    top_endpoints: list[Endpoint]
    top_models: list[ModelShare]
    by_hour: list[Hour]


@router.get("/analytics", response_model=Analytics)
async def analytics(here: Here, tenant_id: Id, since: From = None, to: To = None) -> Any:
    """Includes every request that ended a second ago or earlier; bounds are rounded outward to the hour.

    Without bounds: the last 30 days.
    """
    first, last = read_hours(since, to, utc_now(here.now()))
    period = (tenant_id, first, last)
    async with (
        borrow(here.pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if not await connection.fetchval(queries.tenant_exists, tenant_id):
            raise no_such_tenant()
        totals = await connection.fetchrow(queries.analytics_totals, *period)
        endpoints = await connection.fetch(queries.analytics_endpoints, *period, TOP)
        models = await connection.fetch(queries.analytics_models, *period, TOP)
        hours = await connection.fetch(queries.analytics_hours, *period)
    sums = {name: value or 0 for name, value in totals.items()}
    counts = totals["latency_histogram"] or ()
    return {
        "from": first,
        "to": last,
        "total_requests": sums["requests"],
        **_rates(sums),
        "cache": sums,
        **{f"p{share}_response_time_ms": round(percentile(counts, share / 100) or 0.0, 3) for share in (50, 95, 99)},
        "tokens": {
            "total": sums["prompt_tokens"] + sums["completion_tokens"],
            **{name: sums[f"{name}_tokens"] for name in Tokens.model_fields if name != "total"},
        },
        "cost": None,
        "cost_saved": None,
        "top_endpoints": [{**row, "avg_response_time_ms": _average(row)} for row in endpoints],
        "top_models": list(map(dict, models)),
        "by_hour": [{**row, **_rates(row)} for row in hours],
    }


def _rates(sums: Sums) -> dict[str, Any]:
    hits = {kind: sums[f"{kind}_hits"] for kind in Kinds.model_fields}
    asked = sum(hits.values()) + sums["misses"]
    return {
        "avg_response_time_ms": _average(sums),
        "success_rate": _percent(sums["requests"] - sums["errors"], sums["requests"]),
        "cache_hit_rate": _percent(sum(hits.values()), asked),
        "cache_hit_rate_by_kind": {kind: _percent(count, asked) for kind, count in hits.items()},
    }


def _average(sums: Sums) -> float:
    return round(float(sums["latency_ms_sum"]) / sums["requests"], 3) if sums["requests"] else 0.0


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
