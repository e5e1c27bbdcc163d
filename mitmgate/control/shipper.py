"""Brings the journals of all workers, dead ones too, to PostgreSQL: each row once, whatever is killed on the way.

A batch is one statement that inserts the rows and counts into the rollups those that were new, so a batch may be sent
any number of times. A segment is removed only after its rows are committed. Rows that PostgreSQL refuses are found by
halving the batch and put aside.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from mitmgate.control.dead_letter import DeadLetter
from mitmgate.control.segments import Batch, Segments
from mitmgate.control.usage_rows import Line, UsageRow, columns_of
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.services.logs import reason_of
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

ROWS: Final = 1000
TICK_S: Final = 0.2
LONGEST_PAUSE_S: Final = 1.0
WITHIN_S: Final = 5.0
UPKEEP_RETRY_S: Final = 60.0
STEADY_S: Final = 3600.0  # that the clock must have gone on evenly for before days are dropped by it
_EVEN_S: Final = 60.0

# What PostgreSQL says about the rows themselves: wrong data, constraints (no partition is one), too big for an index.
# DataError is asyncpg's own word, too, for values it cannot encode.
_REFUSALS: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,
    TypeError,
    OverflowError,
)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ShipperStats:
    """Since the process started. shipped: rows that were new to PostgreSQL; lag_rows is reckoned from lag_bytes."""

    shipped: int = 0
    dead_lettered: int = 0
    lag_bytes: int = 0
    lag_rows: int = 0
    away: bool = False


class Shipper:
    """Ships every journal below `folder`. `run` is one task; `ship_once` and `flush` may be called beside it."""

    def __init__(
        self,
        folder: Path,
        dead_letter: Path,
        pool: asyncpg.Pool,
        *,
        retention_days: int = 90,
        now: Callable[[], float] = time.time,
        steady_s: float = STEADY_S,
    ) -> None:
        self.retention_days = retention_days
        self.stats = ShipperStats()
        self._segments = Segments(folder)
        self._dead_letter = DeadLetter(dead_letter)
        self._pool = pool
        self._now = now
        self._turn = asyncio.Lock()
        self._days: set[date] = set()
        self._kept_from: date | None = None
        self._upkeep_at = 0.0
        self._steady_s = steady_s
        self._ahead_s = 0.0  # of the clock that does not jump
        self._even_since = -1.0
        self._last_aside = ""

    async def run(self) -> None:
        """Ships until cancelled. PostgreSQL away: asks again each second, the journals wait."""
        pause_s = TICK_S
        told: type[Exception] | None = None
        while True:
            try:
                lines = await self.ship_once()
                await self._keep_up()
                pause_s, told = (0.0 if lines >= ROWS else TICK_S), None
            except ServiceUnavailable:
                pause_s = min(LONGEST_PAUSE_S, 2 * max(pause_s, TICK_S))
            except OSError as error:  # the disk, for a row that is put aside
                if type(error) is not told:
                    logger.error("usage cannot be shipped, the journals wait: %s", reason_of(error))
                pause_s, told = LONGEST_PAUSE_S, type(error)
            except Exception as error:
                if type(error) is not told:
                    logger.exception("shipping usage broke, it is tried again each second")
                pause_s, told = LONGEST_PAUSE_S, type(error)
            await asyncio.sleep(pause_s)

    async def ship_once(self) -> int:
        """Ships one batch. -> how many lines it settled; 0: there is nothing to ship.

        Raises ServiceUnavailable while PostgreSQL is away; nothing is lost by it.
        """
        async with self._turn:
            batch = await asyncio.to_thread(self._segments.read, ROWS)
            aside_before = self.stats.dead_lettered
            self._measure(batch, left_bytes=batch.bytes + batch.unread_bytes)
            try:
                await self._settle(batch)
            except ServiceUnavailable as error:
                self._days.clear()  # it may come back as another, restored one
                if not self.stats.away:
                    logger.warning("usage cannot be shipped, the journals wait: %s", reason_of(error))
                self.stats.away = True
                raise
            if self.stats.away and len(batch):
                logger.info("usage is shipped again")
                self.stats.away = False
            self._segments.settle(batch)
            if aside := self.stats.dead_lettered - aside_before:
                logger.warning("put %d usage rows aside, the last: %s", aside, self._last_aside)
            self._measure(batch, left_bytes=batch.unread_bytes)
            return len(batch)

    async def flush(self, within_s: float = 5.0) -> bool:
        """Ships all there is, at the drain. -> whether it came to the end; the rest is shipped after the next start."""
        try:
            async with asyncio.timeout(within_s):
                while await self.ship_once():
                    pass
        except (TimeoutError, ServiceUnavailable):
            return False
        return True

    async def _settle(self, batch: Batch) -> None:
        for line, reason in batch.refused:
            await self._put_aside(line, reason)
        kept = []
        first, last = self._days_to_keep()
        for row in batch.rows:
            if first <= row.started_at.date() <= last:
                kept.append(row)
            else:
                await self._put_aside(row.line, "its day is not among those kept")
        if kept:
            await self._store(kept)

    async def _store(self, rows: Sequence[UsageRow], sure_of_days: bool = False) -> None:
        try:
            self.stats.shipped += await self._insert(rows)
            return
        except _REFUSALS as error:
            refusal = error
        if not sure_of_days:  # a partition may have been dropped under us
            self._days.clear()
            await self._store(rows, sure_of_days=True)
        elif len(rows) == 1:
            await self._put_aside(rows[0].line, _reason(refusal))
        else:
            half = len(rows) // 2
            await self._store(rows[:half], sure_of_days=True)
            await self._store(rows[half:], sure_of_days=True)

    async def _insert(self, rows: Sequence[UsageRow]) -> int:
        async with borrow(self._pool, WITHIN_S) as connection:
            for day in {row.started_at.date() for row in rows} - self._days:
                await connection.execute(queries.ensure_partition, day)
                self._days.add(day)
            new: int = await connection.fetchval(queries.ship_usage, *columns_of(rows))
            return new

    async def _put_aside(self, line: Line, reason: str) -> None:
        if await asyncio.to_thread(self._dead_letter.put, line, reason):
            self.stats.dead_lettered += 1
            self._last_aside = f"{line.segment} at {line.offset}: {reason}"

    def _today(self) -> date:
        return datetime.fromtimestamp(self._now(), UTC).date()

    def _days_to_keep(self) -> tuple[date, date]:
        """A row of a dropped day would be counted twice if it came back; one of a far day is a clock gone wrong."""
        today = self._today()
        return today - timedelta(days=self.retention_days), today + timedelta(days=1)

    async def _keep_up(self) -> None:
        """Once a day: makes tomorrow's partition, drops the days beyond retention, unless the clock has just jumped."""
        kept_from = self._today() - timedelta(days=self.retention_days)
        now = time.monotonic()
        steady = self._is_steady(now)
        if kept_from == self._kept_from or now < self._upkeep_at:
            return
        self._upkeep_at = now + UPKEEP_RETRY_S
        async with borrow(self._pool, WITHIN_S) as connection:
            await connection.execute(queries.ensure_partition, self._today() + timedelta(days=1))
            if not steady:
                return
            dropped = await connection.fetchval(queries.drop_partitions, kept_from)
        if dropped:
            logger.info("dropped %d days of usage before %s", dropped, kept_from)
        self._days = {day for day in self._days if day >= kept_from}
        await asyncio.to_thread(self._dead_letter.drop_older_than, self.retention_days * 86400.0)
        self._kept_from = kept_from

    def _is_steady(self, now: float) -> bool:
        """Whether the clock goes on evenly, since a while: one set years ahead would have all days dropped."""
        ahead_s = self._now() - now
        if self._even_since < 0 or abs(ahead_s - self._ahead_s) > _EVEN_S:
            self._even_since, self._ahead_s = now, ahead_s
        return now - self._even_since >= self._steady_s

    def _measure(self, batch: Batch, left_bytes: int) -> None:
        self.stats.lag_bytes = left_bytes
        line_bytes = batch.bytes / len(batch) if len(batch) else 600.0
        self.stats.lag_rows = round(left_bytes / line_bytes)


def _reason(error: BaseException) -> str:
    """PostgreSQL's message without the details, which may repeat the row."""
    return getattr(error, "message", None) or str(error)
