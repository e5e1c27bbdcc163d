"""/admin/usage and /admin/tenants/{id}/usage: request rows, newest first, and one request's whole story."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query

from mitmgate.control.changes import no_such_tenant
from mitmgate.control.context import Control, Here
from mitmgate.control.paging import MAX_ID, Id, Limit, bad_cursor, cursor_query, make_cursor, page, read_cursor
from mitmgate.control.usage_shown import Bounds, Story, UsagePage, Within, shown, told
from mitmgate.core.errors import Refused
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin", tags=["usage"])

TenantFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]
ClientId = Annotated[
    str | None,
    Query(min_length=1, max_length=200, pattern=r"^[\x20-\x7e]*$", description="A client's own X-Request-Id."),
]
UpstreamId = Annotated[
    str | None,
    Query(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]*$", description="The vendor's id of a request."),
]

LEAST_PREFIX: Final = 8
RowCursor = Annotated[str | None, cursor_query(int, str)]
_IDS: Final[dict[str, Any]] = {"pattern": "^[0-9a-fA-F-]{8,36}$"}
RequestId = Annotated[str, Path(description="All of it, or how it begins.", json_schema_extra=_IDS)]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PREFIX: Final = re.compile(r"[0-9a-f-]{8,36}")


@router.get("/usage", response_model=UsagePage)
async def list_usage(
    here: Here,
    within: Within,
    tenant_id: TenantFilter = None,
    client_request_id: ClientId = None,
    upstream_request_id: UpstreamId = None,
    limit: Limit = 100,
    cursor: RowCursor = None,
) -> Any:
    """Request rows over all tenants, or of one; or those under a client's or a vendor's id."""
    if client_request_id is not None:
        return await _page(here, queries.client_usage_page, within, limit, cursor, client_request_id, tenant_id)
    if upstream_request_id is not None:
        return await _page(here, queries.upstream_usage_page, within, limit, cursor, upstream_request_id, tenant_id)
    if tenant_id is not None:
        return await _page(here, queries.tenant_usage_page, within, limit, cursor, tenant_id)
    return await _page(here, queries.usage_page, within, limit, cursor)


@router.get("/usage/{request_id}", response_model=Story)
async def show_usage(here: Here, request_id: RequestId) -> Any:
    """One request's whole story. The first 8 or more characters of its id do, too, where no other begins so."""
    return told(await request_row(here, request_id))


async def request_row(here: Control, request_id: str) -> Mapping[str, Any]:
    """All that is kept of one request. Raises Refused."""
    missing = Refused(404, "request_not_found", "There is no such request.", param="request_id")
    digits = request_id.lower().replace("-", "")
    if _PREFIX.fullmatch(request_id.lower()) is None or not LEAST_PREFIX <= len(digits) <= 32:
        raise missing
    async with borrow(here.pool) as connection:
        rows = await connection.fetch(queries.usage_row, UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))
    if not rows:
        raise missing
    if len(rows) > 1:
        raise Refused(409, "request_ambiguous", "Several requests' ids begin so.", param="request_id")
    found: Mapping[str, Any] = rows[0]
    return found


@router.get("/tenants/{tenant_id}/usage", response_model=UsagePage)
async def list_tenant_usage(
    here: Here, within: Within, tenant_id: Id, limit: Limit = 100, cursor: RowCursor = None
) -> Any:
    """A tenant's request rows."""
    async with borrow(here.pool) as connection:
        if not await connection.fetchval(queries.tenant_exists, tenant_id):
            raise no_such_tenant()
    return await _page(here, queries.tenant_usage_page, within, limit, cursor, tenant_id)


async def _page(
    here: Control, query: str, within: Bounds, limit: int, cursor: str | None, *leading: object
) -> dict[str, Any]:
    async with borrow(here.pool) as connection:
        found = await connection.fetch(query, *within.arguments(), *_place(cursor), limit + 1, *leading)
    rows, more = page(found, limit)
    following = None
    if more:
        last = rows[-1]
        following = make_cursor((last["started_at"] - _EPOCH) // _MICROSECOND, str(last["request_id"]))
    return {"data": list(map(shown, rows)), "next_cursor": following}


def _place(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    place = read_cursor(cursor, int, str)
    if place is None:
        return None, None
    try:
        return _EPOCH + place[0] * _MICROSECOND, UUID(place[1])
    except (ValueError, OverflowError):
        raise bad_cursor() from None
