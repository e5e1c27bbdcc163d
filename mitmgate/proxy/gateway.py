"""What the connections of one worker share: the pool, the hook table, the room for buffered bodies."""

from __future__ import annotations

import asyncio
import inspect
import logging
import resource
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from mitmgate.core.descriptors import Division, divide
from mitmgate.core.settings import Settings
from mitmgate.proxy.audits import Audits
from mitmgate.proxy.clients import ConnectionLimits
from mitmgate.proxy.pool import UpstreamPool
from mitmgate.proxy.room import Room as Room
from mitmgate.proxy.turns import Turns
from mitmgate.services.upstream_tls import upstream_tls

logger = logging.getLogger(__name__)

HOOKS = (
    "client_connected",
    "client_disconnected",
    "requestheaders",
    "request",
    "responseheaders",
    "response",
    "answer_complete",
    "error",
)


@dataclass(slots=True)
class Gateway:
    """hooks maps a hook's name to the functions that take it, in chain order."""

    pool: UpstreamPool
    room: Room
    max_header_bytes: int
    body_s: float = 300.0
    connections: ConnectionLimits = field(default_factory=ConnectionLimits)
    hooks: dict[str, tuple[Callable[[Any], Any], ...]] = field(default_factory=dict)
    draining: bool = False
    turns: Turns = field(default_factory=Turns)
    audits: Audits = field(init=False)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.audits = Audits(self.pool)
        self.pool.room = self.room

    def use_addons(self, addons: Iterable[object]) -> None:
        """Builds the hook table from the addons that define a hook."""
        listed = list(addons)
        for name in HOOKS:
            calls = tuple(call for addon in listed if (call := getattr(addon, name, None)) is not None)
            if calls:
                self.hooks[name] = calls

    def call_hook(self, call: Callable[[Any], Any], data: Any) -> Awaitable[object] | None:
        """Calls a hook function; an awaitable comes back when it is not done yet.

        The chain turns its gates' exceptions into refusals itself; what still arrives here is another addon's.
        """
        try:
            result = call(data)
        except Exception as problem:
            logger.error("an addon's hook failed: %s", type(problem).__name__)
            return None
        if result is None:
            return None
        return result if inspect.isawaitable(result) else None

    async def await_hook(self, result: Awaitable[object]) -> None:
        try:
            await result
        except Exception as problem:
            logger.error("an addon's hook failed: %s", type(problem).__name__)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs it in a task and holds a reference until it is done: the loop itself holds only a weak one."""
        task = asyncio.get_running_loop().create_task(self._run(work))
        if not task.done():
            self._tasks.add(task)

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:  # not in a callback, which would be one more turn of the loop for each request
            task = asyncio.current_task()
            assert task is not None
            self._tasks.discard(task)


def make_gateway(settings: Settings) -> Gateway:
    """The gateway of a worker. Raises OSError or ssl.SSLError when `upstream.ca_file` cannot be used."""
    division = descriptors(settings)
    return Gateway(
        pool=UpstreamPool(
            tls=upstream_tls(settings.upstream), resolve=settings.upstream.resolve, most=division.upstreams
        ),
        room=Room(settings.limits.max_buffered_bytes),
        max_header_bytes=settings.limits.max_header_bytes,
        body_s=settings.limits.body_s,
        connections=connection_limits(settings, division),
    )


def descriptors(settings: Settings) -> Division:
    """How the files that this process may open are divided."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return divide(1 << 20 if soft == resource.RLIM_INFINITY else soft, settings.limits.max_in_flight)


def connection_limits(settings: Settings, division: Division) -> ConnectionLimits:
    trusted = tuple(ip_network(network) for network in settings.server.trusted_proxies)
    return ConnectionLimits(division.clients, settings.limits.max_connections_per_address, trusted)


def apply_settings(gateway: Gateway, settings: Settings) -> None:
    """A reload, for what comes from now on. Raises as make_gateway, and then changes nothing."""
    tls = upstream_tls(settings.upstream)
    gateway.pool.close()  # its connections were made under the old roots and addresses
    gateway.pool.tls, gateway.pool.resolve = tls, settings.upstream.resolve
    division = descriptors(settings)
    gateway.pool.most, gateway.connections = division.upstreams, connection_limits(settings, division)
    gateway.room.limit = settings.limits.max_buffered_bytes
    gateway.max_header_bytes = settings.limits.max_header_bytes
    gateway.body_s = settings.limits.body_s
