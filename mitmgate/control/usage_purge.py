"""Removes the rows of purged tenants, also those that came after the purge."""

from __future__ import annotations

import logging
from typing import Final

import asyncpg

from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

ROWS_AT_ONCE: Final = 5000

log = logging.getLogger(__name__)


async def purge_rows(pool: asyncpg.Pool, tenant_id: int) -> dict[str, int]:
    """In small pieces, each a transaction of its own: the tables are everybody's. Raises ServiceUnavailable."""
    rows = 0
    while True:
        async with borrow(pool) as connection:
            gone = await connection.fetchval(queries.purge_usage, tenant_id, ROWS_AT_ONCE)
        rows += gone
        if not gone:
            break
    async with borrow(pool) as connection:
        return {
            "usage": rows,
            "usage_hourly": await connection.fetchval(queries.purge_hourly, tenant_id),
            "cache_comparisons": await connection.fetchval(queries.purge_comparisons, tenant_id),
        }


async def purge_late_rows(pool: asyncpg.Pool) -> None:
    """Of tenants purged with `usage`: requests that were under way, or in a journal. Raises ServiceUnavailable."""
    async with borrow(pool) as connection:
        late = await connection.fetch(queries.purged_with_rows)
    for row in late:
        removed = await purge_rows(pool, row["id"])
        log.info("removed %d late rows of purged tenant %d", removed["usage"], row["id"])
