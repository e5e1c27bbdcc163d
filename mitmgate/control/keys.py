"""/admin/tenants/{id}/keys: API keys made, shown, changed and revoked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter

from mitmgate.control.blocks import blocked_keys
from mitmgate.control.changes import Change, changing, no_such_tenant
from mitmgate.control.context import Caller, Control, Here
from mitmgate.control.key_models import KeyCreated, KeyIn, KeyPage, KeyPatch, KeyShown
from mitmgate.control.paging import Cursor, Id, Limit, make_cursor, page, read_id_cursor
from mitmgate.control.tenant_columns import Row, utc_now
from mitmgate.core.errors import Refused
from mitmgate.core.keys import display_prefix, hash_key, make_key
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin/tenants/{tenant_id}", tags=["keys"])


@router.get("/keys", response_model=KeyPage, response_model_exclude_unset=True)
async def list_keys(here: Here, tenant_id: Id, limit: Limit = 100, cursor: Cursor = None) -> Any:
    """A tenant's keys by id, expired ones too; revoked ones are gone."""
    after = read_id_cursor(cursor)
    async with borrow(here.pool) as connection:
        if not await connection.fetchval(queries.tenant_exists, tenant_id):
            raise no_such_tenant()
        rows, more = page(await connection.fetch(queries.keys_page, tenant_id, after, limit + 1), limit)
    blocks = await blocked_keys(here, tenant_id, [row["id"] for row in rows])
    data = [show(here, row, blocks.get(row["id"])) for row in rows]
    return {"data": data, "next_cursor": make_cursor(rows[-1]["id"]) if more else None}


@router.post("/keys", status_code=201, response_model=KeyCreated, response_model_exclude_unset=True)
async def create_key(here: Here, actor: Caller, tenant_id: Id, body: KeyIn | None = None) -> Any:
    """Makes a key, which is shown this once. It works with the next request.

    `warnings` is there when something can hardly be meant, such as a limit above the tenant's.
    """
    asked = body or KeyIn()
    if asked.expires_at is not None and asked.expires_at <= utc_now(here.now()):
        raise Refused(422, "invalid_field", "expires_at has passed.", param="expires_at")
    async with changing(here, actor) as change:
        tenant_limit = await _tenant_limit(change, tenant_id)
        key, row = await insert_key(
            change,
            here.secrets.pepper,
            tenant_id,
            name=asked.name,
            scopes=list(asked.scopes),
            rate_limit_per_hour=asked.limits.rate_limit_per_hour if asked.limits else None,
            allowed_models=asked.allowed_models,
            expires_at=asked.expires_at,
        )
        await change.record("key.create", row["id"], {"tenant_id": tenant_id, **asked.model_dump(mode="json")})
        await change.touch(tenant_id)
        change.take_back = _revoking(tenant_id, row["id"])
    return {**show(here, row), "api_key": key, **_doubts(row, tenant_limit)}


@router.get("/keys/{key_id}", response_model=KeyShown, response_model_exclude_unset=True)
async def show_key(here: Here, tenant_id: Id, key_id: Id) -> Any:
    """One key."""
    async with borrow(here.pool) as connection:
        row = await connection.fetchrow(queries.key_shown, tenant_id, key_id)
    if row is None:
        raise no_such_key()
    blocks = await blocked_keys(here, tenant_id, [key_id])
    return show(here, row, blocks.get(key_id))


@router.patch("/keys/{key_id}", response_model=KeyShown, response_model_exclude_unset=True)
async def change_key(here: Here, actor: Caller, tenant_id: Id, key_id: Id, body: KeyPatch) -> Any:
    """Changes the fields it names; a time that has passed as `expires_at` ends the key."""
    given = body.given()
    async with changing(here, actor) as change:
        old = await change.connection.fetchrow(queries.key_shown, tenant_id, key_id)
        if old is None:
            raise no_such_key()
        limit = old["rate_limit_per_hour"]
        if "limits" in given:
            limit = _patched_limit(limit, body)
        row = await change.connection.fetchrow(
            queries.update_key,
            key_id,
            given.get("name", old["name"]),
            given.get("scopes", old["scopes"]) or ["any"],
            limit,
            given.get("allowed_models", old["allowed_models"]),
            given.get("expires_at", old["expires_at"]),
        )
        tenant_limit = await _tenant_limit(change, tenant_id)
        asked = body.model_dump(mode="json", exclude_unset=True)
        await change.record("key.update", key_id, {"tenant_id": tenant_id, **asked})
        await change.touch(tenant_id)
    return {**show(here, row), **(_doubts(row, tenant_limit) if "limits" in given else {})}


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(here: Here, actor: Caller, tenant_id: Id, key_id: Id) -> None:
    """Ends a key for good, and every token made from it."""
    async with changing(here, actor) as change:
        if await change.connection.fetchval(queries.revoke_key, tenant_id, key_id) is None:
            raise no_such_key()
        await change.record("key.revoke", key_id, {"tenant_id": tenant_id})
        await change.touch(tenant_id)


async def insert_key(
    change: Change,
    pepper: bytes,
    tenant_id: int,
    *,
    name: str,
    scopes: list[str] | None = None,
    rate_limit_per_hour: int | None = None,
    allowed_models: list[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, Row]:
    """Makes a key. -> the key itself, which is nowhere else, and its row."""
    key = make_key()
    row = await change.connection.fetchrow(
        queries.insert_key,
        tenant_id,
        name,
        display_prefix(key),
        hash_key(pepper, key),
        scopes or ["any"],
        rate_limit_per_hour,
        allowed_models,
        expires_at,
    )
    return key, row


def show(here: Control, row: Row, blocked_s: int | None = None) -> dict[str, Any]:
    """A row of api_keys with its tenant's is_demo, as the API shows it.

    blocked_s: how long the gateway's own block still lasts, if any.
    """
    names = ("id", "name", "prefix", "scopes", "allowed_models", "expires_at", "replaced_at")
    now = utc_now(here.now())
    until = None if blocked_s is None else (now + timedelta(seconds=blocked_s)).replace(microsecond=0)
    return {
        **{name: row[name] for name in names},
        "status": status_of(row, now, demo=here.demo),
        "limits": {"rate_limit_per_hour": row["rate_limit_per_hour"]},
        "last_used_at": row["last_used_at"],
        "created_at": row["created_at"],
        "blocked_until": until,
    }


def status_of(row: Row, now: datetime, *, demo: bool) -> str:
    """Whether the key is accepted. demo: whether the demo runs, without which no key of its tenant is."""
    if row["revoked_at"] is not None:
        return "revoked"
    if row["expires_at"] is not None and row["expires_at"] <= now:
        return "expired"
    return "off" if row["is_demo"] and not demo else "active"


def _patched_limit(old: int | None, body: KeyPatch) -> int | None:
    if body.limits is None:
        return None
    limit: int | None = body.limits.given().get("rate_limit_per_hour", old)
    return limit


async def _tenant_limit(change: Change, tenant_id: int) -> int:
    limit: int | None = await change.connection.fetchval(queries.tenant_limit, tenant_id)
    if limit is None:
        raise no_such_tenant()
    return limit


def _doubts(row: Row, tenant_limit: int) -> dict[str, list[str]]:
    """`warnings`, where there are any."""
    limit = row["rate_limit_per_hour"]
    if limit is None or limit <= tenant_limit:
        return {}
    text = f"the key's limit of {limit} an hour is above its tenant's, which holds: {tenant_limit} an hour"
    return {"warnings": [text]}


def _revoking(tenant_id: int, key_id: int) -> Callable[[Change], Awaitable[None]]:
    """What takes a key back that nobody was shown."""

    async def take_back(change: Change) -> None:
        await change.connection.fetchval(queries.revoke_key, tenant_id, key_id)
        await change.record("key.revoke", key_id, {"tenant_id": tenant_id, "not_applied": True})

    return take_back


def no_such_key() -> Refused:
    return Refused(404, "key_not_found", "There is no such key.", param="key_id")
