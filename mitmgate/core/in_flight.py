"""The places of a worker: how many requests it has under way, and how many of one tenant wait for somebody. Pure.

A request waits for its client while its body comes, and for its upstream. In between it is the gateway's own work,
which is over in a moment, and no place of the tenant's.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class InFlight:
    """count: the requests of all tenants; those that are still to be authenticated are none."""

    count: int = 0
    _waiting: dict[int, int] = field(default_factory=dict)

    def waiting_of(self, tenant_id: int) -> int:
        return self._waiting.get(tenant_id, 0)

    def wait(self, tenant_id: int) -> None:
        """A request of the tenant begins to wait."""
        self._waiting[tenant_id] = self._waiting.get(tenant_id, 0) + 1

    def go_on(self, tenant_id: int) -> None:
        """It waits no longer."""
        left = self._waiting[tenant_id] - 1
        if left:
            self._waiting[tenant_id] = left
        else:
            del self._waiting[tenant_id]


def share_of(places: int, share: float) -> int:
    """The places that one tenant may take, at least one."""
    return max(1, int(places * share))
