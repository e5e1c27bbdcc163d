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
from mitmgate.proxy.client_reader import READ_BYTES, ClientReader
from mitmgate.proxy.events import ConnectUpstream, HooksDone, HookUnderWay, UpstreamReady, UpstreamServer
from mitmgate.proxy.http1_server import GatewayHttp1Server
from mitmgate.proxy.http2_server import GatewayHttp2Server
from mitmgate.proxy.layer import GatewayLayer
from mitmgate.proxy.pool import DialFailed, Transport
from mitmgate.proxy.timers import ConnectionAlarm
from mitmgate.services.logs import place_of

if TYPE_CHECKING:
    from mitmgate.proxy.gateway import Gateway

logger = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 1 << 20
UNSENT_POLL_S = 0.05


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
        self._client_held = False
        self.codec: GatewayHttp1Server | GatewayHttp2Server | None = None  # the client's, once its protocol is known
        self._reader: ClientReader = reader
        reader.also_waiting = self._worked_on_later
        self._set_aside = 0  # bytes that the reading task has and waits with
        self._arrived = b""  # of the client, to be fed in the step that waits for its turn
        self._waiting = False  # a step of the client's input waits
        self._can_go_on: asyncio.Future[None] | None = None  # what the reading task waits for
        self._after_event: list[Callable[[], None]] = []
        self.alarm = ConnectionAlarm(self.feed)
        self.backlog = Backlog(writer, lambda: self.codec)
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
            self._look_at_client()

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

    def hold_client(self) -> None:
        """Stops reading from the client: a hook or a connect must end before its bytes have somewhere to go."""
        self._client_held = self.client.alpn != b"h2"

    def release_client(self) -> None:
        """Reads on, after the event at work if there is one."""
        if self._client_held:
            self._client_held = False
            if not self._busy:
                self._look_at_client()

    def _look_at_client(self) -> None:
        """After an event: has the codec go on with what waits in it, or lets the reading task go on."""
        if not self._reader.count():
            self.backlog.abort()
        if self._waiting:
            return
        if self._may_step():
            self._take_turn(b"")
        elif self._can_go_on is not None and not self._can_go_on.done() and not self._client_held:
            self._can_go_on.set_result(None)

    def _may_step(self) -> bool:
        """Whether the client's codec has input that it can work on."""
        if self._client_held or self.client.state is ConnectionState.CLOSED:
            return False
        return self.codec is not None and self.codec.more

    def _take_turn(self, data: bytes) -> None:
        self._arrived, self._waiting = data, True
        self.gateway.turns.run(self._step)

    def _step(self) -> bool:
        """Feeds the client's codec what came, or has it go on with what it has. -> whether it has more."""
        data, self._arrived = self._arrived, b""
        if self.client.state is ConnectionState.CLOSED:
            self._waiting = False
            return False
        self.feed(events.DataReceived(self.client, data))
        if self._may_step():
            return True
        self._waiting = False
        self._look_at_client()
        return False

    async def _until_ready(self, for_data: bool) -> None:
        """Waits until what came before is worked on and, for_data, until there is room behind it."""
        while self._client_held or self._waiting or (for_data and self._is_full()):
            self._can_go_on = asyncio.get_running_loop().create_future()
            await self._can_go_on
        self._can_go_on = None

    def _is_full(self) -> bool:
        return self.codec is not None and self.codec.full and self.client.state is ConnectionState.OPEN

    def _worked_on_later(self) -> int:
        """Bytes of the client that were read and not worked on."""
        in_codec = self.codec.waiting_bytes() if self.codec is not None else 0
        return self._set_aside + len(self._arrived) + in_codec

    def holds_bytes(self) -> bool:
        """Whether it is not the client's doing that nothing more of it is read."""
        return self._client_held or self._waiting or self._clogged()

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
            self._reader.take = self._reader.also_waiting = None
            self._reader.release()

    async def handle_connection(self, connection: Connection) -> None:
        """Reads the client until it or we close. The upstreams' reading is `_run_upstream`."""
        io = self.transports[connection]
        cancelled = None
        reader = io.reader
        assert isinstance(reader, ClientReader)
        try:
            while True:
                reader.take = self._take
                data = await reader.read(READ_BYTES)
                reader.take = None  # what comes now must not overtake this
                self._set_aside = len(data)
                await self._until_ready(for_data=bool(data))
                await self.drain_writers()
                await self._until_ready(for_data=bool(data))
                self._set_aside = 0
                if not data:
                    break
                self._take_turn(data)
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
        if cancelled is not None:
            raise cancelled

    def _take(self, data: bytes) -> bool:
        """Feeds what has just come, unless it has to wait for what came before. -> whether it did."""
        if self._client_held or self._waiting or self.client.state is not ConnectionState.OPEN:
            return False
        if self._is_full() or self._clogged():
            return False
        self._take_turn(data)
        return True

    def _clogged(self) -> bool:
        """Whether bytes wait in one of the sockets' buffers."""
        return any(buffered(io.writer) for io in self.transports.values())

    def idle(self) -> bool:
        """Whether no request is under way."""
        return not getattr(self.layer_below(), "streams", None)

    def awaits_head(self) -> bool:
        """Whether an HTTP/2 client has begun a head, or another frame, and not ended it. HTTP/1 has its own alarm."""
        codec = self.codec
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
        codec = self.codec
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
