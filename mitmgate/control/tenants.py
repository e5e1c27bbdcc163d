"""/admin/tenants: tenants made, shown, changed and deleted."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlencode

import asyncpg
from fastapi import APIRouter, BackgroundTasks, Query, Response

from mitmgate.control.admission import Actor
from mitmgate.control.backends import check_backend
from mitmgate.control.blocks import automatic_blocks, lift_automatic_block
from mitmgate.control.cache_purge import purge
from mitmgate.control.changes import Change, changing, no_such_tenant
from mitmgate.control.context import Caller, Control, Here
from mitmgate.control.fields import Tag
from mitmgate.control.keys import insert_key
from mitmgate.control.paging import Cursor, Id, Limit, make_cursor, page, read_id_cursor
from mitmgate.control.tenant_columns import (
    Row,
    TenantColumns,
    columns_of_body,
    columns_of_row,
    doubts,
    patched,
    replaced,
    shown,
    utc_now,
)
from mitmgate.control.tenant_models import TenantCreated, TenantIn, TenantPatch, TenantShown, UpstreamAuthIn
from mitmgate.core.credential_value import credential_doubts
from mitmgate.core.errors import Refused
from mitmgate.core.sealing import seal
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import StoreDown

router = APIRouter(prefix="/admin/tenants", tags=["tenants"])

WithTags = Annotated[
    list[Tag] | None, Query(max_length=20, description="A tag, or what stands before its `=`; repeat: all of them.")
]


@router.get("", response_model=list[TenantShown], response_model_exclude={"__all__": {"warnings"}})
async def list_tenants(
    here: Here, response: Response, limit: Limit = 100, cursor: Cursor = None, tag: WithTags = None
) -> Any:
    """All tenants but deleted ones, by id. The next page's address is in the `Link` header."""
    after = read_id_cursor(cursor)
    async with borrow(here.pool) as connection:
        ids = [row["id"] for row in await connection.fetch(queries.tenant_ids_page, after, limit + 1, tag or [])]
        ids, more = page(ids, limit)
        rows = await connection.fetch(queries.tenants_shown, ids)
    if more:
        following = urlencode(
            [("limit", limit), ("cursor", make_cursor(ids[-1])), *(("tag", each) for each in tag or ())]
        )
        response.headers["Link"] = f'</admin/tenants?{following}>; rel="next"'
    return await show(here, rows)


@router.post("", status_code=201, response_model=TenantCreated, response_model_exclude_none=False)
async def create_tenant(here: Here, actor: Caller, body: TenantIn) -> Any:
    """Makes a tenant with a first key, which is shown this once. `warnings` tells of a name that does not resolve."""
    warnings = await _check(here, body.backend_url, body.allow_private_upstream) + _credential_doubts(body)
    async with changing(here, actor) as change:
        tenant_id: int = await change.connection.fetchval(queries.next_tenant_id)
        columns = columns_of_body(body, *_sealed(here, tenant_id, body.upstream_auth))
        warnings += doubts(columns)
        await _write(change, queries.insert_tenant, tenant_id, columns)
        key, _ = await insert_key(change, here.secrets.pepper, tenant_id, name="default")
        await change.record("tenant.create", tenant_id, _named(body))
        await change.touch(tenant_id)
        row = await change.connection.fetchrow(queries.tenants_shown, [tenant_id])

        async def take_back(again: Change) -> None:
            await again.connection.fetchval(queries.delete_tenant, tenant_id)
            await again.record("tenant.delete", tenant_id, {"not_applied": True})

        change.take_back = take_back
    return {**(await show(here, [row]))[0], "warnings": warnings or None, "api_key": key}


@router.get("/{tenant_id}", response_model=TenantShown, response_model_exclude={"warnings"})
async def show_tenant(here: Here, tenant_id: Id) -> Any:
    """One tenant."""
    return (await show(here, [await _read(here, tenant_id)]))[0]


@router.put("/{tenant_id}", response_model=TenantShown)
async def replace_tenant(here: Here, actor: Caller, tenant_id: Id, body: TenantIn) -> Any:
    """Replaces a tenant: what is left out goes back to its default and `upstream_auth` is removed; a block stays."""
    return await _update(here, actor, tenant_id, body)


@router.patch("/{tenant_id}", response_model=TenantShown)
async def change_tenant(here: Here, actor: Caller, tenant_id: Id, body: TenantPatch) -> Any:
    """Changes the fields it names (JSON merge patch)."""
    return await _update(here, actor, tenant_id, body)


@router.delete("/{tenant_id}", status_code=204)
async def delete_tenant(here: Here, actor: Caller, tenant_id: Id, afterwards: BackgroundTasks) -> None:
    """Ends a tenant and all its keys, and forgets its cached answers. Its request rows stay; its name is free again."""
    async with changing(here, actor) as change:
        if await change.connection.fetchval(queries.delete_tenant, tenant_id) is None:
            raise no_such_tenant()
        await change.record("tenant.delete", tenant_id)
        await change.touch(tenant_id)
    afterwards.add_task(_forget_cache, here, tenant_id)


async def show(here: Control, rows: list[Row]) -> list[dict[str, Any]]:
    """The rows of tenants_shown as the API shows them."""
    blocks = await automatic_blocks(here, [row["id"] for row in rows])
    return [shown(row, utc_now(here.now()), blocks.get(row["id"]), demo=here.demo) for row in rows]


async def _forget_cache(here: Control, tenant_id: int) -> None:
    """At once, as far as it can be done now; the sweep does the rest."""
    if here.cache is not None:
        with suppress(StoreDown):
            await purge(here.cache, here.matcher, tenant_id)


async def _read(here: Control, tenant_id: int) -> Row:
    async with borrow(here.pool) as connection:
        row = await connection.fetchrow(queries.tenants_shown, [tenant_id])
    if row is None:
        raise no_such_tenant()
    return row  # type: ignore[no-any-return]


async def _update(here: Control, actor: Actor, tenant_id: int, body: TenantIn | TenantPatch) -> dict[str, Any]:
    """Checks against what was read, outside of the transaction since names take time to resolve; then writes only over
    just that, or begins again."""
    sealed = _sealed(here, tenant_id, body.upstream_auth)
    for _ in range(5):
        read = await _read(here, tenant_id)
        old = columns_of_row(read)
        new = replaced(old, body, *sealed) if isinstance(body, TenantIn) else patched(old, body, *sealed)
        warnings = doubts(new) + _credential_doubts(body)
        if (new.backend_url, new.allow_private_upstream) != (old.backend_url, old.allow_private_upstream):
            warnings += await _check(here, new.backend_url, new.allow_private_upstream)
        async with changing(here, actor) as change:
            if await _write(change, queries.update_tenant, tenant_id, new, read["version"]) is None:
                continue
            await change.record("tenant.update", tenant_id, _named(body))
            await change.touch(tenant_id)
            row = await change.connection.fetchrow(queries.tenants_shown, [tenant_id])
        if body.status == "active":
            await lift_automatic_block(here, tenant_id)
        return {**(await show(here, [row]))[0], "warnings": warnings or None}
    raise Refused(409, "changed_meanwhile", "The tenant is being changed by others: read it and try again.")


async def _write(change: Change, query: str, tenant_id: int, columns: TenantColumns, *more: Any) -> int | None:
    try:
        version: int | None = await change.connection.fetchval(query, tenant_id, *columns.arguments(), *more)
    except asyncpg.UniqueViolationError:
        raise Refused(409, "name_taken", "Another tenant has that name.", param="name") from None
    return version


async def _check(here: Control, url: str, allow_private: bool) -> list[str]:
    return await check_backend(url, allow_private=allow_private, settings=here.settings.upstream, resolve=here.resolve)


def _sealed(here: Control, tenant_id: int, auth: UpstreamAuthIn | None) -> tuple[str | None, bytes | None]:
    if auth is None:
        return None, None
    return auth.header, seal(here.secrets.master_keys, auth.value, b"tenant:%d:upstream_auth" % tenant_id)


def _credential_doubts(body: TenantIn | TenantPatch) -> list[str]:
    auth = body.upstream_auth
    return [] if auth is None else credential_doubts(auth.header, auth.value)


def _named(body: TenantIn | TenantPatch) -> dict[str, Any]:
    """What was asked for, for the audit log, without the credential."""
    asked = body.model_dump(mode="json", exclude_unset=True)
    if asked.get("upstream_auth"):
        asked["upstream_auth"].pop("value")
    return asked
