"""Watches whether more live hits are wrong than a tenant accepts, by the audits of the last days."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.wrong_share import Estimate, estimate, measured_error
from mitmgate.services.logs import reason_of
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

LOOK_S: Final = 300.0
DAYS: Final = 7

log = logging.getLogger(__name__)


class AuditWatch:
    """The tenants whose share of wrong hits is surely above what they accept."""

    def __init__(
        self, pool: asyncpg.Pool, max_wrong: Callable[[], float], now: Callable[[], float] = time.time
    ) -> None:
        """max_wrong: of tenants that have none of their own."""
        self.over: frozenset[int] = frozenset()
        self._pool = pool
        self._max_wrong = max_wrong
        self._now = now

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except (ServiceUnavailable, asyncpg.PostgresError) as error:
                log.info("the cache's audits are read another time: %s", reason_of(error))
            except Exception:
                log.exception("reading the cache's audits broke, it is tried again")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Says of each tenant once when it is above its budget, and once when no longer. Raises what borrow raises."""
        since = datetime.fromtimestamp(self._now(), UTC) - timedelta(days=DAYS)
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(queries.audited_tenants, since)
        error = measured_error()
        over = dict[int, tuple[Estimate, float]]()
        for row in rows:
            budget = self._max_wrong() if row["cache_max_wrong"] is None else row["cache_max_wrong"]
            found = estimate(0.0, row["compared"], row["disagreeing"], error)
            if found.low > budget:
                over[row["id"]] = found, budget
        for tenant_id in sorted(over.keys() - self.over):
            found, budget = over[tenant_id]
            log.warning(
                "of tenant %d's audited semantic hits of the last %d days %.2g to %.2g of 1 were wrong, more than its "
                "max_wrong of %g: see `gatewayctl cache tune %d`",
                tenant_id, DAYS, found.low, found.high, budget, tenant_id,
            )  # fmt: skip
        for tenant_id in sorted(self.over - over.keys()):
            log.warning("tenant %d's semantic hits are no longer surely above its max_wrong", tenant_id)
        self.over = frozenset(over)
