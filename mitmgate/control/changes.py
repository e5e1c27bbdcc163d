"""Every change the admin API makes: one transaction with its audit row, answered once the workers live by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from mitmgate.control.admission import Actor
from mitmgate.control.context import Control
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries


@dataclass(slots=True)
class Change:
    """A transaction under way: what it writes goes through `connection`, what it did is told by `record`."""

    connection: asyncpg.Connection
    actor: Actor
    touched: dict[int, int] = field(default_factory=dict)

    async def record(self, action: str, target_id: int, details: Mapping[str, Any] | None = None) -> None:
        """Writes the audit row. action is `tenant.create`, `key.revoke`, …; details hold no secret."""
        target = action.partition(".")[0]
        await self.connection.execute(
            queries.insert_audit, self.actor.name, self.actor.address, action, target, target_id, details or {}
        )

    async def touch(self, tenant_id: int) -> None:
        """Notes that the tenant or one of its keys was changed, so that the workers are waited for."""
        version = await self.connection.fetchval(queries.tenant_version, tenant_id)
        if version is None:
            raise no_such_tenant()
        self.touched[tenant_id] = version


@asynccontextmanager
async def changing(here: Control, actor: Actor) -> AsyncIterator[Change]:
    """A change: committed when the block ends, then applied by every live worker before this returns.

    Other writers wait from its beginning, so that what the block reads holds until it has written. Raises
    ServiceUnavailable `not_applied_everywhere` when the change is stored but a worker did not confirm it.
    """
    async with borrow(here.pool) as connection, connection.transaction():
        await connection.execute(queries.lock_directory)
        change = Change(connection, actor)
        yield change
    missing = 0
    for tenant_id, version in change.touched.items():
        missing += await here.apply(tenant_id, version)
    if missing:
        raise ServiceUnavailable(
            503,
            "not_applied_everywhere",
            f"The change is stored, but {missing} worker(s) did not confirm in time that they apply it.",
        )


def no_such_tenant() -> Refused:
    return Refused(404, "tenant_not_found", "There is no such tenant.", param="tenant_id")
