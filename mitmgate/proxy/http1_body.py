"""Reads an HTTP/1 body in steps, from either side. A body that breaks is reported as broken; trailers are dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ErrorCode
from mitmproxy.proxy.layers.http._http1 import Http1Connection, Http1Server

from mitmgate.core import http1_bodies
from mitmgate.core.http1_bodies import BadBody, ByLength, Chunked, ToTheEnd

State = Callable[[Any], CommandGenerator[None]]


def body_reader(size: int | None, *, strict: bool) -> http1_bodies.BodyReader:
    """size: bytes, None for chunked, -1 for a body that the connection's end ends."""
    if size is None:
        return Chunked(strict=strict)
    return ToTheEnd() if size < 0 else ByLength(size)


class BodyReader(Http1Connection):
    """Works on a bounded part of its buffer for each event. `more` says that an empty DataReceived goes on."""

    # One signature for all states: mitmproxy's are a union that nothing can be assigned to.
    state: State
    buf: bytearray  # type: ignore[assignment]
    body_reader: http1_bodies.BodyReader  # type: ignore[assignment]
    more = False

    def __init__(self, context: Context) -> None:
        super().__init__(context)  # type: ignore[call-arg]  # Http1Server's or Http1Client's
        self.buf = bytearray()

    def handle_event(self, event: events.Event) -> CommandGenerator[None]:
        """A codec waits for nothing, so mitmproxy's pausing around it is left out."""
        return self._handle_event(event)

    def waiting_bytes(self) -> int:
        """Bytes that have come and were not worked on."""
        return len(self.buf)

    def body_broke(self, closed: bool) -> CommandGenerator[None]:
        """The body can not be read on: cut short (closed) or not framed as it said."""
        assert self.stream_id is not None
        yield commands.CloseConnection(self.conn)
        yield ReceiveHttp(self.ReceiveProtocolError(self.stream_id, "cut short", code=ErrorCode.CLIENT_DISCONNECTED))

    def read_body(self, event: events.Event) -> CommandGenerator[None]:
        assert self.stream_id is not None
        reader = self.body_reader
        try:
            data = b""
            if isinstance(event, events.DataReceived):
                data = reader.read(self.buf)
            else:
                reader.end()
        except BadBody:
            self.more = False
            yield from self.body_broke(closed=isinstance(event, events.ConnectionClosed))
            return
        self.more = reader.more
        is_request = isinstance(self, Http1Server)
        if reader.ended and is_request:
            self.state = self.wait  # whole, also for an answer that is out before this returns
        if data:
            yield ReceiveHttp(self.ReceiveData(self.stream_id, data))
        if reader.ended:
            yield ReceiveHttp(self.ReceiveEndOfMessage(self.stream_id))
            yield from self.mark_done(request=is_request, response=not is_request)
