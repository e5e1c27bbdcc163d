"""What the control plane sees and changes of the limiter's state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Final

from mitmgate.services.quota import scope_keys
from mitmgate.services.redis import Store

PAGE: Final = 500


async def blocked(store: Store, tenant_ids: Sequence[int]) -> dict[int, int]:
    """Seconds left of the automatic blocks among these tenants. Raises StoreDown."""
    return await _seconds_left(store, {id: scope_keys(id)[2] for id in tenant_ids})


async def blocked_keys(store: Store, tenant_id: int, key_ids: Sequence[int]) -> dict[int, int]:
    """Seconds left of the automatic blocks among these keys of a tenant. Raises StoreDown."""
    return await _seconds_left(store, {id: scope_keys(tenant_id, id)[2] for id in key_ids})


async def _seconds_left(store: Store, blocks: Mapping[int, str]) -> dict[int, int]:
    """By the id whose block it is, of the blocks that still hold."""
    left: dict[int, int] = {}
    for page in batched(blocks.items(), PAGE):
        replies = await store.demand(*[("PTTL", block) for _, block in page])
        left.update({id: math.ceil(ms / 1000) for (id, _), ms in zip(page, replies, strict=True) if ms > 0})
    return left


async def unblock(store: Store, tenant_id: int, key_ids: Sequence[int] = ()) -> None:
    """Ends the automatic block of a tenant and of these keys, and forgets their excess. Raises StoreDown."""
    scopes = [scope_keys(tenant_id), *(scope_keys(tenant_id, key_id) for key_id in key_ids)]
    for page in batched(scopes, PAGE):
        await store.demand(*[("DEL", excess, block) for _, excess, block in page])
