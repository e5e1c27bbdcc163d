"""The control process: the admin API, the shipper and the sweeps on one loop, and the line to the supervisor."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from mitmgate.control.app import make_app
from mitmgate.control.applied import ApplyEverywhere
from mitmgate.control.automatic_blocks import AutomaticBlocks
from mitmgate.control.cache_audit import AuditWatch
from mitmgate.control.context import CacheStore, Control
from mitmgate.control.shipper import Shipper
from mitmgate.control.upkeep import StoreChecks, share_cache, sweep_cache, watch_claim
from mitmgate.core.settings import Runtime, load_runtime
from mitmgate.services.channel import Channel, Message
from mitmgate.services.matcher_client import MatcherClient
from mitmgate.services.postgres import create_pool
from mitmgate.services.redis import Store
from mitmgate.services.secrets import load_secrets
from mitmgate.services.vital import run_vital

BEAT_S: Final = 1.0
SHUTDOWN_S: Final = 2
FLUSH_S: Final = 5.0
#: Longer than any worker keeps an idle connection: a request must not meet one that we are just closing.
KEEP_ALIVE_S: Final = 3600

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """uvicorn that leaves signals to us and tells when it serves."""

    def __init__(self, app: ASGIApp, serves: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        super().__init__(config)
        self._serves = serves

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._serves()


async def run(settings_file: Path, listen_fd: int, channel_fd: int) -> None:
    """Serves until told to drain; then ships what the workers wrote last. Needs no store to start or to stay up."""
    settings, runtime = load_runtime(settings_file)
    channel = Channel(channel_fd)
    async with AsyncExitStack() as opened:
        pool = await create_pool(runtime.database_dsn, name="mitmgate admin")
        opened.callback(pool.terminate)
        shipping_pool = await create_pool(runtime.database_dsn, name="mitmgate shipper", max_size=2)
        opened.callback(shipping_pool.terminate)
        store = Store(runtime.redis_url)
        opened.push_async_callback(store.close)
        matcher = MatcherClient(runtime.matcher_socket)
        opened.push_async_callback(matcher.close)
        cache = CacheStore(store)
        status = Status()
        shipper = _shipper(runtime, shipping_pool, settings.usage.retention_days)
        everywhere = ApplyEverywhere(channel)
        control = Control(
            settings,
            load_secrets(settings, runtime.data_dir, create=False),
            pool,
            runtime.version,
            AutomaticBlocks(store),
            matcher,
            cache,
            demo=runtime.demo,
            apply=everywhere,
            forget=everywhere.forget,
            status=status.told,
            shipper=lambda: _lag(shipper),
        )
        checks = StoreChecks(pool, store)
        audits = AuditWatch(pool, lambda: control.settings.cache.max_wrong)
        server = Server(make_app(control), lambda: channel.send_nowait({"op": "ready"}))
        _listen_to_supervisor(channel, settings_file, control, shipper, server, status)
        tasks = [
            run_vital(work)
            for work in (
                channel.run(),
                shipper.run(),
                checks.run(),
                audits.run(),
                sweep_cache(pool, cache, matcher),
                share_cache(cache),
                watch_claim(pool, store),
                _beat(channel, server, checks, audits),
            )
        ]
        await server.serve([socket.socket(fileno=listen_fd)])
        whole = await shipper.flush(FLUSH_S)
        if not whole:
            log.warning("not all usage could be shipped before the end; the next start ships the rest")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Status:
    """The supervisor's last word on the gateway."""

    def __init__(self) -> None:
        self._told: Mapping[str, Any] = {}

    def tell(self, message: Message) -> None:
        self._told = message["status"]

    def told(self) -> Mapping[str, Any]:
        return self._told


def _listen_to_supervisor(
    channel: Channel, settings_file: Path, control: Control, shipper: Shipper, server: Server, status: Status
) -> None:
    def drain(message: Message | None = None) -> None:
        server.should_exit = True

    def reload(message: Message) -> None:
        control.settings, _ = load_runtime(settings_file)
        shipper.retention_days = control.settings.usage.retention_days

    channel.on("status", status.tell)
    channel.on("drain", drain)
    channel.on("reload", reload)
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, drain)


async def _beat(channel: Channel, server: Server, checks: StoreChecks, audits: AuditWatch) -> None:
    """Tells the supervisor each second that the loop still turns, and how stores and cache look from here."""
    while True:
        found = {"database": checks.database, "redis": checks.redis, "cache": not audits.over}
        channel.send_nowait({"op": "beat", "ready": server.started, "checks": found})
        await asyncio.sleep(BEAT_S)


def _shipper(runtime: Runtime, pool: Any, retention_days: int) -> Shipper:
    folder = runtime.data_dir
    return Shipper(folder / "journal", folder / "dead-letter", pool, retention_days=retention_days)


def _lag(shipper: Shipper) -> dict[str, Any]:
    stats = shipper.stats
    return {
        "lag_rows": stats.lag_rows,
        "lag_bytes": stats.lag_bytes,
        "shipped": stats.shipped,
        "dead_lettered": stats.dead_lettered,
    }
