"""What control does by the clock: looks whether the stores answer, and sweeps what expired out of the cache."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from mitmgate.control.cache_purge import purge
from mitmgate.control.context import CacheStore
from mitmgate.control.usage_purge import purge_late_rows
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.services.logs import reason_of
from mitmgate.services.matcher_client import MatcherClient
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import Store, StoreDown
from mitmgate.services.redis_start import StoreUnusable
from mitmgate.services.store_owner import keep_claim

CHECK_S: Final = 1.0
SWEEP_S: Final = 60.0
SHARE_S: Final = 5.0
TENANTS_AT_ONCE: Final = 500
COMPARISONS_KEPT: Final = timedelta(days=30)
MOST_COMPARISONS: Final = 100_000  # of a tenant

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


async def sweep_cache(pool: asyncpg.Pool, cache: CacheStore, matcher: MatcherClient | None) -> None:
    """Once a minute, for every tenant: forgets what expired and sets the bytes counted right; of a deleted tenant
    nothing is kept, of a purged one no row either."""
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            await sweep_once(pool, cache, matcher)
        except (ServiceUnavailable, StoreDown) as error:
            log.info("the cache is swept another time: %s", reason_of(error))
        except Exception:
            log.exception("sweeping the cache broke, it is tried again in a minute")


async def sweep_once(pool: asyncpg.Pool, cache: CacheStore, matcher: MatcherClient | None) -> None:
    """Raises ServiceUnavailable and StoreDown."""
    await purge_late_rows(pool)
    await cache.exact.forget_removals()
    after = 0
    while rows := await _tenants(pool, after):
        await cache.exact.sweep([row["id"] for row in rows if not row["is_deleted"]])
        await trim_comparisons(pool, [row["id"] for row in rows])
        for tenant_id in await cache.exact.holds([row["id"] for row in rows if row["is_deleted"]]):
            await purge(cache, matcher, tenant_id)
        after = rows[-1]["id"]


async def share_cache(cache: CacheStore) -> None:
    """Every few seconds: tenants that take too much of the cache's room give way to those that press for some."""
    while True:
        await asyncio.sleep(SHARE_S)
        try:
            await cache.shares.level()
        except StoreDown:
            pass  # reported by what needs the store
        except Exception:
            log.exception("sharing the cache's room broke, it is tried again")


async def watch_claim(pool: asyncpg.Pool, store: Store) -> None:
    """Once a minute: the store stays marked as ours, also when somebody empties it."""
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            async with borrow(pool) as connection:
                if await keep_claim(connection, store):
                    log.warning("the store was emptied while it was in use: quotas and the cache begin anew")
        except StoreUnusable as problem:
            log.error("%s: end one of the two gateways, or give it a Valkey of its own", reason_of(problem))
        except (ServiceUnavailable, StoreDown):
            pass  # reported by what needs the store
        except Exception:
            log.exception("looking whose the store is broke, it is tried again in a minute")


async def trim_comparisons(pool: asyncpg.Pool, tenant_ids: Sequence[int]) -> None:
    """Removes those that are old or too many. Raises ServiceUnavailable."""
    kept_from = datetime.now(UTC) - COMPARISONS_KEPT
    async with borrow(pool) as connection:
        await connection.execute(queries.trim_comparisons, tenant_ids, kept_from, MOST_COMPARISONS)


async def _tenants(pool: asyncpg.Pool, after: int) -> list[asyncpg.Record]:
    async with borrow(pool) as connection:
        return list(await connection.fetch(queries.swept_tenant_ids, after, TENANTS_AT_ONCE))
