"""A worker: a mitmproxy master with the chain, on a listener that the supervisor holds.

It serves until told to drain: then it stops accepting, closes idle connections, lets what runs end (bounded), and goes.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.settings import Settings
from mitmgate.proxy.backlog import buffered
from mitmgate.proxy.client_reader import ClientReader, read_small
from mitmgate.proxy.clients import Clients
from mitmgate.proxy.connection import GatewayConnection
from mitmgate.proxy.gateway import Gateway
from mitmgate.proxy.handshake import Handshake
from mitmgate.proxy.heap import Heap
from mitmgate.proxy.master import GatewayMaster, GatewayMode
from mitmgate.proxy.wire import error_bytes
from mitmgate.services.vital import run_vital

logger = logging.getLogger(__name__)

DRAIN_S = 30.0
LAST_WORDS_S: Final = 1.0  # for the errors of what did not end
SWEEP_S = 1.0
STALLED_S = 30.0  # a client that reads nothing for so long is not there
FULL = partial(ServiceUnavailable, 503, "gateway_overloaded", "The gateway has too many connections.", retry_after_s=1)


def client_tls(settings: Settings) -> ssl.SSLContext | None:
    """The listener's TLS, from `server.tls_cert` and `server.tls_key`; HTTP/2 by ALPN."""
    if not settings.server.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.server.tls_cert, settings.server.tls_key or None)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


class Worker:
    """Accepts clients on a socket and runs a GatewayConnection for each."""

    def __init__(self, gateway: Gateway, addons: Sequence[object], confdir: Path, tls: ssl.SSLContext | None) -> None:
        self.gateway = gateway
        self.master = GatewayMaster(addons, confdir)
        gateway.use_addons(self.master.addons.chain)
        self._tls = tls
        self._mode = GatewayMode.parse("gateway")
        self._connections: set[GatewayConnection] = set()
        self._clients = Clients(gateway.connections)
        self._parting: dict[asyncio.StreamWriter, tuple[int, float]] = {}  # bytes unread, and since when so many
        self._none_left = asyncio.Event()
        self._none_left.set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._heap = Heap()

    def use_chain(self, addons: Sequence[object]) -> None:
        """Another chain for the hooks from now on; what is under way goes on in it, its state hangs on the flow."""
        self.gateway.hooks.clear()
        self.gateway.use_addons(addons)

    async def run(self, listener: socket.socket, ready: Callable[[], Any]) -> None:
        """Serves until `stop`. Calls ready() once connections are accepted."""
        read_small()
        running = asyncio.get_running_loop().create_task(self.master.run())
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._accept,
            sock=listener,
            backlog=2048,
        )
        self._sweeper = run_vital(self._sweep())
        ready()
        try:
            await running
        finally:
            self._sweeper.cancel()
            self.gateway.pool.close()

    async def drain(self) -> None:
        """Stops accepting, lets requests end for up to DRAIN_S, then stops."""
        if self._server is not None:
            self._server.close()
        self.gateway.draining = True
        await self.gateway.audits.stop()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DRAIN_S
        while loop.time() < deadline:
            for connection in list(self._connections):
                if connection.idle():
                    connection.close_client()
            if await self._all_closed(loop.time() + 0.05):
                break
        for connection in list(self._connections):
            connection.end_streams_soon()
        await self._all_closed(loop.time() + LAST_WORDS_S)
        for connection in list(self._connections):
            connection.close_client()
        await self._all_closed(deadline + LAST_WORDS_S + 2)
        self.master.shutdown()  # type: ignore[no-untyped-call]

    async def _all_closed(self, until: float) -> bool:
        """Waits until no connection is left, or that loop time has come."""
        try:
            async with asyncio.timeout_at(until):
                await self._none_left.wait()
        except TimeoutError:
            return False
        return True

    def _accept(self) -> asyncio.Protocol:
        self._clients.limits = self.gateway.connections
        streams = asyncio.StreamReaderProtocol(ClientReader(self.gateway.room), self._serve)
        return streams if self._tls is None else Handshake(self._clients, self._tls, streams)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        if self._tls is None and not self._clients.admits(address):  # else its handshake was admitted
            _turn_away(writer)
            return
        connection = GatewayConnection(self.gateway, self.master, reader, writer, self.master.options, self._mode)
        self._connections.add(connection)
        self._clients.add(connection, address)
        self._none_left.clear()
        try:
            await connection.handle_client()
        finally:
            self._connections.discard(connection)
            self._clients.remove(connection)
            if buffered(writer):  # closed, but not read: the system keeps it until it is
                self._parting[writer] = (buffered(writer), time.monotonic())
            if not self._connections:
                self._none_left.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.gateway.pool.sweep()
            self._clients.sweep()
            self._end_slow_readers()
            self._end_parting()
            self._heap.look(self.gateway.room.used)

    def _end_parting(self) -> None:
        """Breaks off with clients that we have closed and that take nothing of the rest."""
        now = time.monotonic()
        for writer, (left, since) in list(self._parting.items()):
            size = buffered(writer)
            if not size:
                del self._parting[writer]
            elif size < left:
                self._parting[writer] = (size, now)
            elif now - since > STALLED_S:
                writer.transport.abort()
                del self._parting[writer]

    def _end_slow_readers(self) -> None:
        """Breaks off with clients that take nothing of what they asked for, and with the worst when it is too much."""
        waiting = [(unread, each) for each in self._connections if (unread := each.backlog.unread())]
        for _, each in waiting:
            if each.backlog.stalled_s(SWEEP_S) > STALLED_S:
                each.backlog.abort()
        too_much = sum(unread for unread, _ in waiting) - self.gateway.room.limit
        for unread, each in sorted(waiting, key=lambda pair: -pair[0]):
            if too_much <= 0:
                break
            each.backlog.abort()
            too_much -= unread


def _turn_away(writer: asyncio.StreamWriter) -> None:
    """Says why, where that takes no more than the socket's buffer, and ends the connection."""
    writer.write(error_bytes(FULL()))
    if buffered(writer):
        writer.transport.abort()
    else:
        writer.close()
