"""What the control plane sees and changes of the limiter's state."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mitmgate.services.quota import scope_keys
from mitmgate.services.redis import Command, Store


async def blocked(store: Store, tenant_ids: Sequence[int]) -> dict[int, int]:
    """Seconds left of the automatic blocks among these tenants. Raises StoreDown."""
    if not tenant_ids:
        return {}
    replies = await store.pipeline([("PTTL", scope_keys(tenant_id)[2]) for tenant_id in tenant_ids])
    return {id: math.ceil(ms / 1000) for id, ms in zip(tenant_ids, replies, strict=True) if ms > 0}


async def unblock(store: Store, tenant_id: int, key_ids: Sequence[int] = ()) -> None:
    """Ends the automatic block of a tenant and of these keys, and forgets their excess. Raises StoreDown."""
    scopes = [scope_keys(tenant_id), *(scope_keys(tenant_id, key_id) for key_id in key_ids)]
    commands: list[Command] = [("DEL", excess, block) for _, excess, block in scopes]
    await store.pipeline(commands)
