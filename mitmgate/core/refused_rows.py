"""How many rows the refused requests of a tenant may make: they cost it nothing, so nothing else bounds them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mitmgate.core.usage import UsageRecord

BURST: Final = 600
A_SECOND: Final = 1.0
SUMMED_S: Final = 10.0


@dataclass(slots=True)
class _Tenant:
    tokens: float
    at: float
    last: UsageRecord | None = None  # of those without a row
    held: int = 0
    held_since: float = 0.0


class RefusedRows:
    """A token bucket a tenant; of what overflows the last record is held, and how many they were.

    Only tenants whose bucket is not full, or who have something held, take memory. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._tenants: dict[int, _Tenant] = {}

    def __len__(self) -> int:
        return len(self._tenants)

    def passes(self, record: UsageRecord, now: float) -> bool:
        """Whether the record has a row of its own; if not it is counted in the next that `due` gives."""
        tenant = self._tenants.get(record.tenant_id)
        if tenant is None:
            tenant = self._tenants[record.tenant_id] = _Tenant(BURST, now)
        tenant.tokens, tenant.at = _filled(tenant, now), now
        if tenant.tokens >= 1:
            tenant.tokens -= 1
            return True
        if tenant.last is None:
            tenant.held_since = now
        tenant.last = record
        tenant.held += 1
        return False

    def due(self, now: float, everything: bool = False) -> list[tuple[UsageRecord, int]]:
        """What has been held for SUMMED_S: the last record of each tenant, and how many more it stands for."""
        found = []
        for tenant_id, tenant in list(self._tenants.items()):
            if tenant.last is not None and (everything or now - tenant.held_since >= SUMMED_S):
                found.append((tenant.last, tenant.held - 1))
                tenant.last, tenant.held = None, 0
            if tenant.last is None and _filled(tenant, now) >= BURST:
                del self._tenants[tenant_id]
        return found


def _filled(tenant: _Tenant, now: float) -> float:
    return min(BURST, tenant.tokens + (now - tenant.at) * A_SECOND)
