"""Keys replaced by new ones with the same rights: one key, or all keys of a tenant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from mitmgate.control.changes import Change, changing, no_such_tenant
from mitmgate.control.context import Caller, Control, Here
from mitmgate.control.key_models import KeyRotated, Rotated, RotateIn, RotateKeyIn
from mitmgate.control.keys import insert_key, no_such_key, show, status_of
from mitmgate.control.paging import Id
from mitmgate.control.tenant_columns import Row, utc_now
from mitmgate.core.errors import Refused
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin/tenants/{tenant_id}", tags=["keys"])

_INHERITED = ("name", "scopes", "rate_limit_per_hour", "allowed_models", "expires_at")


@router.post("/rotate-key", response_model=Rotated, response_model_exclude_unset=True)
async def rotate_key(here: Here, actor: Caller, tenant_id: Id, body: RotateIn | None = None) -> Any:
    """Replaces the tenant's key; the old one ends after the grace.

    The new key has its name, scopes, models, limit and expiry. Of a tenant with several keys `all` replaces each by one
    of its own; without it the answer is 409 `several_keys`. Keys that an earlier rotation replaced are not counted, and
    end with the others. 409 `no_key` where every key has ended.
    """
    asked = body or RotateIn()
    async with changing(here, actor) as change:
        if not await change.connection.fetchval(queries.tenant_exists, tenant_id):
            raise no_such_tenant()
        old = await change.connection.fetch(queries.keys_to_rotate, tenant_id)
        if not old:
            text = "The tenant has no key whose rights a new one could take over: make one."
            raise Refused(409, "no_key", text, param="tenant_id")
        if len(old) > 1 and not asked.all:
            raise _several(len(old))
        await change.connection.execute(queries.end_keys, tenant_id, asked.grace_seconds, None)
        new = [await _replace(here, change, each, asked.grace_seconds) for each in old]
        await change.touch(tenant_id)
        change.take_back = _undoing(tenant_id, old, new, asked.grace_seconds)
    answer: dict[str, Any] = {"expires_old_at": max(each["expires_old_at"] for each in new)}
    if len(new) == 1:
        answer["api_key"] = new[0]["api_key"]
    if asked.all:
        answer["keys"] = new
    return answer


@router.post("/keys/{key_id}/rotate", response_model=KeyRotated, response_model_exclude_unset=True)
async def rotate_one(here: Here, actor: Caller, tenant_id: Id, key_id: Id, body: RotateKeyIn | None = None) -> Any:
    """Replaces one key by a new one with its name, scopes, models, limit and expiry; the old one ends after the grace.

    409 `key_expired` and `key_replaced` for a key that has ended, or that was replaced and only waits for its end.
    """
    grace_s = (body or RotateKeyIn()).grace_seconds
    async with changing(here, actor) as change:
        old = await change.connection.fetchrow(queries.key_shown, tenant_id, key_id)
        if old is None:
            raise no_such_key()
        if status_of(old, utc_now(here.now()), demo=True) == "expired":
            raise Refused(409, "key_expired", "The key has expired: make a new one.", param="key_id")
        if old["replaced_at"] is not None:
            text = "The key was replaced before and ends by itself: rotate its successor, or revoke this one."
            raise Refused(409, "key_replaced", text, param="key_id")
        await change.connection.execute(queries.end_keys, tenant_id, grace_s, [key_id])
        new = await _replace(here, change, old, grace_s)
        await change.touch(tenant_id)
        change.take_back = _undoing(tenant_id, [old], [new], grace_s)
    return new


async def _replace(here: Control, change: Change, old: Row, grace_s: int) -> dict[str, Any]:
    """Makes the successor of a key that was ended. -> KeyRotated's fields"""
    inherited = {name: old[name] for name in _INHERITED}
    key, row = await insert_key(change, here.secrets.pepper, old["tenant_id"], **inherited)
    details = {"tenant_id": old["tenant_id"], "replaces": old["id"], "grace_seconds": grace_s}
    await change.record("key.rotate", row["id"], details)
    # The row's time is the transaction's, from which end_keys counted the grace.
    ends = row["created_at"] + timedelta(seconds=grace_s)
    ends = ends if old["expires_at"] is None else min(ends, old["expires_at"])
    return {**show(here, row), "api_key": key, "replaces": old["id"], "expires_old_at": ends}


def _undoing(
    tenant_id: int, old: Sequence[Row], new: Sequence[dict[str, Any]], grace_s: int
) -> Callable[[Change], Awaitable[None]] | None:
    """What takes a rotation back whose new keys nobody was shown. Without a grace the old keys are revoked, so the new
    ones stay: the next rotation takes their rights over."""
    if not grace_s:
        return None

    async def take_back(change: Change) -> None:
        for each in new:
            await change.connection.fetchval(queries.revoke_key, tenant_id, each["id"])
            await change.record("key.revoke", each["id"], {"tenant_id": tenant_id, "not_applied": True})
        for row in old:
            await change.connection.execute(queries.restore_replaced_key, tenant_id, row["id"], row["expires_at"])

    return take_back


def _several(count: int) -> Refused:
    text = (
        f"The tenant has {count} keys: rotate one with keys/ID/rotate, or send all: true to replace each by a key with "
        "its own rights."
    )
    return Refused(409, "several_keys", text, param="all")
