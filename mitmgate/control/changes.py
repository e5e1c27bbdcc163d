"""Every change the admin API makes: one transaction with its audit row, answered once the workers live by it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from mitmgate.control.admission import Actor
from mitmgate.control.context import Control
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Change:
    """A transaction under way: what it writes goes through `connection`, what it did is told by `record`.

    take_back ends what the change made, where what it would be answered with (a key) is told only once.
    """

    connection: asyncpg.Connection
    actor: Actor
    touched: dict[int, int] = field(default_factory=dict)
    take_back: Callable[[Change], Awaitable[None]] | None = None

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
    ServiceUnavailable `not_applied_everywhere` when the change is stored, or made and taken back, because a worker that
    lives did not confirm it: one that hangs is replaced before that, and its next life knows the change.
    """
    async with borrow(here.pool) as connection, connection.transaction():
        await connection.execute(queries.lock_directory)
        change = Change(connection, actor)
        yield change
    missing = 0
    for tenant_id, version in change.touched.items():
        missing += await here.apply(tenant_id, version)
    if missing:
        if await _taken_back(here, change):
            text = f"{missing} worker(s) did not confirm the change in time, so it was taken back: try again."
            raise ServiceUnavailable(503, "not_applied_everywhere", text, retry_after_s=1)
        text = f"The change is stored, but {missing} worker(s) did not confirm in time that they apply it."
        raise ServiceUnavailable(503, "not_applied_everywhere", text)


async def _taken_back(here: Control, change: Change) -> bool:
    """Whether what the change made is gone again, so that the same call may be made anew."""
    if change.take_back is None:
        return False
    try:
        async with borrow(here.pool) as connection, connection.transaction():
            await connection.execute(queries.lock_directory)
            await change.take_back(Change(connection, change.actor))
    except (ServiceUnavailable, asyncpg.PostgresError) as problem:
        log.warning("what was not applied everywhere could not be taken back: %s", type(problem).__name__)
        return False
    return True


def no_such_tenant() -> Refused:
    return Refused(404, "tenant_not_found", "There is no such tenant.", param="tenant_id")
