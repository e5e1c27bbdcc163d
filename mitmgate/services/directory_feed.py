"""Keeps a worker's directory equal to PostgreSQL's tables, and says for sure that a change has arrived.

Versions are committed in order (schema.sql), so one question answers everything: what changed after the version we are
at? It is asked when a notification comes, when somebody waits for a version or for an unknown key, and each second. The
last finds a connection that only looks alive, and notifications that never come (a connection pooler swallows them).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg

from mitmgate.core.directory import Directory, TenantId
from mitmgate.services.postgres import deadline, is_away, open_connection
from mitmgate.services.tenants import BATCH, load_changed, load_tenants

CHANNEL: Final = "mitmgate_tenants"
PROBE_EVERY_S: Final = 1.0
ANSWER_WITHIN_S: Final = 2.0
LOAD_WITHIN_S: Final = 20.0
RETRY_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
LOOKUPS_PER_S: Final = 20
LOOKUP_WITHIN_S: Final = 1.0

logger = logging.getLogger(__name__)


class DirectoryFeed:
    """Follows the tables on a connection of its own, which it replaces, loading all again, whenever it breaks."""

    def __init__(self, dsn: str, directory: Directory) -> None:
        self._dsn = dsn
        self._directory = directory
        self._as_of_version = -1
        self._healthy = False
        self._loaded = asyncio.Event()
        self._wake = asyncio.Event()
        self._waiting: set[asyncio.Future[None]] = set()
        self._lookups = LOOKUPS_PER_S * 1.0
        self._lookups_at = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        """Whether the directory is loaded and PostgreSQL answered when last asked."""
        return self._healthy

    async def start(self) -> None:
        """Returns after the first load; goes on trying while PostgreSQL is away."""
        self._task = asyncio.create_task(self._run(), name="directory feed")
        await self._loaded.wait()

    async def close(self) -> None:
        """Ends the connection. Whoever still waits is cancelled."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for waiter in list(self._waiting):
            waiter.cancel()

    async def ensure(self, tenant_id: int, version: int) -> None:
        """Returns when the directory holds that version of the tenant or a newer one, however long that takes."""
        while self._as_of_version < version:
            tenant = self._directory.tenant(TenantId(tenant_id))
            if tenant is not None and tenant.version >= version:
                return
            await self._catch_up()
            if self._as_of_version < version:  # it has not been committed yet
                await asyncio.sleep(RETRY_S)

    async def lookup(self, key_hash: bytes) -> bool:
        """Whether a key the directory does not know is in it after another look at the tables.

        At most 20 looks a second, so that a flood of invented keys does not become one of queries; and no look is
        waited for longer than a second.
        """
        if self._directory.by_key_hash(key_hash) is None and self._may_look_up():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOKUP_WITHIN_S):
                    await self._catch_up()
        return self._directory.by_key_hash(key_hash) is not None

    def _may_look_up(self) -> bool:
        now = asyncio.get_running_loop().time()
        earned = (now - self._lookups_at) * LOOKUPS_PER_S
        self._lookups = min(LOOKUPS_PER_S, self._lookups + earned)
        self._lookups_at = now
        if self._lookups < 1:
            return False
        self._lookups -= 1
        return True

    async def _catch_up(self) -> None:
        """Returns when a look at the tables that began after the call is done."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        self._wake.set()
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    async def _run(self) -> None:
        pause_s = RETRY_S
        said = False
        while True:
            try:
                await self._follow()
            except Exception as error:
                if self._healthy or not said:
                    logger.warning("the directory of tenants cannot be followed: %s", type(error).__name__)
                    said = True
                if not is_away(error) and not isinstance(error, asyncpg.PostgresError):
                    logger.exception("following the directory of tenants broke")
            pause_s = RETRY_S if self._healthy else min(2 * pause_s, LONGEST_PAUSE_S)
            self._healthy = False
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, hides nothing

    async def _follow(self) -> None:
        """One connection's life; ends in the error that ends it."""
        connection = await open_connection(self._dsn, name="mitmgate directory", timeout_s=ANSWER_WITHIN_S)
        try:
            wake = _ignoring_arguments(self._wake.set)
            connection.add_termination_listener(wake)
            with deadline(connection, LOAD_WITHIN_S):
                await connection.add_listener(CHANNEL, wake)
                await self._load(connection)
            logger.info("following the directory: %d tenants at version %d", len(self._directory), self._as_of_version)
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PROBE_EVERY_S):
                        await self._wake.wait()
                self._wake.clear()
                await self._take_changes(connection)
        finally:
            connection.terminate()

    async def _load(self, connection: asyncpg.Connection) -> None:
        waiting = self._begin_look()
        tenants, as_of_version = await load_tenants(connection)
        self._directory.replace(tenants, as_of_version)
        self._end_look(waiting, as_of_version)
        self._loaded.set()

    async def _take_changes(self, connection: asyncpg.Connection) -> None:
        waiting = self._begin_look()
        as_of_version = self._as_of_version
        while True:
            with deadline(connection, ANSWER_WITHIN_S):
                tenants = await load_changed(connection, as_of_version)
            for tenant in tenants:
                self._directory.apply(tenant)
                as_of_version = tenant.version
            if len(tenants) < BATCH:
                break
        self._end_look(waiting, as_of_version)

    def _begin_look(self) -> set[asyncio.Future[None]]:
        """Those whose question the look that begins now will answer; if it fails they go on to the next one."""
        return set(self._waiting)

    def _end_look(self, answered: set[asyncio.Future[None]], as_of_version: int) -> None:
        self._as_of_version = as_of_version
        self._healthy = True
        self._waiting -= answered
        for waiter in answered:
            if not waiter.done():
                waiter.set_result(None)


def _ignoring_arguments(callback: Callable[[], None]) -> Callable[..., None]:
    return lambda *_: callback()
