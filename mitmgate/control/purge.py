"""/admin/tenants/{id}/purge: a tenant's prompts and answers removed from every store, and looked for afterwards."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mitmgate.control.cache_purge import StillRemembered, purge
from mitmgate.control.changes import changing, no_such_tenant
from mitmgate.control.context import Caller, Control, Here
from mitmgate.control.fields import Body
from mitmgate.control.paging import Id
from mitmgate.control.usage_purge import purge_rows
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.services.append_only_file import rewrite
from mitmgate.services.matcher_client import MatcherAway
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import StoreDown
from mitmgate.services.tenant_keys import count_content

TURNS: Final = 3

router = APIRouter(prefix="/admin/tenants", tags=["tenants"])


class PurgeIn(Body):
    """usage: of a deleted tenant, also its request rows, totals, comparisons, keys and what was said of its hits."""

    usage: Annotated[bool, Field(strict=True)] = False


class Purged(BaseModel):
    """removed: how many of each there were. left: what was found when all was looked through again; 0 unless the
    tenant is not deleted and had requests under way. file_rewritten: whether Valkey's append-only file, where it keeps
    one, has been written anew, so that what was removed is on no disk either."""

    id: int
    removed: dict[str, int]
    left: dict[str, int]
    file_rewritten: bool


@router.post("/{tenant_id}/purge", response_model=Purged)
async def purge_tenant(here: Here, actor: Caller, tenant_id: Id, body: PurgeIn | None = None) -> Any:
    """Removes a tenant's stored prompts, answers and vectors for good. A deleted tenant is purged by its id.

    With `usage`, which needs the tenant to be deleted, its request rows, totals, comparisons, keys, names and upstream
    go too: what stays is its id, and in the audit log what was done by whom. Rows that are written later go, too,
    within a minute.
    """
    with_usage = body is not None and body.usage
    async with borrow(here.pool) as connection:
        tenant = await connection.fetchrow(queries.purged_tenant, tenant_id)
    if tenant is None:
        raise no_such_tenant()
    if with_usage and tenant["status"] != "deleted":
        raise Refused(409, "tenant_not_deleted", "Delete the tenant first: it would go on making rows.", param="usage")
    removed, left = await _purge_content(here, tenant_id)
    file_rewritten = await _rewrite_file(here)
    if with_usage:
        rows = await purge_rows(here.pool, tenant_id)
        removed |= rows
    async with changing(here, actor) as change:
        if with_usage:
            removed["cache_pairs"] = await change.connection.fetchval(queries.purge_pairs, tenant_id)
            removed["api_keys"] = await change.connection.fetchval(queries.purge_keys, tenant_id)
            await change.connection.execute(queries.blank_tenant, tenant_id)
            await change.touch(tenant_id)
            found = await change.connection.fetchrow(queries.tenant_left, tenant_id)
            left |= dict(found)
        await change.record("tenant.purge", tenant_id, {"usage": with_usage, "removed": removed, "left": left})
    return {"id": tenant_id, "removed": removed, "left": left, "file_rewritten": file_rewritten}


async def _rewrite_file(here: Control) -> bool:
    try:
        return here.cache is not None and await rewrite(here.cache.store)
    except StoreDown:
        return False


async def _purge_content(here: Control, tenant_id: int) -> tuple[dict[str, int], dict[str, int]]:
    """Answers, then the questions and vectors that lead to them, in the store and in every process's memory."""
    if here.cache is None or here.matcher is None:
        raise ServiceUnavailable(503, "cache_unavailable", "The cache does not answer; nothing was purged.")
    removed = {"answers": 0, "questions": 0}
    try:
        for _ in range(TURNS):  # a request that was under way may have stored its answer meanwhile
            purged = await purge(here.cache, here.matcher, tenant_id, here.forget, needs_all=True)
            removed["answers"] += purged.answers
            removed["questions"] += purged.questions
            left = await count_content(here.cache.store, tenant_id)
            if not left:
                break
    except (StoreDown, MatcherAway, StillRemembered):
        raise ServiceUnavailable(
            503,
            "cache_unavailable",
            "The cache does not answer: the purge is not complete, ask again.",
            retry_after_s=1,
        ) from None
    return removed, {"answers": left["x"], "questions": left["v"]}
