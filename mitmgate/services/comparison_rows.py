"""Results of comparisons on their way to PostgreSQL: in batches, and best effort, since they are a sample anyway."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg

from mitmgate.core.errors import ServiceUnavailable
from mitmgate.services.logs import reason_of
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

MOST_WAITING: Final = 1000  # while PostgreSQL is away; then the oldest go
EVERY_S: Final = 1.0
WITHIN_S: Final = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Compared:
    """A row of cache_comparisons; at: epoch seconds."""

    tenant_id: int
    request_id: str
    at: float
    kind: str
    probability: float
    agrees: bool
    reasons: tuple[str, ...]


class ComparisonRows:
    """`run` writes what was added, once a second."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: deque[Compared] = deque(maxlen=MOST_WAITING)
        self._away = False

    def add(self, row: Compared) -> None:
        self._waiting.append(row)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.flush()

    async def flush(self, within_s: float = WITHIN_S) -> None:
        """Writes what waits; it goes on waiting while PostgreSQL is away."""
        if not self._waiting:
            return
        rows = list(self._waiting)
        try:
            async with borrow(self._pool, within_s) as connection:
                await connection.execute(queries.insert_comparisons, *_columns(rows))
        except ServiceUnavailable as problem:
            if not self._away:
                logger.info("comparisons of answers wait: %s", reason_of(problem))
            self._away = True
            return
        except Exception as problem:  # whatever it is: no process ends for the sake of a sample
            logger.warning("%d comparisons of answers were not written: %s", len(rows), type(problem).__name__)
        self._away = False
        written = set(map(id, rows))
        while self._waiting and id(self._waiting[0]) in written:
            self._waiting.popleft()


def _columns(rows: list[Compared]) -> list[list[object]]:
    return [
        [row.tenant_id for row in rows],
        [uuid.UUID(row.request_id) for row in rows],
        [datetime.fromtimestamp(row.at, UTC) for row in rows],
        [row.kind for row in rows],
        [row.probability for row in rows],
        [row.agrees for row in rows],
        [",".join(row.reasons) for row in rows],
    ]
