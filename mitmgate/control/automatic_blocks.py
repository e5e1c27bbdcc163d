"""The blocks the gateway sets by itself for repeated excess: they live in Valkey, beside the windows they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mitmgate.core.errors import ServiceUnavailable
from mitmgate.services import limits_store
from mitmgate.services.redis import Store, StoreDown


class AutomaticBlocks:
    """Reads and lifts them. Both raise ServiceUnavailable while Valkey is away."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def healthy(self) -> bool:
        return self._store.healthy

    async def blocked(self, tenant_ids: Sequence[int]) -> Mapping[int, int]:
        """Seconds left, by tenant that has such a block."""
        try:
            return await limits_store.blocked(self._store, tenant_ids)
        except StoreDown:
            raise _away() from None

    async def blocked_keys(self, tenant_id: int, key_ids: Sequence[int]) -> Mapping[int, int]:
        """The same by key of one tenant."""
        try:
            return await limits_store.blocked_keys(self._store, tenant_id, key_ids)
        except StoreDown:
            raise _away() from None

    async def lift(self, tenant_id: int, key_ids: Sequence[int]) -> None:
        """Ends the block of the tenant and of these keys."""
        try:
            await limits_store.unblock(self._store, tenant_id, key_ids)
        except StoreDown:
            raise _away() from None


def _away() -> ServiceUnavailable:
    message = "Valkey, which holds the gateway's own blocks, cannot be reached."
    return ServiceUnavailable(503, "limiter_unavailable", message, retry_after_s=1)
