"""The places of a worker: how many requests it has under way, and how many of them are one tenant's. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class InFlight:
    """Counts the requests of tenants; those that are still to be authenticated take no place."""

    count: int = 0
    _by_tenant: dict[int, int] = field(default_factory=dict)

    def of(self, tenant_id: int) -> int:
        return self._by_tenant.get(tenant_id, 0)

    def enter(self, tenant_id: int) -> None:
        self.count += 1
        self._by_tenant[tenant_id] = self._by_tenant.get(tenant_id, 0) + 1

    def leave(self, tenant_id: int) -> None:
        self.count -= 1
        left = self._by_tenant[tenant_id] - 1
        if left:
            self._by_tenant[tenant_id] = left
        else:
            del self._by_tenant[tenant_id]


def share_of(places: int, share: float) -> int:
    """The places that one tenant may take, at least one."""
    return max(1, int(places * share))
