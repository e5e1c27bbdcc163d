"""The request quota, shared by all workers and nodes: commands for the store, and what their replies mean."""

from __future__ import annotations

import logging
import math
from functools import partial
from typing import Any, Final

from mitmgate.core.directory import Key, Tenant
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.limits import BLOCK_S, EXCESS_WINDOW_S, WINDOW_S, LocalLimiter, Reservation
from mitmgate.core.settings import Limits
from mitmgate.services.redis import Command, Script, Store, StoreDown, StoreError

logger = logging.getLogger(__name__)

RESERVE: Final = Script("reserve")
UNAVAILABLE: Final = partial(
    ServiceUnavailable, 503, "limiter_unavailable", "The request limiter is not available.", retry_after_s=1
)
_ALLOWED, _OVER, _BLOCKED = 0, 1, 2


def scope_keys(tenant_id: int, key_id: int | None = None) -> list[str]:
    """The window, excess counter and block of a tenant, or of a key; one hash slot a tenant."""
    scope = f"{{{tenant_id}}}" if key_id is None else f"{{{tenant_id}}}:k{key_id}"
    return [f"q:{scope}", f"e:{scope}", f"b:{scope}"]


class Quota:
    """Reserves one request of a tenant (and of its key, when that has a limit)."""

    def __init__(self, store: Store, local: LocalLimiter, limits: Limits) -> None:
        self._script = store.use(RESERVE)
        self._local = local
        self._closed = limits.on_store_failure == "closed"
        self._bounds = (limits.block_after, WINDOW_S * 1000, EXCESS_WINDOW_S * 1000, BLOCK_S * 1000)

    def commands(self, tenant: Tenant, key: Key) -> list[Command]:
        """What to send; their replies go to `read` in the same order."""
        if key.rate_limit_per_hour is None:
            return [self._script.command(scope_keys(tenant.id), (*self._bounds, tenant.rate_limit_per_hour))]
        keys = [*scope_keys(tenant.id, key.id), *scope_keys(tenant.id)]
        limits = (key.rate_limit_per_hour, tenant.rate_limit_per_hour)
        return [self._script.command(keys, (*self._bounds, *limits))]

    def read(self, replies: list[Any], has_key_limit: bool = False) -> Reservation:
        """The reservation that the script's reply tells of. Raises StoreDown when the script failed."""
        if isinstance(replies[0], StoreError):
            raise StoreDown from replies[0]
        outcome, scope, limit, used, left_ms, wait_ms = replies[0]
        return Reservation(
            allowed=outcome == _ALLOWED,
            blocked=outcome == _BLOCKED,
            limit=limit,
            remaining=max(0, limit - used),
            reset_s=math.ceil(left_ms / 1000),
            retry_after_s=max(1, math.ceil(wait_ms / 1000)) if outcome != _ALLOWED else None,
            scope="key" if has_key_limit and scope == 1 else "tenant",
        )

    def remember(self, refused: Reservation, tenant: Tenant, key: Key, now: float) -> None:
        """Keeps a refusal for when the store is away. now: seconds of a clock that does not jump."""
        self._local.remember(refused, tenant.id, key.id, now)

    def refuses(self, tenant: Tenant, key: Key, now: float) -> bool:
        """Whether the last request was refused and the next one will most likely be. now: as for `remember`."""
        return self._local.refuses(tenant.id, key.id, now)

    def forget(self, tenant: Tenant, key: Key) -> None:
        """Ends what `remember` keeps, now that the store has let a request pass."""
        self._local.forget(tenant.id, key.id)

    def degraded(self, tenant: Tenant, key: Key, now: float) -> Reservation:
        """Without the store: this worker's share of the limit; when set so, ServiceUnavailable is raised.

        now: seconds of a clock that does not jump.
        """
        if self._closed:
            raise UNAVAILABLE()
        return self._local.reserve(tenant.id, tenant.rate_limit_per_hour, key.id, key.rate_limit_per_hour, now)
