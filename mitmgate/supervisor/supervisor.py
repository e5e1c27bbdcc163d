"""The story of `gatewayctl serve`: start at once what does not wait for each other, watch it, drain it."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, Final

from mitmgate import __version__
from mitmgate.core.settings import ConfigError, Runtime, Settings, runtime_document, runtime_secrets
from mitmgate.core.store_urls import without_password
from mitmgate.services.secrets import Secrets, SecretsUnusable, load_secrets
from mitmgate.supervisor import announce, demo, listeners
from mitmgate.supervisor.data_dir import DataDirectory
from mitmgate.supervisor.errors import CannotStart
from mitmgate.supervisor.family import Family
from mitmgate.supervisor.handed_secrets import HandedSecrets
from mitmgate.supervisor.reloading import check_ca_file, check_usable, reloaded
from mitmgate.supervisor.stores import Stores

_TICK_S: Final = 0.5
_OPEN_FILES: Final = 65_536
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a start has made; each is given back in its turn by the stack that it was made on."""

    data: DataDirectory
    secrets: HandedSecrets
    stores: Stores
    family: Family
    listener: socket.socket
    control_port: int

    @property
    def loopback(self) -> bool:
        return listeners.is_loopback(self.listener)

    def write_settings(self, settings: Settings, runtime: Runtime) -> None:
        """For the children, of now and later. Raises CannotStart."""
        self.secrets.write(runtime_secrets(settings, runtime))
        self.data.write_settings(runtime_document(settings, runtime, self.secrets.fd))


class Supervisor:
    """One run of the gateway. `load` reads the settings again; begun_s is when the command began, of time.monotonic."""

    def __init__(self, settings: Settings, load: Callable[[], Settings], begun_s: float) -> None:
        self._settings = settings
        self._load = load
        self._begun_s = begun_s
        self._asked_to_end = asyncio.Event()
        self._hurry = asyncio.Event()
        self._clean = False
        self._reload: Callable[[], None] | None = None
        self._whole_once = False

    async def run(self) -> int:
        """Serves until told to end. Returns the exit code: 0 after a clean drain. Raises CannotStart."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, signal.Signals(number))
        loop.add_signal_handler(signal.SIGHUP, self._reload_if_started)
        async with AsyncExitStack() as stack:
            starting = asyncio.create_task(self._start(stack))
            ending = asyncio.create_task(self._asked_to_end.wait())
            try:
                await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    starting.result()
                await ending
            finally:
                starting.cancel()
                ending.cancel()
                with suppress(asyncio.CancelledError, CannotStart):
                    await starting
        announce.say("mitmgate has ended" if self._clean else "mitmgate has ended, but not cleanly")
        return 0 if self._clean else 1

    async def _start(self, stack: AsyncExitStack) -> None:
        settings = self._settings
        _allow_many_files()
        parts = self._claim(stack)
        demo.check_asked_for(settings.demo, loopback=parts.loopback)
        check_ca_file(settings.upstream)
        announce.say(f"mitmgate {__version__}, data in {settings.data_dir}")
        parts.family.start()
        await asyncio.sleep(0)  # their processes first: making a database takes a second
        if parts.stores.servers:
            announce.say(f"starting {' and '.join(server.title for server in parts.stores.servers)}")
        parts.stores.launch()
        secrets = _secrets(settings)
        await parts.stores.serving()
        for warning in await parts.stores.check():
            _log.warning("%s", warning)
        for server in parts.stores.servers:
            self._beside(stack, parts.stores.watch(server))
        demo_upstream = await self._prepare_database(parts, secrets)
        runtime = self._runtime(parts, demo_upstream)
        parts.write_settings(settings, runtime)
        self._reload = lambda: self._reload_now(parts, runtime)
        announce.say(f"starting control, the matcher and {announce.workers(runtime)}")
        parts.family.go()
        self._beside(stack, self._watch(parts))
        await parts.family.all_ready()
        self._tell_status(parts)
        started = announce.Started(
            settings,
            runtime,
            demo_off=demo.why_off(settings.demo, loopback=parts.loopback),
            took_s=time.monotonic() - self._begun_s,
            server_logs=tuple(str(server.log) for server in parts.stores.servers),
        )
        for line in announce.banner(started):
            announce.say(line)

    def _claim(self, stack: AsyncExitStack) -> _Parts:
        """Data directory and ports, so that a second gateway is refused before anything is started."""
        settings = self._settings
        data = DataDirectory(settings.data_dir)
        stack.callback(data.release)
        sockets = listeners.bind_listeners(settings.server.host, settings.server.port, settings.server.workers)
        control = listeners.bind_loopback()
        stack.callback(control.close)
        stores = Stores(settings, settings.data_dir)
        stack.push_async_callback(stores.stop)
        secrets = HandedSecrets()
        stack.callback(secrets.close)
        family = Family(data.settings_file, sockets, control, data.matcher_socket, data.children_lock, secrets.fd)

        async def end_family() -> None:
            for each in sockets:  # ours; once the workers have closed theirs, too, clients are refused
                each.close()
            self._clean = await family.end(self._hurry)

        stack.push_async_callback(end_family)
        return _Parts(data, secrets, stores, family, sockets[0], listeners.port_of(control))

    async def _prepare_database(self, parts: _Parts, secrets: Secrets) -> str | None:
        """Brings the schema up to date and, when the demo is to run, starts its mock LLM. -> the mock's URL"""
        from mitmgate.services import postgres  # asyncpg takes a tenth of a second, in which the servers start
        from mitmgate.services.migrations import DatabaseUnusable

        dsn, wanted = parts.stores.database_dsn, self._settings.demo
        announce.say("bringing the schema up to date")
        try:
            await postgres.prepare_database(dsn, secrets)
            await parts.stores.claim()
            has_tenants = wanted is None and parts.loopback and await postgres.has_tenants(dsn)
            if not demo.runs(wanted, loopback=parts.loopback, has_tenants=has_tenants):
                return None
            port = demo.mock_port()
            if port != demo.MOCK_PORT:
                holder = listeners.holder_of(demo.MOCK_PORT)
                announce.say(f"port {demo.MOCK_PORT} is held{holder}: the demo's mock LLM takes {port}")
            upstream = f"http://{listeners.LOOPBACK}:{port}"
            await postgres.ensure_demo_tenant(dsn, secrets, upstream)
        except (DatabaseUnusable, *postgres.AWAY) as error:
            raise CannotStart(without_password(str(error), dsn)) from None
        parts.family.start_mock(port)
        return upstream

    def _runtime(self, parts: _Parts, demo_upstream: str | None) -> Runtime:
        return Runtime(
            data_dir=self._settings.data_dir,
            database_dsn=parts.stores.database_dsn,
            redis_url=parts.stores.redis_url,
            demo=demo_upstream is not None,
            demo_upstream=demo_upstream,
            worker_count=self._settings.server.workers,
            listen_host=str(parts.listener.getsockname()[0]),
            listen_port=listeners.port_of(parts.listener),
            control_port=parts.control_port,
            version=__version__,
            matcher_socket=str(parts.data.matcher_socket),
        )

    async def _watch(self, parts: _Parts) -> None:
        """Kills what is wedged, and tells everybody how everybody is: at a change, and each second."""
        loop = asyncio.get_running_loop()
        turn, last_s, told = 0, loop.time(), ""
        while True:
            await asyncio.sleep(_TICK_S)
            now_s = loop.time()
            late_s = now_s - last_s - _TICK_S  # we were stopped or busy: nobody could be heard meanwhile
            parts.family.kill_wedged(now_s, late_s if late_s > 2 * _TICK_S else 0.0)
            turn, last_s = turn + 1, now_s
            if turn % 2 == 0 or told != str(parts.family.status(parts.stores.down())):
                told = self._tell_status(parts)

    def _tell_status(self, parts: _Parts) -> str:
        status = parts.family.status(parts.stores.down())
        self._whole_once = self._whole_once or parts.family.serving()
        # A worker that was not there then, or is started again now, is as ready as the others.
        parts.family.tell({"op": "status", "status": status, "whole_once": self._whole_once})
        return str(status)

    def _beside(self, stack: AsyncExitStack, work: Any) -> None:
        """Runs until the stack unwinds; ends the gateway should it fail."""

        def tell(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and task.exception() is not None:
                _log.critical("the supervisor failed", exc_info=task.exception())
                self._asked_to_end.set()

        task: asyncio.Task[None] = asyncio.create_task(work)
        task.add_done_callback(tell)
        stack.callback(task.cancel)

    def _end(self, number: signal.Signals) -> None:
        if self._asked_to_end.is_set():
            announce.say("ending at once")
            self._hurry.set()
        else:
            announce.say(f"{number.name}: draining; once more ends at once")
            self._asked_to_end.set()

    def _reload_if_started(self) -> None:
        if self._reload is None:
            _log.warning("not reloaded: still starting")
        else:
            self._reload()

    def _reload_now(self, parts: _Parts, runtime: Runtime) -> None:
        try:
            settings, changed, waiting = reloaded(self._settings, self._load())
            check_usable(settings)
            parts.write_settings(settings, runtime)
        except (ConfigError, CannotStart) as error:
            for line in str(error).splitlines():
                _log.error("not reloaded: %s", line)
            return
        self._settings = settings
        parts.family.tell({"op": "reload"})
        announce.say(f"reloaded; changed: {', '.join(changed) or 'nothing'}")
        if waiting:
            announce.say(f"needs a restart: {', '.join(waiting)}")


def _secrets(settings: Settings) -> Secrets:
    try:
        return load_secrets(settings, settings.data_dir, create=True)
    except SecretsUnusable as error:
        raise CannotStart(str(error)) from None


def _allow_many_files() -> None:
    """A connection is a file, and the soft limit is often 1024; children inherit ours."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
