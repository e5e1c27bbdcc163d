"""PostgreSQL and Valkey: our own, started and restarted here, or somebody else's by URL."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from mitmgate.core.settings import Settings
from mitmgate.services.embedded import EmbeddedPostgres, EmbeddedServerError, EmbeddedValkey
from mitmgate.services.embedded.child import ServerProcess
from mitmgate.services.logs import reason_of
from mitmgate.supervisor.backoff import Backoff
from mitmgate.supervisor.errors import CannotStart

_START_S: Final = 60.0
_POLL_S: Final = 0.01
_NAMES: Final[dict[type, str]] = {EmbeddedPostgres: "database", EmbeddedValkey: "redis"}
_log = logging.getLogger(__name__)


class Stores:
    """This run's stores. `launch` and `watch` are for the main thread: servers end with their thread."""

    def __init__(self, settings: Settings, data_dir: Path) -> None:
        embedded: list[ServerProcess] = []
        self.database_dsn, self.redis_url = settings.database.url, settings.redis.url
        if self.database_dsn == "embedded":
            embedded.append(EmbeddedPostgres(data_dir / "postgres"))
        if self.redis_url == "embedded":
            embedded.append(EmbeddedValkey(data_dir / "valkey"))
        self.servers = tuple(embedded)

    def launch(self) -> None:
        """Starts them all without waiting."""
        for server in self.servers:
            try:
                server.launch()
            except (EmbeddedServerError, OSError) as error:
                raise CannotStart(str(error)) from None

    async def serving(self) -> None:
        """Waits until all answer, and learns their addresses. Raises CannotStart."""
        deadline = asyncio.get_running_loop().time() + _START_S
        for server in self.servers:
            while not server.ready():
                if not server.alive() or asyncio.get_running_loop().time() > deadline:
                    raise CannotStart(f"{server.title} did not start; see {server.log}")
                await asyncio.sleep(_POLL_S)
            if isinstance(server, EmbeddedPostgres):
                self.database_dsn = server.dsn
            elif isinstance(server, EmbeddedValkey):
                self.redis_url = server.url

    async def check(self) -> list[str]:
        """Whether a store of somebody else's can serve. -> what its operator should know. Raises CannotStart.

        PostgreSQL is asked when the schema is brought up to date.
        """
        if any(isinstance(server, EmbeddedValkey) for server in self.servers):
            return []
        from mitmgate.services.redis_start import StoreUnusable, check_store

        try:
            return await check_store(self.redis_url)
        except StoreUnusable as error:
            raise CannotStart(str(error)) from None

    async def claim(self) -> None:
        """Sees to it that the store has nothing of another database's tenants; for a database that is up to date.

        Raises CannotStart, and PostgreSQL's errors.
        """
        from mitmgate.services.redis import StoreDown
        from mitmgate.services.redis_start import StoreUnusable
        from mitmgate.services.store_owner import claim_store

        alone = any(isinstance(server, EmbeddedValkey) for server in self.servers)
        try:
            await claim_store(self.database_dsn, self.redis_url, alone=alone)
        except StoreUnusable as error:
            raise CannotStart(str(error)) from None
        except StoreDown:
            raise CannotStart("Valkey stopped answering while the gateway started") from None

    async def watch(self, server: ServerProcess) -> None:
        """Starts a server again whenever it has ended."""
        backoff = Backoff()
        while True:
            await asyncio.sleep(0.25)
            if server.alive():
                continue
            pause_s = backoff.after_death(asyncio.get_running_loop().time())
            _log.warning(
                "%s has ended; starting it again in %g s (restart %d)", server.title, pause_s, backoff.restarts
            )
            await asyncio.sleep(pause_s)
            try:
                server.launch()
            except (EmbeddedServerError, OSError) as error:
                _log.error("%s", reason_of(error))

    def down(self) -> set[str]:
        """Which of ours do not run now: `database`, `redis`."""
        return {_NAMES[type(server)] for server in self.servers if not server.alive()}

    async def stop(self) -> None:
        """Ends ours in good order."""
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in self.servers))
