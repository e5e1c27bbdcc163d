"""The upstream's side, HTTP/1: one attempt of one stream, and what comes when that attempt is over is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from mitmproxy.connection import ConnectionState
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    HttpEvent,
    RequestData,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http1 import Http1Client

from mitmgate.proxy.http1_body import BodyReader, body_reader
from mitmgate.proxy.http1_head import BadHead, Head
from mitmgate.proxy.turns import Allowance
from mitmgate.proxy.wire import normalise_length

MAX_RESPONSE_HEAD_BYTES: Final = 256 << 10
NOTHING_CAME: Final = "closed before an answer"
MAX_FIELDS: Final = 1_000
INFORMATIONAL: Final = 100  # answers before the final one, at once
INFORMATIONAL_A_S: Final = 1.0


class GatewayHttp1Client(BodyReader, Http1Client):
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
        self._answering = False  # a byte of the present answer has come
        self._head = Head(lenient=True)
        self._informational = Allowance(INFORMATIONAL, INFORMATIONAL_A_S)

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        for command in super()._handle_event(event):
            if isinstance(command, ReceiveHttp) and not self._is_current():
                continue
            yield command

    def send(self, event: HttpEvent) -> CommandGenerator[None]:
        if isinstance(event, RequestData) and not event.data:
            return  # an empty frame of HTTP/2, which as a chunk would be the last one
        yield from super().send(event)

    def read_headers(self, event: events.ConnectionEvent) -> CommandGenerator[None]:
        if not isinstance(event, events.DataReceived):
            if self.conn.state & ConnectionState.CAN_WRITE:
                yield commands.CloseConnection(self.conn)
            if self.stream_id is not None:
                yield from self._fail("closed in the head" if self._answering else NOTHING_CAME)
            return
        if self.request is None:
            yield commands.CloseConnection(self.conn)  # an answer to nothing
            return
        assert self.stream_id is not None
        self._answering = True
        while True:
            try:
                lines = self._head.read(self.buf)
            except BadHead:
                yield from self._fail("not HTTP", close=True)
                return
            if len(self.buf) > MAX_RESPONSE_HEAD_BYTES if lines is None else len(lines) > MAX_FIELDS:
                yield from self._fail("head too large", close=True)
                return
            if lines is None:
                return
            try:
                response = http1.read_response_head(lines)
                normalise_length(response)
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
            if not self._informational.take():
                yield from self._fail("too many informational answers", close=True)
                return
        self.response = response
        self._answering = False
        yield ReceiveHttp(ResponseHeaders(self.stream_id, response, size == 0))
        self.body_reader = body_reader(size, strict=False)
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
