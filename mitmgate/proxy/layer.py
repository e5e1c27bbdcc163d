"""The HTTP layer of a client connection: our codecs, our streams, one upstream connection an attempt.

mitmproxy's HttpLayer keeps upstream connections by client connection and never forgets one. Here a stream asks the
connection's owner for one (`ConnectUpstream`), holds it for an attempt, and gives it back to the worker's pool.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator, Layer
from mitmproxy.proxy.layers.http import DropStream, HttpLayer, HTTPMode, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import RequestHeaders, RequestProtocolError

from mitmgate.proxy.events import Alarm, Timer, UpstreamReady, UpstreamServer
from mitmgate.proxy.http1_client import GatewayHttp1Client
from mitmgate.proxy.http1_server import HEAD_S, GatewayHttp1Server
from mitmgate.proxy.http2_server import GatewayHttp2Server
from mitmgate.proxy.plan import plan_of
from mitmgate.proxy.stream import GatewayHttpStream
from mitmgate.proxy.wire import NO_TLS_HERE, error_bytes, error_response

if TYPE_CHECKING:
    from mitmgate.proxy.connection import GatewayConnection

H2_PREFACE = b"PRI * HTTP/2.0\r\n"
TLS_HANDSHAKE = b"\x16\x03"  # how its first record begins (RFC 8446 section 5.1)


def forget_stream(stream: HttpStream) -> None:
    """Takes an ended stream, and its flow, out of the reference cycles that streams and plans are in.

    The garbage collector counts objects, not bytes: the bodies of hundreds of requests would wait for it.
    """
    own = vars(stream)
    flow = own.pop("flow", None)
    plan = None if flow is None else plan_of(flow)
    if plan is not None:
        plan.render, plan.stream_error, plan.claim = error_response, None, None
    stream.context.layers.clear()
    for name in ("_timers", "client_state", "server_state"):
        own.pop(name, None)


def _note_left(stream: HttpStream) -> None:
    """Has a hook that is under way know; the stream itself gets no event before it ends."""
    plan = plan_of(stream.flow) if hasattr(stream, "flow") else None
    if plan is not None:
        plan.left = True


def take_apart(layer: Layer) -> None:
    """Breaks the cycles of a layer or a codec that gets no event any more."""
    h2_conn = getattr(layer, "h2_conn", None)
    if h2_conn is not None:
        vars(h2_conn).clear()
    if hasattr(layer, "context"):
        layer.context.layers.clear()
    vars(layer).clear()


class GatewayLayer(Layer):
    """The top: HTTP/2 by ALPN or by its preface (prior knowledge), else HTTP/1."""

    def __init__(self, context: Context, connection: GatewayConnection) -> None:
        super().__init__(context)
        self._connection = connection
        self._seen = b""

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.Start):
            if self.context.client.tls:
                yield from self._begin()
            else:
                self._connection.alarm.set(HEAD_S, self._close)
        elif isinstance(event, Alarm):
            yield from event.act()
        elif isinstance(event, events.DataReceived):
            self._seen += event.data
            if len(self._seen) < len(H2_PREFACE) and H2_PREFACE.startswith(self._seen):
                return
            if self._seen.startswith(TLS_HANDSHAKE):  # it would wait for a head that never ends
                yield commands.SendData(self.context.client, error_bytes(NO_TLS_HERE()))
                yield from self._close()
                return
            if self._seen.startswith(H2_PREFACE):
                self.context.client.alpn = b"h2"
            yield from self._begin()
            seen, self._seen = self._seen, b""
            yield from self._handle_event(events.DataReceived(self.context.client, seen))
        elif isinstance(event, events.ConnectionClosed):
            yield commands.CloseConnection(self.context.client)

    def _close(self) -> Iterator[commands.Command]:
        yield commands.CloseConnection(self.context.client)

    def _begin(self) -> CommandGenerator[None]:
        self._connection.alarm.set(None, self._close)
        child = GatewayHttpLayer(self.context, self._connection)
        self.handle_event = self._handle_event = child.handle_event  # type: ignore[method-assign]
        yield from child.handle_event(events.Start())


class GatewayHttpLayer(HttpLayer):
    """mitmproxy's HttpLayer with our codecs and streams."""

    streams: dict[int, GatewayHttpStream]  # type: ignore[assignment]

    def __init__(self, context: Context, connection: GatewayConnection) -> None:
        super().__init__(context, HTTPMode.transparent)
        self._connection = connection

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.CommandCompleted):
            yield from self.event_to_child(self.command_sources.pop(event.command), event)
        elif isinstance(event, events.DataReceived) and event.connection is self.context.client:
            yield from self.event_to_child(self.connections[event.connection], event)
        elif isinstance(event, Timer):
            if self.streams.get(event.stream.stream_id) is event.stream:
                yield from self.event_to_child(event.stream, event)
        elif isinstance(event, UpstreamReady):
            yield from self._upstream_ready(event)
        elif isinstance(event, Alarm):
            yield from event.act()
        elif isinstance(event, events.ConnectionEvent) and event.connection is not self.context.client:
            codec = self.connections.get(event.connection)
            if codec is not None:  # else it was abandoned
                yield from self.event_to_child(codec, event)
                if isinstance(event, events.ConnectionClosed):
                    self._forget(event.connection)
        elif isinstance(event, events.Start):
            self.connections[self.context.client] = self._connection.input.codec = codec = self._client_codec()
            yield from self.event_to_child(codec, event)
        else:
            yield from super()._handle_event(event)

    def handle_event(self, event: events.Event) -> CommandGenerator[None]:
        """This layer never waits for a command of its own, so mitmproxy's pausing around it is left out."""
        return self._handle_event(event)

    def event_to_child(self, child: Layer, event: events.Event) -> CommandGenerator[None]:
        """As in mitmproxy, for the commands that occur here, by type: it runs a dozen times a request."""
        for command in child.handle_event(event):
            if type(command) is SendHttp:
                yield from self.event_to_child(self.connections[command.connection], command.event)
            elif type(command) is ReceiveHttp:
                received = command.event
                if type(received) is RequestHeaders:
                    yield from self.make_stream(received.stream_id)
                stream = self.streams.get(received.stream_id)
                if stream is not None:  # else it has ended
                    if type(received) is RequestProtocolError:
                        _note_left(stream)
                    stream.note_waiting(received)
                    yield from self.event_to_child(stream, received)
            elif type(command) is DropStream:
                dropped = self.streams.pop(command.stream_id, None)
                if dropped is not None:
                    self._connection.served_at = time.monotonic()
                    self._connection.after_event(partial(forget_stream, dropped))
            else:
                if command.blocking or type(command) is commands.RequestWakeup:
                    self.command_sources[command] = child
                yield command

    def make_stream(self, stream_id: int) -> CommandGenerator[None]:
        stream = GatewayHttpStream(self.context.fork(), stream_id, self, self._connection)
        self.streams[stream_id] = stream
        self._connection.served_at = time.monotonic()
        yield from self.event_to_child(stream, events.Start())

    def forget(self, server: UpstreamServer) -> None:
        """Drops an abandoned upstream connection's codec: what still comes on it reaches nobody."""
        self._forget(server)

    def _forget(self, connection: Connection) -> None:
        codec = self.connections.pop(connection, None)
        if codec is not None:
            self._connection.after_event(partial(take_apart, codec))

    def _client_codec(self) -> GatewayHttp1Server | GatewayHttp2Server:
        if self.context.client.alpn == b"h2":
            return GatewayHttp2Server(self.context.fork())
        return GatewayHttp1Server(
            self.context.fork(),
            self._connection.gateway.max_header_bytes,
            self._connection.alarm.set,
        )

    def _upstream_ready(self, event: UpstreamReady) -> CommandGenerator[None]:
        stream, server = event.stream, event.server
        if self.streams.get(stream.stream_id) is not stream or stream.upstream is not server:
            if event.failure is None:  # the stream has gone on without it
                server.release = True
                yield commands.CloseConnection(server)
            return
        if event.failure is None:
            context = self.context.fork()
            context.server = server
            codec = GatewayHttp1Client(context, lambda: stream.upstream is server, lambda: self._return_to_pool(server))
            self.connections[server] = codec
            yield from self.event_to_child(codec, events.Start())
        yield from self.event_to_child(stream, event)

    def _return_to_pool(self, server: UpstreamServer) -> Iterator[commands.Command]:
        if server.connected:
            server.release = True
            self.forget(server)
            yield commands.CloseConnection(server)
