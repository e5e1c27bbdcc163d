"""/admin/usage and /admin/tenants/{id}/usage: request rows, newest first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from mitmgate.control.changes import no_such_tenant
from mitmgate.control.context import Control, Here
from mitmgate.control.fields import Answer
from mitmgate.control.paging import MAX_ID, Cursor, Id, Limit, bad_cursor, make_cursor, page, read_cursor
from mitmgate.control.periods import From, To, read_period
from mitmgate.core.errors import Refused
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin", tags=["usage"])

TenantFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]
Status = Annotated[str | None, Query(max_length=20, description="A status such as `429`, or a class such as `4xx`.")]
Outcome = Annotated[Literal["hit", "miss", "bypass", "refresh"] | None, Query()]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UsageRow(Answer):
    """One request. `cost_microusd` is null: no prices are known yet."""

    request_id: str
    at: datetime
    tenant_id: int
    key_id: int | None
    endpoint: str
    status: int
    cache: str | None
    similarity: float | None
    model: str | None
    upstream: str | None
    attempts: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_microusd: int | None
    latency_ms: float
    error: str | None


class UsagePage(Answer):
    data: list[UsageRow]
    next_cursor: str | None


@router.get("/usage", response_model=UsagePage)
async def list_usage(
    here: Here,
    tenant_id: TenantFilter = None,
    status: Status = None,
    cache: Outcome = None,
    since: From = None,
    to: To = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Any:
    """Request rows over all tenants, or of one."""
    return await _page(here, tenant_id, status, cache, since, to, limit, cursor)


@router.get("/usage/{request_id}")
async def show_usage(here: Here, request_id: str) -> dict[str, Any]:
    """All that is kept of one request."""
    missing = Refused(404, "request_not_found", "There is no such request.", param="request_id")
    try:
        wanted = UUID(request_id)
    except ValueError:
        raise missing from None
    async with borrow(here.pool) as connection:
        row = await connection.fetchrow(queries.usage_row, wanted)
    if row is None:
        raise missing
    return _shown(row)


@router.get("/tenants/{tenant_id}/usage", response_model=UsagePage)
async def list_tenant_usage(
    here: Here,
    tenant_id: Id,
    status: Status = None,
    cache: Outcome = None,
    since: From = None,
    to: To = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Any:
    """A tenant's request rows."""
    async with borrow(here.pool) as connection:
        if not await connection.fetchval(queries.tenant_exists, tenant_id):
            raise no_such_tenant()
    return await _page(here, tenant_id, status, cache, since, to, limit, cursor)


async def _page(
    here: Control,
    tenant_id: int | None,
    status: str | None,
    cache: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    arguments = [*read_period(since, until), *_statuses(status), cache, *_place(cursor), limit + 1]
    async with borrow(here.pool) as connection:
        if tenant_id is None:
            found = await connection.fetch(queries.usage_page, *arguments)
        else:
            found = await connection.fetch(queries.tenant_usage_page, *arguments, tenant_id)
    rows, more = page(found, limit)
    following = None
    if more:
        last = rows[-1]
        following = make_cursor((last["started_at"] - _EPOCH) // _MICROSECOND, str(last["request_id"]))
    return {"data": list(map(_shown, rows)), "next_cursor": following}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(row)
    at = told.pop("started_at")
    return {"request_id": str(told.pop("request_id")), "at": at, **told, "cost_microusd": None}


def _statuses(status: str | None) -> tuple[int | None, int | None]:
    """The least and the highest status wanted."""
    if status is None:
        return None, None
    if re.fullmatch(r"[1-5]xx", status, re.IGNORECASE | re.ASCII):
        return int(status[0]) * 100, int(status[0]) * 100 + 99
    if re.fullmatch(r"[1-5]\d\d", status, re.ASCII):
        return int(status), int(status)
    raise Refused(422, "invalid_field", "status must be a status such as 429 or a class such as 4xx.", param="status")


def _place(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    place = read_cursor(cursor, int, str)
    if place is None:
        return None, None
    try:
        return _EPOCH + place[0] * _MICROSECOND, UUID(place[1])
    except (ValueError, OverflowError):
        raise bad_cursor() from None
