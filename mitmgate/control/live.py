"""/admin/arrivals and /admin/live: rows and figures as they come in, for whoever follows.

Rows arrive when their requests have ended, which is another order than that of their beginnings: a cursor of these
lists is a place in the order of arrival, so that no row is passed over and none comes twice.
"""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

import asyncpg
from fastapi import APIRouter, Query
from pydantic import Field

from mitmgate.control.context import Here
from mitmgate.control.fields import Answer
from mitmgate.control.paging import MAX_ID, Limit, bad_cursor, cursor_pattern, make_cursor, page, read_cursor
from mitmgate.control.usage import TenantFilter
from mitmgate.control.usage_shown import UsageRow, Within, shown
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin", tags=["usage"])

TOP: Final = 5

AFTER: Final = "`next_cursor` of the answer before; without it, from now on."
AfterArrival = Annotated[str | None, Query(description=AFTER, json_schema_extra={"pattern": cursor_pattern(int)})]
AfterLook = Annotated[str | None, Query(description=AFTER, json_schema_extra={"pattern": cursor_pattern(int, int)})]


class Arrivals(Answer):
    data: list[UsageRow]
    next_cursor: str = Field(description="Where to go on, also when there was nothing.")


class LiveTenant(Answer):
    id: int
    name: str | None
    requests: int
    errors: int
    hits: int


class Live(Answer):
    """What ended between two looks. Outcomes of the cache: a hit's kind, `miss`, `bypass`, `refresh`, `none`."""

    seconds: float
    requests: int
    p50_response_time_ms: float | None
    p95_response_time_ms: float | None
    statuses: dict[str, int]
    outcomes: dict[str, int]
    prompt_tokens: int
    completion_tokens: int
    top_tenants: list[LiveTenant]
    next_cursor: str


@router.get("/arrivals", response_model=Arrivals)
async def arrivals(
    here: Here, within: Within, tenant_id: TenantFilter = None, limit: Limit = 1000, after: AfterArrival = None
) -> Any:
    """Request rows in the order they arrived, oldest first, those after the cursor."""
    place = read_cursor(after, int)
    async with borrow(here.pool) as connection:
        newest = await _newest(connection)
        if place is None:
            return {"data": [], "next_cursor": make_cursor(newest)}
        begin = _checked(place[0])
        found = await connection.fetch(queries.usage_arrivals, *within.arguments(), begin, newest, limit + 1, tenant_id)
    rows, more = page(found, limit)
    # Where nothing more matched, what did not match need not be looked at again.
    return {
        "data": list(map(shown, rows)),
        "next_cursor": make_cursor(rows[-1]["arrival"] if more else max(begin, newest)),
    }


@router.get("/live", response_model=Live)
async def live(here: Here, tenant_id: TenantFilter = None, after: AfterLook = None) -> Any:
    """Figures over the requests that ended since the answer before; the first answer begins to count."""
    place = read_cursor(after, int, int)
    now_us = time.time_ns() // 1000
    async with borrow(here.pool) as connection:
        newest = await _newest(connection)
        begin, since_us = (newest, now_us) if place is None else (_checked(place[0]), place[1])
        bounds = (begin, newest, tenant_id)
        totals = await connection.fetch(queries.live_totals, *bounds)
        tenants = await connection.fetch(queries.live_tenants, *bounds, TOP)
    whole = next(row for row in totals if not row["of_status"] and not row["of_outcome"])
    p50, p95 = whole["latencies_ms"] or (None, None)
    return {
        "seconds": max(0, now_us - since_us) / 1e6,
        "requests": whole["requests"],
        "p50_response_time_ms": p50,
        "p95_response_time_ms": p95,
        "statuses": {str(row["status"]): row["requests"] for row in totals if row["of_status"]},
        "outcomes": {row["outcome"]: row["requests"] for row in totals if row["of_outcome"]},
        "prompt_tokens": whole["prompt_tokens"],
        "completion_tokens": whole["completion_tokens"],
        "top_tenants": [{**row, "id": row["tenant_id"]} for row in tenants],
        "next_cursor": make_cursor(max(begin, newest), now_us),
    }


async def _newest(connection: asyncpg.Connection) -> int:
    newest: int = await connection.fetchval(queries.newest_arrival)
    return newest


def _checked(arrival: int) -> int:
    if not 0 <= arrival <= MAX_ID:
        raise bad_cursor()
    return arrival
