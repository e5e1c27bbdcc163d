"""What control does by the clock: looks whether the stores answer, and sweeps what expired out of the cache."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import asyncpg

from mitmgate.core.errors import ServiceUnavailable
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import Store, StoreDown

CHECK_S: Final = 1.0
SWEEP_S: Final = 60.0
TENANTS_AT_ONCE: Final = 500

log = logging.getLogger(__name__)


class StoreChecks:
    """Whether each store answered when it was last asked, which is once a second."""

    def __init__(self, pool: asyncpg.Pool, store: Store) -> None:
        self.database = False
        self.redis = False
        self._pool = pool
        self._store = store

    async def run(self) -> None:
        while True:
            self.database, self.redis = await asyncio.gather(database_answers(self._pool), self._store.probe())
            await asyncio.sleep(CHECK_S)


async def database_answers(pool: asyncpg.Pool, within_s: float = 2.0) -> bool:
    """Whether PostgreSQL answers a question within that time."""
    try:
        async with borrow(pool, within_s) as connection:
            return bool(await connection.fetchval("SELECT true"))
    except (ServiceUnavailable, asyncpg.PostgresError):
        return False


async def sweep_cache(pool: asyncpg.Pool, cache: ExactCache) -> None:
    """Once a minute, for every tenant: forgets what expired and sets the bytes counted right."""
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            after = 0
            while ids := await _tenant_ids(pool, after):
                await cache.sweep(ids)
                after = ids[-1]
        except (ServiceUnavailable, StoreDown) as error:
            log.info("the cache is swept another time: %s", error)
        except Exception:
            log.exception("sweeping the cache broke, it is tried again in a minute")


async def _tenant_ids(pool: asyncpg.Pool, after: int) -> list[int]:
    async with borrow(pool) as connection:
        return [row["id"] for row in await connection.fetch(queries.swept_tenant_ids, after, TENANTS_AT_ONCE)]
