"""/admin/tenants/{id}/block and unblock: the operator's blocks, and what is asked of the gateway's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from mitmgate.control.changes import changing, no_such_tenant
from mitmgate.control.context import Caller, Control, Here
from mitmgate.control.paging import Id
from mitmgate.control.tenant_columns import shown, utc_now
from mitmgate.control.tenant_models import BlockIn, TenantShown
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin/tenants/{tenant_id}", tags=["tenants"])


@router.post("/block", response_model=TenantShown, response_model_exclude={"warnings"})
async def block_tenant(here: Here, actor: Caller, tenant_id: Id, body: BlockIn | None = None) -> Any:
    """Refuses the tenant's requests with 403, for a time or until it is unblocked."""
    asked = body or BlockIn()
    async with changing(here, actor) as change:
        if await change.connection.fetchval(queries.block_tenant, tenant_id, asked.seconds, asked.reason) is None:
            raise no_such_tenant()
        await change.record("tenant.block", tenant_id, asked.model_dump())
        await change.touch(tenant_id)
        row = await change.connection.fetchrow(queries.tenants_shown, [tenant_id])
    return shown(row, utc_now(here.now()), None)


@router.post("/unblock", response_model=TenantShown, response_model_exclude={"warnings"})
async def unblock_tenant(here: Here, actor: Caller, tenant_id: Id) -> Any:
    """Lifts every block of the tenant and its keys, the gateway's own for repeated excess too."""
    async with changing(here, actor) as change:
        if await change.connection.fetchval(queries.unblock_tenant, tenant_id) is None:
            raise no_such_tenant()
        keys = await change.connection.fetch(queries.usable_keys, tenant_id)
        await change.record("tenant.unblock", tenant_id)
        await change.touch(tenant_id)
        row = await change.connection.fetchrow(queries.tenants_shown, [tenant_id])
    await lift_automatic_block(here, tenant_id, [key["id"] for key in keys])
    return shown(row, utc_now(here.now()), None)


async def automatic_blocks(here: Control, tenant_ids: Sequence[int]) -> Mapping[int, int]:
    """Seconds left of the blocks that repeated excess has brought about; none are known while Valkey is away."""
    if here.automatic_blocks is None or not tenant_ids:
        return {}
    try:
        return await here.automatic_blocks.blocked(tenant_ids)
    except ServiceUnavailable:
        return {}


async def blocked_keys(here: Control, tenant_id: int, key_ids: Sequence[int]) -> Mapping[int, int]:
    """The same of a tenant's keys."""
    if here.automatic_blocks is None or not key_ids:
        return {}
    try:
        return await here.automatic_blocks.blocked_keys(tenant_id, key_ids)
    except ServiceUnavailable:
        return {}


async def lift_automatic_block(here: Control, tenant_id: int, key_ids: Sequence[int] = ()) -> None:
    """Ends the gateway's own block of the tenant and of these keys. Raises ServiceUnavailable."""
    if here.automatic_blocks is None:
        return
    try:
        await here.automatic_blocks.lift(tenant_id, key_ids)
    except ServiceUnavailable as error:
        message = f"The operator's block is lifted. {error.message} Try again to lift these too."
        raise ServiceUnavailable(503, error.code, message, retry_after_s=error.retry_after_s) from None
