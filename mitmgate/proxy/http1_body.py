"""Reading an HTTP/1 body, from either side: trailers are dropped, a body that breaks is said to be broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import h11
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ErrorCode
from mitmproxy.proxy.layers.http._http1 import Http1Connection, Http1Server

MAX_FRAMING_BYTES: Final = 1 << 16  # of one chunk's size line, or of the trailers: h11 waits for their end

State = Callable[[Any], CommandGenerator[None]]


class BodyReader(Http1Connection):
    """read_body as in mitmproxy, but chunked trailers are dropped instead of raising and leaving the peer to wait."""

    # One signature for all states: mitmproxy's are a union that nothing can be assigned to.
    state: State

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
                if len(self.buf) > MAX_FRAMING_BYTES:
                    yield from self.body_broke(closed=False)
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
