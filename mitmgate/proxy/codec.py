"""mitmproxy's HTTP codecs and what they lack: limits, deadlines, lingering close, trailers, 1xx, errors of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import h2.errors
import h2.events
import h11
from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.net.http import http1
from mitmproxy.net.http.validate import parse_content_length
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    HttpEvent,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http1 import Http1Client, Http1Connection, Http1Server, make_body_reader
from mitmproxy.proxy.layers.http._http2 import Http2Server

from mitmgate.core.errors import GatewayError, UpstreamFailed
from mitmgate.proxy.wire import BAD_REQUEST, HEAD_TIMEOUT, HEADERS_TOO_LARGE, error_bytes, error_response

LINGER_S: Final = 5.0
LINGER_BYTES: Final = 64 << 20
HEAD_S: Final = 15.0
KEEP_ALIVE_S: Final = 75.0
MAX_PIPELINED_BYTES: Final = 1 << 20
MAX_RESPONSE_HEAD_BYTES: Final = 256 << 10
H2_MAX_HEADER_LIST: Final = 1 << 20
H2_MAX_STREAMS: Final = 128
H2_LINGER_BYTES: Final = 1 << 20

BROKEN_BODY: Final = "broken body"

State = Callable[[Any], CommandGenerator[None]]
Alarm = Callable[[float | None, Callable[[], Iterator[commands.Command]]], None]
"""set_alarm(seconds or None, layer generator): one deadline a connection; a new one replaces the old."""


def _status_of(code: ErrorCode) -> GatewayError | None:
    status = code.http_status_code()
    if status is None:
        return None
    if status >= 500:
        return UpstreamFailed(502, "upstream_malformed", "The upstream's answer was not valid HTTP.")
    return BAD_REQUEST


def _body_size(request: http.Request) -> int | None:
    """The body's bytes, None for chunked (RFC 9112 section 6.3). Raises ValueError for a length that is none."""
    length = 0
    for name, value in request.headers.fields:
        if len(name) in (14, 17):
            lower = name.lower()
            if lower == b"transfer-encoding":
                return http1.expected_http_body_size(request)
            if lower == b"content-length":
                length = parse_content_length(value)  # a second one: see wire.malformed
    return length


def _ends_connection(message: http.Message) -> bool:
    """RFC 9112 section 9.3, from one look through the headers."""
    for name, value in message.headers.fields:
        if len(name) == 10 and name.lower() == b"connection":
            tokens = {token.strip() for token in value.lower().split(b",")}
            return b"close" in tokens or (b"keep-alive" not in tokens and message.data.http_version == b"HTTP/1.0")
    return message.data.http_version == b"HTTP/1.0"


def _is_framed(response: http.Response) -> bool:
    """Whether the client can tell where the answer ended without the connection's end."""
    if response.status_code in (204, 304):
        return True
    return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in response.headers.fields)


class _BodyReader(Http1Connection):
    # One signature for all states: mitmproxy's are a union that nothing can be assigned to.
    state: State

    """read_body as in mitmproxy, but chunked trailers are dropped instead of raising and leaving the peer to wait."""

    def handle_event(self, event: events.Event) -> CommandGenerator[None]:
        """A codec waits for nothing, so mitmproxy's pausing around it is left out."""
        return self._handle_event(event)

    def body_broke(self, closed: bool) -> CommandGenerator[None]:
        """The body can not be read on: cut short (closed) or not framed as it said."""
        assert self.stream_id is not None
        yield commands.CloseConnection(self.conn)
        yield ReceiveHttp(self.ReceiveProtocolError(self.stream_id, "cut short", code=ErrorCode.CLIENT_DISCONNECTED))

    def read_body(self, event: events.Event) -> CommandGenerator[None]:
        assert self.stream_id is not None
        while True:
            try:
                if isinstance(event, events.DataReceived):
                    part = self.body_reader(self.buf)
                else:
                    part = self.body_reader.read_eof()
            except h11.ProtocolError:
                yield from self.body_broke(closed=isinstance(event, events.ConnectionClosed))
                return
            if part is None:
                return
            if isinstance(part, h11.Data):
                if data := bytes(part.data):
                    yield ReceiveHttp(self.ReceiveData(self.stream_id, data))
            elif isinstance(part, h11.EndOfMessage):
                is_request = isinstance(self, Http1Server)
                if is_request:
                    self.state = self.wait  # whole, also for an answer that is out before this returns
                yield ReceiveHttp(self.ReceiveEndOfMessage(self.stream_id))
                yield from self.mark_done(request=is_request, response=not is_request)
                return


class GatewayHttp1Server(_BodyReader, Http1Server):
    """The client's side of HTTP/1. Deadlines for the head, bounds for what is buffered, errors as JSON."""

    def __init__(self, context: Context, max_header_bytes: int, set_alarm: Alarm, read_on: Callable[[], None]) -> None:
        super().__init__(context)
        self._max_header_bytes = max_header_bytes
        self._set_alarm = set_alarm
        self._read_on = read_on
        self._lingered = 0
        self._head_begun = False

    def start(self, event: events.Event) -> CommandGenerator[None]:
        yield from super().start(event)
        self._set_alarm(HEAD_S, self._head_late)

    state: State = start  # type: ignore[assignment]

    def read_headers(self, event: events.ConnectionEvent) -> CommandGenerator[None]:
        if not isinstance(event, events.DataReceived):
            yield commands.CloseConnection(self.conn)
            return
        if not self._head_begun and self.buf:
            self._head_begun = True
            self._set_alarm(HEAD_S, self._head_late)
        lines = self.buf.maybe_extract_lines()
        while lines == []:  # RFC 9112 section 2.2: empty lines before a request line are ignored
            lines = self.buf.maybe_extract_lines()
        if lines is None:
            if len(self.buf) > self._max_header_bytes:
                yield from self.refuse(HEADERS_TOO_LARGE)
            return
        self._head_begun = False
        self._set_alarm(None, self._head_late)
        if sum(map(len, lines)) + 2 * len(lines) > self._max_header_bytes:
            yield from self.refuse(HEADERS_TOO_LARGE)
            return
        try:
            self.request = http1.read_request_head([bytes(line) for line in lines])
            size = _body_size(self.request)
        except (ValueError, IndexError):
            yield from self.refuse(BAD_REQUEST)
            return
        self.body_reader = make_body_reader(size)
        self.state = self.read_body
        yield ReceiveHttp(RequestHeaders(self.stream_id, self.request, size == 0))
        yield from self.state(event)  # another one by now, if the answer was out at once

    def body_broke(self, closed: bool) -> CommandGenerator[None]:
        if closed:
            yield from super().body_broke(closed)
        else:  # the stream can still answer
            self.state = self._broken
            yield ReceiveHttp(RequestProtocolError(self.stream_id, BROKEN_BODY, ErrorCode.GENERIC_CLIENT_ERROR))

    def _broken(self, event: events.Event) -> CommandGenerator[None]:
        self.buf.maybe_extract_at_most(len(self.buf))
        if isinstance(event, events.ConnectionClosed):
            yield from super().body_broke(closed=True)

    def wait(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.DataReceived) and len(self.buf) > MAX_PIPELINED_BYTES:
            yield commands.CloseConnection(self.conn)
            event = events.ConnectionClosed(self.conn)
        yield from super().wait(event)

    def send(self, event: HttpEvent) -> CommandGenerator[None]:
        if isinstance(event, ResponseProtocolError):
            error = _status_of(event.code)
            if not self.conn.state & ConnectionState.CAN_WRITE:
                return
            if self.response is None and error is not None:
                yield from self.refuse(error)
            else:
                yield commands.CloseConnection(self.conn)
            return
        yield from super().send(event)
        if isinstance(event, ResponseEndOfMessage) and self.state in (self.read_body, self._broken):
            yield from self._linger()

    def mark_done(self, *, request: bool = False, response: bool = False) -> CommandGenerator[None]:
        """mitmproxy's looks through all headers four times to learn whether the connection goes on."""
        self.request_done |= request
        self.response_done |= response
        if not self.response_done:
            self.state = self.wait
            return
        if not self.request_done:
            return
        assert self.request is not None and self.response is not None
        if _ends_connection(self.request) or _ends_connection(self.response) or not _is_framed(self.response):
            self.state = self.done
            yield commands.CloseConnection(self.conn)
            return
        self.request_done = self.response_done = False
        self.request = self.response = None
        self.stream_id += 2
        self.state = self.read_headers
        self._set_alarm(HEAD_S if self.buf else KEEP_ALIVE_S, self._head_late)
        if self.buf:
            self._read_on()

    def refuse(self, error: GatewayError) -> CommandGenerator[None]:
        """Answers what never became a flow, and ends the connection so that the answer can still be read."""
        yield commands.SendData(self.conn, error_bytes(error))
        yield from self._linger()

    def _linger(self) -> CommandGenerator[None]:
        """RFC 9112 section 9.6: half-close and discard, or the reset destroys the answer in the client's buffer."""
        self.state = self._discard
        self._lingered = len(self.buf)
        self.buf.maybe_extract_at_most(len(self.buf))
        self._set_alarm(LINGER_S, self._close)
        yield commands.CloseTcpConnection(self.conn, half_close=True)

    def _discard(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.DataReceived):
            self._lingered += len(event.data)
            self.buf.maybe_extract_at_most(len(self.buf))
            if self._lingered <= LINGER_BYTES:
                return
        self._set_alarm(None, self._close)
        self.state = self.done
        yield commands.CloseConnection(self.conn)

    def done(self, event: events.ConnectionEvent) -> CommandGenerator[None]:
        self.buf.maybe_extract_at_most(len(self.buf))
        yield from ()

    def _close(self) -> CommandGenerator[None]:
        yield commands.CloseConnection(self.conn)

    def _head_late(self) -> CommandGenerator[None]:
        if self.buf:
            yield from self.refuse(HEAD_TIMEOUT)
        else:
            yield commands.CloseConnection(self.conn)


class GatewayHttp2Server(Http2Server):
    """The client's side of HTTP/2. An early answer ends its own stream only; errors are JSON."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.h2_conn.decoder.max_header_list_size = H2_MAX_HEADER_LIST
        self.h2_conn.local_settings.max_concurrent_streams = H2_MAX_STREAMS
        self._lingering: dict[int, int] = {}  # bytes that came for streams whose answer is out

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, ResponseProtocolError):
            yield from self._answer_error(event)
            return
        if isinstance(event, ResponseHeaders):
            headers = event.response.headers
            headers.pop("transfer-encoding", None)
            headers.pop("connection", None)
        yield from super()._handle_event(event)
        if isinstance(event, events.DataReceived) and self._announces_too_much():
            yield from self.protocol_error("", h2.errors.ErrorCodes.FRAME_SIZE_ERROR)
        if isinstance(event, ResponseEndOfMessage) and not self.is_closed(event.stream_id):
            # A reset at once (RFC 9113 section 8.1) makes some clients fail instead of reading the answer.
            self._lingering[event.stream_id] = 0

    def handle_h2_event(self, event: Any) -> CommandGenerator[bool]:
        stream_id = getattr(event, "stream_id", None)
        if stream_id in self._lingering:
            if isinstance(event, h2.events.DataReceived):
                self._lingering[stream_id] += event.flow_controlled_length
                if self._lingering[stream_id] > H2_LINGER_BYTES:
                    self.h2_conn.reset_stream(stream_id, h2.errors.ErrorCodes.NO_ERROR)
                    self._forget(stream_id)
                else:
                    self.h2_conn.acknowledge_received_data(event.flow_controlled_length, stream_id)
                return False
            if isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                self._forget(stream_id)
                return False
        return (yield from super().handle_h2_event(event))

    def _announces_too_much(self) -> bool:
        """Whether a frame has begun that is larger than allowed: h2 would keep it until it is whole, up to 16 MiB."""
        begun = self.h2_conn.incoming_buffer._data
        return len(begun) >= 9 and int.from_bytes(begun[:3]) > self.h2_conn.max_inbound_frame_size

    def protocol_error(
        self, message: str, error_code: int = h2.errors.ErrorCodes.PROTOCOL_ERROR
    ) -> CommandGenerator[None]:
        """Says goodbye without the library's words."""
        yield from super().protocol_error("", error_code)

    def _forget(self, stream_id: int) -> None:
        self._lingering.pop(stream_id, None)
        self.streams.pop(stream_id, None)

    def _answer_error(self, event: ResponseProtocolError) -> CommandGenerator[None]:
        error = _status_of(event.code)
        stream: Any = self.h2_conn.streams.get(event.stream_id)
        if (
            error is None
            or stream is None
            or stream.state_machine.headers_sent
            or not self.is_open_for_us(event.stream_id)
        ):
            yield from super()._handle_event(event)
            return
        response = error_response(error)
        self.h2_conn.send_headers(
            event.stream_id,
            [(b":status", b"%d" % error.status), *((k.lower(), v) for k, v in response.headers.fields)],
        )
        self.h2_conn.send_data(event.stream_id, response.content or b"", end_stream=True)
        yield commands.SendData(self.conn, self.h2_conn.data_to_send())


class GatewayHttp1Client(_BodyReader, Http1Client):
    """The upstream's side. Belongs to one attempt of one stream; what comes when that attempt is over is dropped.

    `is_current()` tells whether the stream still waits for this connection; `on_idle()` yields what returns it to
    the pool.
    """

    def __init__(
        self, context: Context, is_current: Callable[[], bool], on_idle: Callable[[], Iterator[commands.Command]]
    ) -> None:
        super().__init__(context)
        self._is_current = is_current
        self._on_idle = on_idle

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        for command in super()._handle_event(event):
            if isinstance(command, ReceiveHttp) and not self._is_current():
                continue
            yield command

    def read_headers(self, event: events.ConnectionEvent) -> CommandGenerator[None]:
        if not isinstance(event, events.DataReceived):
            if self.conn.state & ConnectionState.CAN_WRITE:
                yield commands.CloseConnection(self.conn)
            if self.stream_id is not None:
                yield from self._fail("closed before an answer")
            return
        if self.request is None:
            yield commands.CloseConnection(self.conn)  # an answer to nothing
            return
        assert self.stream_id is not None
        while True:
            lines = self.buf.maybe_extract_lines()
            if lines is None:
                if len(self.buf) > MAX_RESPONSE_HEAD_BYTES:
                    yield from self._fail("head too large", close=True)
                return
            try:
                response = http1.read_response_head([bytes(line) for line in lines])
                size = http1.expected_http_body_size(self.request, response)
            except (ValueError, IndexError):
                yield from self._fail("not HTTP", close=True)
                return
            if response.status_code >= 200:
                break
            if response.status_code < 100:
                yield from self._fail("not HTTP", close=True)
                return
            if response.status_code == 101:
                yield from self._fail("switched protocols unasked", close=True)
                return
        self.response = response
        yield ReceiveHttp(ResponseHeaders(self.stream_id, response, size == 0))
        self.body_reader = make_body_reader(size)
        self.state = self.read_body
        yield from self.state(event)

    def read_body(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.ConnectionClosed) and getattr(self.conn, "reset", False):
            yield from self.body_broke(closed=True)
        else:
            yield from super().read_body(event)

    def mark_done(self, *, request: bool = False, response: bool = False) -> CommandGenerator[None]:
        yield from super().mark_done(request=request, response=response)
        if self.stream_id is None and self.state == self.read_headers and not self.buf:
            yield from self._on_idle()

    def _fail(self, why: str, close: bool = False) -> CommandGenerator[None]:
        assert self.stream_id is not None
        if close:
            self.state = self.done
            yield commands.CloseConnection(self.conn)
        yield ReceiveHttp(ResponseProtocolError(self.stream_id, why, ErrorCode.GENERIC_SERVER_ERROR))


__all__ = [
    "GatewayHttp1Client",
    "GatewayHttp1Server",
    "GatewayHttp2Server",
    "RequestData",
    "RequestEndOfMessage",
    "RequestHeaders",
    "RequestProtocolError",
    "ResponseData",
    "ResponseEndOfMessage",
    "ResponseHeaders",
    "ResponseProtocolError",
]
