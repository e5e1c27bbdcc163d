"""One client connection and the upstream connections it borrows: the only place where bytes meet sockets.

mitmproxy's ConnectionHandler starts a task for each hook and each upstream connection, and walks all addons for each
hook. Here hooks go out from a table, synchronous ones without a task, and upstream connections come from the pool.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from mitmproxy import http
from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.server import ConnectionIO

from mitmgate.core.retry import Failure
from mitmgate.proxy.backlog import Backlog, buffered
from mitmgate.proxy.client_input import ClientInput
from mitmgate.proxy.client_reader import READ_BYTES
from mitmgate.proxy.events import (
    ConnectUpstream,
    HooksDone,
    HookUnderWay,
    ResetConnection,
    UpstreamReady,
    UpstreamServer,
)
from mitmgate.proxy.http2_server import GatewayHttp2Server
from mitmgate.proxy.layer import GatewayLayer, take_apart
from mitmgate.proxy.pool import DialFailed, Transport
from mitmgate.proxy.timers import ConnectionAlarm
from mitmgate.services.logs import place_of

if TYPE_CHECKING:
    from mitmgate.proxy.gateway import Gateway

logger = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 1 << 20
UNSENT_POLL_S = 0.05


def _ignore(event: events.Event) -> None:
    """What a connection that is taken apart does with an event."""


class LeanContext(Context):
    """A context whose forks do not each make a server connection (and its random id) only to throw it away."""

    def fork(self) -> LeanContext:
        fork = object.__new__(LeanContext)
        fork.client, fork.server, fork.options = self.client, self.server, self.options
        fork.layers = self.layers.copy()
        return fork


class GatewayConnection(ProxyConnectionHandler):
    """Runs the layers of one client connection; events are taken one after the other, never re-entered."""

    def __init__(self, gateway: Gateway, master: Any, reader: Any, writer: Any, options: Any, mode: Any) -> None:
        super().__init__(master, reader, writer, options, mode)  # type: ignore[no-untyped-call]
        self.gateway = gateway
        tls = writer.get_extra_info("ssl_object")
        if tls is not None:
            self.client.tls = True
            self.client.alpn = (tls.selected_alpn_protocol() or "").encode()
            self.client.timestamp_tls_setup = time.time()
        context = LeanContext(self.client, options)
        self.layer = GatewayLayer(context, self)
        self._events: deque[events.Event] = deque()
        self._busy = False
        self._unsent: dict[Connection, list[bytes]] = {}
        self._closed = False  # what still comes is of hooks that were under way
        self.input = ClientInput(self, reader)
        self._after_event: list[Callable[[], None]] = []
        self.alarm = ConnectionAlarm(self.feed)
        self.backlog = Backlog(writer, lambda: self.input.codec)
        self.served_at = time.monotonic()  # when a request last began or ended
        self.head_since: float | None = None  # for Clients

    # ---- events in, commands out

    async def server_event(self, event: events.Event) -> None:
        self.feed(event)

    def feed(self, event: events.Event) -> None:
        """Takes an event through the layers. From within (an eager task) it is queued behind the one at work."""
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._events:
                self.timeout_watchdog.register_activity()
                for command in self.layer.handle_event(self._events.popleft()):
                    self._execute(command)
        except Exception as problem:
            # The text of a foreign exception may hold a peer's bytes. Its place may not.
            logger.error("a layer broke: %s", place_of(problem))
            self._events.clear()
            self._close_all()
        finally:
            self._flush()
            self._busy = False
            if self._after_event:
                waiting, self._after_event = self._after_event, []
                for act in waiting:
                    act()
            self.input.go_on()
            if self._closed:
                self._take_apart()

    def _take_apart(self) -> None:
        """Breaks the reference cycles that layers and bound methods are in, once no stream is under way.

        The garbage collector counts objects, not bytes: the buffers of thousands of connections would wait for it.
        """
        below = self.layer_below()
        if below is not None and below.streams:
            return  # a hook is under way, and ends its stream
        if below is not None:
            for codec in below.connections.values():
                take_apart(codec)
            take_apart(below)
        take_apart(self.layer)
        self.input.take_apart()
        for part in (self.alarm, self.backlog, self.timeout_watchdog):
            vars(part).clear()
        self.feed = _ignore  # type: ignore[method-assign]

    def after_event(self, act: Callable[[], None]) -> None:
        """Calls it when the events at work are through; at once when there are none."""
        if self._busy:
            self._after_event.append(act)
        else:
            act()

    def _flush(self) -> None:
        """Writes what the events at work had for each connection, in one call each: head and body leave together."""
        for connection, parts in self._unsent.items():
            io = self.transports.get(connection)
            if io is not None and io.writer is not None and not io.writer.is_closing():
                data = parts[0] if len(parts) == 1 else b"".join(parts)
                io.writer.write(data)
                if connection is self.client:
                    self.backlog.handed_over += len(data)
        self._unsent.clear()

    def _execute(self, command: commands.Command) -> None:
        if isinstance(command, commands.SendData):
            self._unsent.setdefault(command.connection, []).append(command.data)
        elif isinstance(command, HookUnderWay):
            self.gateway.run(self._finish_hook(command))
        elif isinstance(command, ConnectUpstream):
            task = asyncio.get_running_loop().create_task(self._run_upstream(command))
            self.transports.setdefault(command.server, ConnectionIO()).handler = task
            if task.done():
                self.transports.pop(command.server, None)
        elif isinstance(command, commands.ConnectionCommand) and command.connection not in self.transports:
            pass  # already closed
        elif isinstance(command, commands.CloseTcpConnection):
            self.close_connection(command.connection, command.half_close)
        elif isinstance(command, commands.CloseConnection):
            if isinstance(command, ResetConnection):
                self._flush()
                self.backlog.reset()
            self.close_connection(command.connection)
        elif isinstance(command, commands.RequestWakeup):
            task = asyncio.get_running_loop().create_task(self.wakeup(command))
            self.wakeup_timer.add(task)
        elif not isinstance(command, commands.Log):  # mitmproxy's log lines may hold raw bytes
            raise RuntimeError(type(command).__name__)

    def begin_hook(self, name: str, flow: http.HTTPFlow) -> HookUnderWay | None:
        """Calls the hook's functions until one has to wait; None when all are done.

        mitmproxy yields a command for each hook, and pauses for it, whether or not anything waits.
        """
        calls = self.gateway.hooks.get(name, ())
        call_hook = self.gateway.call_hook
        for position, call in enumerate(calls):
            if (result := call_hook(call, flow)) is not None:
                return HookUnderWay(flow, result, calls[position + 1 :])
        return None

    async def _finish_hook(self, hook: HookUnderWay) -> None:
        await self.gateway.await_hook(hook.result)
        for call in hook.calls:
            result = self.gateway.call_hook(call, hook.flow)
            if result is not None:
                await self.gateway.await_hook(result)
        self.feed(HooksDone(hook))

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """For the hooks mitmproxy itself calls: client_connected and client_disconnected."""
        (data,) = hook.args()
        for call in self.gateway.hooks.get(hook.name, ()):
            result = self.gateway.call_hook(call, data)
            if result is not None:
                await self.gateway.await_hook(result)

    # ---- back-pressure

    async def drain_writers(self) -> None:
        for io in list(self.transports.values()):
            if buffered(io.writer) and isinstance(io.writer, asyncio.StreamWriter):
                try:
                    await io.writer.drain()
                except OSError:
                    if io.handler is not None:
                        io.handler.cancel("write failed")

    # ---- the client's side

    async def handle_client(self) -> None:
        try:
            await super().handle_client()
        finally:
            self.alarm.cancel()
            self.input.end()
            self._closed = True
            self._take_apart()

    async def handle_connection(self, connection: Connection) -> None:
        """Reads the client until it or we close. The upstreams' reading is `_run_upstream`."""
        io = self.transports[connection]
        cancelled = None
        try:
            await self.input.read()
            connection.state &= ~ConnectionState.CAN_READ
        except OSError:
            connection.state = ConnectionState.CLOSED
        except asyncio.CancelledError as stop:
            cancelled = stop
            connection.state = ConnectionState.CLOSED
        self.feed(events.ConnectionClosed(connection))
        if connection.state is ConnectionState.CAN_WRITE:
            try:
                await asyncio.Event().wait()  # until our side closes as well
            except asyncio.CancelledError as stop:
                cancelled = stop
        if io.writer is not None:
            io.writer.close()
        self.transports.pop(connection, None)
        io.handler = None  # a cancelled task holds its exception, whose traceback holds this frame
        if cancelled is not None:
            try:
                raise cancelled
            finally:
                del cancelled

    def clogged(self) -> bool:
        """Whether bytes wait in one of the sockets' buffers."""
        return any(buffered(io.writer) for io in self.transports.values())

    def idle(self) -> bool:
        """Whether no request is under way."""
        return not getattr(self.layer_below(), "streams", None)

    def awaits_head(self) -> bool:
        """Whether an HTTP/2 client has begun a head, or another frame, and not ended it. HTTP/1 has its own alarm."""
        codec = self.input.codec
        return isinstance(codec, GatewayHttp2Server) and codec.frame_begun()

    def layer_below(self) -> Any:
        """The HTTP layer, once the protocol is known."""
        layers = self.layer.context.layers
        return layers[1] if len(layers) > 1 else None

    def end_streams_soon(self) -> None:
        """Has every request under way answered with an error."""
        for stream in list(getattr(self.layer_below(), "streams", {}).values()):
            stream.end_soon()

    def close_client(self) -> None:
        """Closes the client's connection, and with it what it borrowed."""
        codec = self.input.codec
        if isinstance(codec, GatewayHttp2Server) and self.client.state is ConnectionState.OPEN:
            self._unsent.setdefault(self.client, []).append(codec.goodbye())
        self.close_connection(self.client)

    def _close_all(self) -> None:
        for connection in list(self.transports):
            self.close_connection(connection)

    # ---- the upstreams' side

    async def _run_upstream(self, command: ConnectUpstream) -> None:
        """Connects, reads until the stream has what it wanted, and gives the connection back or closes it."""
        server = command.server
        pool = self.gateway.pool
        transport = None if command.fresh else pool.take(server.target)
        if transport is None:
            try:
                transport = await pool.dial(server.target)
            except DialFailed as failed:
                self._upstream_failed(command, failed.failure)
                return
            except Exception as problem:
                logger.error("dialling broke: %s", place_of(problem))
                self._upstream_failed(command, Failure.CONNECT)
                return
            except asyncio.CancelledError:
                self.transports.pop(server, None)
                raise
        server.transport = transport
        server.state = ConnectionState.OPEN
        server.timestamp_start = server.timestamp_tcp_setup = time.time()
        server.tls = server.target.scheme == "https"
        server.peername = transport.writer.get_extra_info("peername")
        io = self.transports.setdefault(server, ConnectionIO())
        io.reader, io.writer = transport.reader, transport.writer
        if io.handler is None:
            io.handler = asyncio.current_task()
        self.feed(UpstreamReady(command.stream, server, None))
        try:
            await self._read_upstream(server, transport)
        finally:
            self.transports.pop(server, None)
            io.handler = None
            server.timestamp_end = time.time()

    async def _read_upstream(self, server: UpstreamServer, transport: Transport) -> None:
        try:
            while not server.release and (data := await transport.reader.read(READ_BYTES)):
                transport.reader.count()
                await self.gateway.turns.finish(partial(self._upstream_step, server, [data]))
                if not server.release:  # else what comes next on it is another request's
                    await self.drain_writers()
                    while self.backlog.behind_windows() > MAX_UNSENT_BYTES:  # noqa: ASYNC110  # windows open without an event
                        await asyncio.sleep(UNSENT_POLL_S)
        except OSError:
            server.reset = True
        except asyncio.CancelledError:
            if not server.release:
                self.gateway.pool.discard(transport)
                raise
        if server.release:
            self.gateway.pool.give_back(transport)
            return
        server.state = ConnectionState.CLOSED
        self.gateway.pool.discard(transport)
        self.feed(events.ConnectionClosed(server))

    def _upstream_step(self, server: UpstreamServer, came: list[bytes]) -> bool:
        """Feeds an upstream's codec what came, or has it go on with what it has. -> whether it has more."""
        self.feed(events.DataReceived(server, came.pop() if came else b""))
        codec = None if server.release else self.layer_below().connections.get(server)
        return codec is not None and codec.more

    def _upstream_failed(self, command: ConnectUpstream, failure: Failure) -> None:
        self.transports.pop(command.server, None)
        self.feed(UpstreamReady(command.stream, command.server, failure))

    def close_connection(self, connection: Connection, half_close: bool = False) -> None:
        if connection not in self.transports:
            return
        self._flush()
        if half_close:
            io = self.transports[connection]
            if connection.state & ConnectionState.CAN_WRITE and io.writer is not None:
                try:
                    if isinstance(io.writer, asyncio.StreamWriter) and io.writer.can_write_eof():
                        io.writer.write_eof()
                    connection.state &= ~ConnectionState.CAN_WRITE
                except OSError:
                    connection.state = ConnectionState.CLOSED
        else:
            connection.state = ConnectionState.CLOSED
        if connection.state is ConnectionState.CLOSED:
            handler = self.transports[connection].handler
            if handler is not None:
                handler.cancel("closed by command")

    def log(self, *args: Any, **kwargs: Any) -> None:
        """mitmproxy's own lines about connections are not ours to print."""
