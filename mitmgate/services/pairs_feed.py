"""Keeps a matcher's knowledge of wrong pairs equal to PostgreSQL's: what was said on any node, before any restart.

As with the directory (`directory_feed.py`): versions are committed in order, and the question what came after the last
one is asked when a notification comes, when somebody waits for a version, and each second.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import asyncpg

from mitmgate.core.pair_digests import MOST_PAIRS
from mitmgate.services.postgres import deadline, is_away, open_connection
from mitmgate.services.queries import queries

CHANNEL: Final = "mitmgate_pairs"
PURGED: Final = "purged "
PROBE_EVERY_S: Final = 1.0
ANSWER_WITHIN_S: Final = 5.0
RETRY_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
AT_ONCE: Final = 2000

logger = logging.getLogger(__name__)


class WrongPairs:
    """The wrong pairs of each tenant, MOST_PAIRS at most: about 1 MB for a tenant that has as many."""

    def __init__(self) -> None:
        self._pairs: dict[int, dict[bytes, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._pairs.values()))

    def of(self, tenant: int) -> dict[bytes, None] | None:
        """Those of a tenant, the oldest first; None when it has none."""
        return self._pairs.get(tenant)

    def forget(self, tenant: int) -> None:
        """Drops all of a tenant's."""
        self._pairs.pop(tenant, None)

    def take(self, rows: Iterable[Any]) -> int | None:
        """Rows of cache_pairs in the order of their versions. -> the last one's version."""
        version = None
        for row in rows:
            version = row["version"]
            pairs = self._pairs.setdefault(row["tenant_id"], {})
            pairs.pop(row["pair"], None)
            if row["wrong"]:
                pairs[row["pair"]] = None
                if len(pairs) > MOST_PAIRS:
                    del pairs[next(iter(pairs))]
            elif not pairs:
                del self._pairs[row["tenant_id"]]
        return version


class PairsFeed:
    """Follows the table on a connection of its own, which it replaces, loading all again, whenever it breaks.

    While PostgreSQL is away what is known stays in use: nobody can say anything new then.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._version = -1
        self._wake = asyncio.Event()
        self._purged: set[int] = set()
        self._looked = asyncio.Event()
        self._healthy = False
        self.pairs: WrongPairs | None = None

    async def ensure(self, version: int) -> None:
        """Returns when that version is known, however long it takes."""
        while self._version < version:
            self._wake.set()
            await self._looked.wait()
            if self._version < version:  # its row is gone again, or PostgreSQL shows it later
                await asyncio.sleep(RETRY_S)

    async def run(self) -> None:
        """Follows until cancelled."""
        pause_s, said = RETRY_S, False
        while True:
            try:
                await self._follow()
            except Exception as error:
                if self._healthy or not said:
                    logger.warning("what was said of hits cannot be followed: %s", type(error).__name__)
                    said = True
                if not is_away(error) and not isinstance(error, asyncpg.PostgresError):
                    logger.exception("following what was said of hits broke")
            pause_s = RETRY_S if self._healthy else min(2 * pause_s, LONGEST_PAUSE_S)
            self._healthy = False
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, hides nothing

    async def _follow(self) -> None:
        """One connection's life; ends in the error that ends it."""
        connection = await open_connection(self._dsn, name="mitmgate matcher", timeout_s=ANSWER_WITHIN_S)
        try:
            connection.add_termination_listener(self._wake_up)
            with deadline(connection, ANSWER_WITHIN_S):
                await connection.add_listener(CHANNEL, self._notified)
            await self._load(connection)
            while True:
                await self._take_changes(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(PROBE_EVERY_S):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            connection.terminate()

    async def _load(self, connection: asyncpg.Connection) -> None:
        pairs = WrongPairs()
        with deadline(connection, ANSWER_WITHIN_S):
            newest = await connection.fetchval(queries.newest_pair)
        version: int | None = 0
        while version is not None:
            with deadline(connection, ANSWER_WITHIN_S):
                rows = await connection.fetch(queries.wrong_pairs, version, newest, AT_ONCE)
            version = pairs.take(rows)
        self.pairs, self._version = pairs, newest

    async def _take_changes(self, connection: asyncpg.Connection) -> None:
        assert self.pairs is not None
        purged, self._purged = self._purged, set()
        while True:
            with deadline(connection, ANSWER_WITHIN_S):
                rows = await connection.fetch(queries.pairs_changed, self._version, AT_ONCE)
            self._version = self.pairs.take(rows) or self._version
            if len(rows) < AT_ONCE:
                break
        for tenant in purged:  # nothing of it can have been read since
            self.pairs.forget(tenant)
        self._healthy = True
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

    def _notified(self, connection: object, pid: int, channel: str, payload: str) -> None:
        if payload.startswith(PURGED):
            self._purged.add(int(payload.removeprefix(PURGED)))
        self._wake.set()

    def _wake_up(self, *_: object) -> None:
        self._wake.set()
