"""The client's side of HTTP/1: what mitmproxy's lacks are bounds, deadlines, a lingering close and errors of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    HttpEvent,
    RequestHeaders,
    RequestProtocolError,
    ResponseEndOfMessage,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http1 import Http1Server

from mitmgate.core.errors import OPENAI, GatewayError
from mitmgate.proxy.events import ResetConnection
from mitmgate.proxy.http1_body import BodyReader, State, body_reader
from mitmgate.proxy.http1_head import BadHead, Head
from mitmgate.proxy.wire import (
    BAD_REQUEST,
    BROKEN_BODY,
    EXPLAINED,
    HEAD_TIMEOUT,
    HEADERS_TOO_LARGE,
    content_length,
    error_bytes,
    error_of_code,
    format_of_lines,
    holds_controls,
    is_framed,
)

LINGER_S: Final = 5.0
LINGER_BYTES: Final = 64 << 20
HEAD_S: Final = 15.0
KEEP_ALIVE_S: Final = 75.0
MAX_PIPELINED_BYTES: Final = 64 << 10  # behind a request that is not answered; more is not read
MAX_FIELDS: Final = 500
READ_OF_BAD_HEAD: Final = 8 << 10  # bytes, to learn whose client it is


SetAlarm = Callable[[float | None, Callable[[], Iterator[commands.Command]]], None]
"""ConnectionAlarm.set: (seconds or None, layer generator)."""


class GatewayHttp1Server(BodyReader, Http1Server):
    """The client's side of HTTP/1. Deadlines for the head, bounds for what is buffered, errors as JSON."""

    def __init__(self, context: Context, max_header_bytes: int, set_alarm: SetAlarm) -> None:
        super().__init__(context)
        self._max_header_bytes = max_header_bytes
        self._set_alarm = set_alarm
        self._head = Head()
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
        self.more = False
        try:
            lines = self._head.read(self.buf)
        except BadHead:
            yield from self._refuse_head(BAD_REQUEST())
            return
        if lines is None:
            if len(self.buf) > self._max_header_bytes:
                yield from self._refuse_head(HEADERS_TOO_LARGE())
            return
        self._head_begun = False
        self._set_alarm(None, self._head_late)
        if len(lines) > MAX_FIELDS or sum(map(len, lines)) + 2 * len(lines) > self._max_header_bytes:
            yield from self._refuse_head(HEADERS_TOO_LARGE(), lines)
            return
        if holds_controls(b"\n".join(lines)) or not _is_request_line(lines[0]):
            # mitmproxy strips some, and would read on what is left
            yield from self._refuse_head(BAD_REQUEST(), lines)
            return
        try:
            self.request = http1.read_request_head(lines)
            size = _body_size(self.request)
        except (ValueError, IndexError):
            yield from self._refuse_head(BAD_REQUEST(), lines)
            return
        self.body_reader = body_reader(size, strict=True)
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
        self.buf.clear()
        if isinstance(event, events.ConnectionClosed):
            yield from super().body_broke(closed=True)

    def wait(self, event: events.Event) -> CommandGenerator[None]:
        self.more = False
        if isinstance(event, events.ConnectionClosed):  # the stream closes our side: it may have an answer of its own
            yield ReceiveHttp(RequestProtocolError(self.stream_id, "left", ErrorCode.CLIENT_DISCONNECTED))

    @property
    def full(self) -> bool:
        """Whether what comes now must wait in the socket, for the answer to what came before."""
        return self.state == self.wait and len(self.buf) >= MAX_PIPELINED_BYTES

    def _hears(self) -> bool:
        """Whether the client has not closed its side."""
        return bool(self.conn.state & ConnectionState.CAN_READ)

    def send(self, event: HttpEvent) -> CommandGenerator[None]:
        if isinstance(event, ResponseProtocolError):
            error = error_of_code(event.code)
            if not self.conn.state & ConnectionState.CAN_WRITE:
                return
            if self.response is None and error is not None:
                yield from self.refuse(error)
            elif self.response is None or event.message == EXPLAINED or is_framed(self.response):
                yield commands.CloseConnection(self.conn)
            else:
                yield ResetConnection(self.conn)
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
        open_ended = not is_framed(self.response) and self.request.method != "HEAD"
        if _ends_connection(self.request) or _ends_connection(self.response) or open_ended or not self._hears():
            self.state = self.done
            yield commands.CloseConnection(self.conn)
            return
        self.request_done = self.response_done = False
        self.request = self.response = None
        self.stream_id += 2
        self.state = self.read_headers
        self._set_alarm(HEAD_S if self.buf else KEEP_ALIVE_S, self._head_late)
        self.more = bool(self.buf)  # a request that waited for this answer

    def refuse(self, error: GatewayError, client_format: str = OPENAI) -> CommandGenerator[None]:
        """Answers what never became a flow, and ends the connection so that the answer can still be read."""
        yield commands.SendData(self.conn, error_bytes(error, client_format))
        yield from self._linger()

    def _refuse_head(self, error: GatewayError, lines: Sequence[bytes] = ()) -> CommandGenerator[None]:
        """lines: the head's, where it is all there; otherwise those that the buffer begins with are read."""
        lines = (lines or bytes(self.buf[:READ_OF_BAD_HEAD]).split(b"\r\n"))[:MAX_FIELDS]
        yield from self.refuse(error, format_of_lines(lines))

    def _linger(self) -> CommandGenerator[None]:
        """RFC 9112 section 9.6: half-close and discard, or the reset destroys the answer in the client's buffer."""
        self.state = self._discard
        self.more = False
        self._lingered = len(self.buf)
        self.buf.clear()
        self._set_alarm(LINGER_S, self._close)
        yield commands.CloseTcpConnection(self.conn, half_close=True)

    def _discard(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.DataReceived):
            self._lingered += len(event.data)
            self.buf.clear()
            if self._lingered <= LINGER_BYTES:
                return
        self._set_alarm(None, self._close)
        self.state = self.done
        yield commands.CloseConnection(self.conn)

    def done(self, event: events.ConnectionEvent) -> CommandGenerator[None]:
        self.more = False
        self.buf.clear()
        yield from ()

    def _close(self) -> CommandGenerator[None]:
        yield commands.CloseConnection(self.conn)

    def _head_late(self) -> CommandGenerator[None]:
        if self.buf:
            yield from self._refuse_head(HEAD_TIMEOUT())
        else:
            yield commands.CloseConnection(self.conn)


_is_request_line = re.compile(rb"[^\t ]+ [^\t ]+ HTTP/[0-9]\.[0-9]").fullmatch  # RFC 9112 section 3


def _body_size(request: http.Request) -> int | None:
    """The body's bytes, None for chunked (RFC 9112 section 6.3). Raises ValueError for a length that is none."""
    length = 0
    for name, value in request.headers.fields:
        if len(name) in (14, 17):
            lower = name.lower()
            if lower == b"transfer-encoding":
                return http1.expected_http_body_size(request)
            if lower == b"content-length":
                length = content_length(value)  # a second one: see wire.malformed
    return length


def _ends_connection(message: http.Message) -> bool:
    """RFC 9112 section 9.3, from one look through the headers."""
    for name, value in message.headers.fields:
        if len(name) == 10 and name.lower() == b"connection":
            tokens = {token.strip() for token in value.lower().split(b",")}
            return b"close" in tokens or (b"keep-alive" not in tokens and message.data.http_version == b"HTTP/1.0")
    return message.data.http_version == b"HTTP/1.0"
