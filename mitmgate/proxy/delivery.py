"""How an answer reaches the client: whole, or streamed with its last bytes held until what must precede them is done.

Nothing has reached the client before `committed`; until then an attempt may fail and another follow.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mitmproxy import flow as mitmflow
from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import DropStream, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    HttpEvent,
    RequestData,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from mitmgate.core.event_hold import Hold, hold_for
from mitmgate.proxy.events import UpstreamServer
from mitmgate.proxy.plan import Plan, plan_of
from mitmgate.proxy.timers import Timers
from mitmgate.proxy.wire import BROKEN_BODY, CONTENT_LENGTH, TRANSFER_ENCODING

if TYPE_CHECKING:
    from mitmgate.proxy.connection import GatewayConnection
    from mitmgate.proxy.layer import GatewayHttpLayer


class Delivery(HttpStream):
    """The stream's way to its client, and its hold on the upstream connection the answer comes from."""

    def __init__(
        self, context: Context, stream_id: int, layer: GatewayHttpLayer, connection: GatewayConnection
    ) -> None:
        super().__init__(context, stream_id)
        self._layer = layer
        self._connection = connection
        self._timers = Timers(self, connection)
        self.upstream: UpstreamServer | None = None
        self.committed = False
        self._uploading = False
        self._held = 0  # bytes claimed from the worker's room
        self._held_of_answer = 0  # of these, those of response_body_buf
        self._queued = 0  # bytes of the body that came while a hook was under way
        self._complete = False  # answer_complete has run
        self._left: int | None = None  # bytes of a streamed answer still to come, where its length is known
        self._hold: Hold | None = None  # of a streamed answer that an error of ours may be appended to
        self._tail = b""  # what the hold had when the answer ended

    def _run_hook(self, name: str) -> CommandGenerator[None]:
        """Calls the addons' hook of that name; only one that has to wait pauses the stream."""
        under_way = self._connection.begin_hook(name, self.flow)
        if under_way is not None:
            yield under_way
            self._unqueue()

    def note_waiting(self, received: HttpEvent) -> None:
        """Counts what waits for a hook to end: an HTTP/2 client, whose other streams go on, is not held back."""
        if self._paused and isinstance(received, RequestData):
            self._queued += len(received.data)
            self._connection.input.queued += len(received.data)

    def _unqueue(self) -> None:
        self._connection.input.queued -= self._queued
        self._queued = 0

    # ---- an answer that is whole

    def _deliver(self, end_stream: bool = True) -> CommandGenerator[None]:
        """Sends flow.response, which the chain or a failed attempt has set, through the way out."""
        assert self.flow.response is not None
        self.flow.response.timestamp_start = self.flow.response.timestamp_start or time.time()
        yield from self._run_hook("responseheaders")
        if (yield from self.check_killed(True)):
            return
        yield from self._run_hook("response")
        self.server_state = self.state_done
        if (yield from self.check_killed(False)):
            return
        yield from self._send_whole(end_stream)

    def _send_whole(self, end_stream: bool) -> CommandGenerator[None]:
        """flow.response, framed by its length. Without end_stream the body has not come and will not be waited for."""
        response = self.flow.response
        assert response is not None
        self.committed = True
        self.server_state = self.state_done
        response.timestamp_end = time.time()
        content = response.raw_content or b""
        if self.flow.request.method == "HEAD" and not content:
            response.headers.pop("transfer-encoding", None)  # a length says what GET would get (RFC 9110 section 9.3.2)
        else:
            self._frame_whole(response, len(content))
        if not end_stream or self._connection.gateway.draining:
            response.headers["Connection"] = "close"
        if self.flow.request.method == "HEAD" or response.status_code in (204, 304):
            content = b""
        yield SendHttp(ResponseHeaders(self.stream_id, response, not content), self.context.client)
        if content:
            yield SendHttp(ResponseData(self.stream_id, content), self.context.client)
        if self.client_state == self.state_done or not end_stream:
            yield from self.flow_done()

    @staticmethod
    def _frame_whole(response: http.Response, length: int) -> None:
        framing = [
            (name, value)
            for name, value in response.headers.fields
            if name.lower() in (CONTENT_LENGTH, TRANSFER_ENCODING)
        ]
        wanted = b"%d" % length
        if len(framing) == 1 and framing[0][0].lower() == CONTENT_LENGTH and framing[0][1] == wanted:
            return  # as nearly always: setting a header makes all of them anew
        response.headers.pop("transfer-encoding", None)
        response.headers.pop("content-length", None)
        if response.status_code not in (204, 304):
            response.headers["Content-Length"] = wanted

    def flow_done(self) -> CommandGenerator[None]:
        self._end()
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)
        yield DropStream(self.stream_id)

    # ---- an answer in pieces

    def _begin_stream(self) -> CommandGenerator[None]:
        """Sends the headers; from here on the client has part of the answer."""
        response = self.flow.response
        assert response is not None
        self.committed = True
        headers = response.headers
        length = headers.get("content-length")
        self._left = int(length) if length is not None else None
        self._hold = hold_for(headers.get("content-type", ""), headers.get("content-encoding", ""))
        headers.pop("transfer-encoding", None)
        if length is None and self.flow.request.is_http11:
            headers["Transfer-Encoding"] = "chunked"
        elif length is None and not self.flow.request.is_http2:
            headers["Connection"] = "close"
        if self._connection.gateway.draining:
            headers["Connection"] = "close"
        self.server_state = self.state_stream_response_body
        yield SendHttp(ResponseHeaders(self.stream_id, response, False), self.context.client)

    def state_stream_response_body(self, event: events.Event) -> CommandGenerator[None]:
        plan = self._plan()
        if isinstance(event, ResponseData):
            self._timers.touch("idle")
            data = event.data
            plan.response_bytes += len(data)
            if self._left is not None:
                self._left -= len(data)
            if plan.cover is not None:
                data = plan.cover.pass_on(data, last=self._left == 0)
            yield from self._pass_on(plan, data)
        elif isinstance(event, ResponseEndOfMessage):
            yield from self._flush_cover()
            if self.server_state == self.state_errored:
                return
            self._take_rest()
            yield from self._let_go()
            yield from self._end_stream()

    def _flush_cover(self) -> CommandGenerator[None]:
        plan = self._plan()
        if plan.cover is not None and (rest := plan.cover.pass_on(b"", last=True)):
            yield from self._pass_on(plan, rest)

    def _take_rest(self) -> None:
        """Reads what a stream ends with behind its last blank line; it goes out with the stream's end."""
        if self._hold is None or not (rest := self._hold.rest()):
            return
        self._tail += rest
        if (tap := self._plan().tap) is not None and not self._complete:
            tap.split_terminal(rest + b"\n\n")  # it reads whole events

    def _pass_on(self, plan: Plan, data: bytes) -> CommandGenerator[None]:
        """Sends what has come, but for its last bytes, which wait until the answer is settled."""
        if not self._complete:
            hold, held = self._hold, b""
            if hold is not None:
                data = hold.pass_on(data)
                if self._left == 0:
                    data += hold.rest()
                if not data:
                    return
            if plan.tap is not None:
                data, held = plan.tap.split_terminal(data)
            if self._left == 0 and not held:
                data, held = b"", data
            if held:
                if data:
                    yield SendHttp(ResponseData(self.stream_id, data), self.context.client)
                if not (yield from self._complete_answer()):
                    return
                data = held if hold is None else held + hold.rest()
        if data:
            yield SendHttp(ResponseData(self.stream_id, data), self.context.client)

    def _complete_answer(self) -> CommandGenerator[bool]:
        """Runs answer_complete once, before the last bytes. -> whether the client is still there."""
        if self._complete:
            return True
        self._complete = True
        yield from self._run_hook("answer_complete")
        if (yield from self.check_killed(True)):
            yield from self._abandon()
            self._end()
            return False
        return True

    def _end_stream(self) -> CommandGenerator[None]:
        assert self.flow.response is not None
        self._timers.disarm()
        if not (yield from self._complete_answer()):
            return
        if self._tail:
            yield SendHttp(ResponseData(self.stream_id, self._tail), self.context.client)
        self.flow.response.timestamp_end = time.time()
        yield from self._run_hook("response")
        self.server_state = self.state_done
        if (yield from self.check_killed(False)):
            return
        if self.client_state == self.state_done or self._uploading:
            yield from self.flow_done()

    # ---- ends

    def check_killed(self, emit_error_hook: bool) -> CommandGenerator[bool]:
        """Whether the client left, or an addon killed the flow, while a hook ran.

        A client that has closed its side may still read: an answer of ours goes out, an upstream is not asked for it.
        """
        left = any(
            isinstance(event, RequestProtocolError) and event.message != BROKEN_BODY
            for event in self._paused_event_queue
        )
        left = left and not (self._is_ours() and self.context.client.state & ConnectionState.CAN_WRITE)
        killed = self.flow.error is not None and self.flow.error.msg == mitmflow.Error.KILLED_MESSAGE
        if not left and not killed:
            return False
        yield from self._abandon()
        if emit_error_hook and self.client_state != self.state_errored:
            if not killed:
                self.flow.error = mitmflow.Error("client_closed")
            yield from self._run_hook("error")
        self._end()
        self.client_state = self.server_state = self.state_errored
        yield SendHttp(ResponseProtocolError(self.stream_id, "killed", ErrorCode.KILL), self.context.client)
        yield DropStream(self.stream_id)
        return True

    def _is_ours(self) -> bool:
        """Whether the answer is there, and no upstream was asked for it."""
        plan = plan_of(self.flow)
        return self.flow.response is not None and (plan is None or not plan.attempts)

    def _break_client(self, why: str = "incomplete") -> CommandGenerator[None]:
        """Ends the client's side so that what it has can not be taken for whole."""
        self._end()
        self.client_state = self.server_state = self.state_errored
        broken = ResponseProtocolError(self.stream_id, why, ErrorCode.GENERIC_SERVER_ERROR)
        yield SendHttp(broken, self.context.client)
        yield DropStream(self.stream_id)

    def _end(self) -> None:
        self._timers.disarm()
        self._connection.input.release()
        self._unqueue()
        self._connection.gateway.room.give_back(self._held)
        self._held = self._held_of_answer = 0
        if hasattr(self, "flow"):
            self.flow.live = False

    def _abandon(self) -> CommandGenerator[None]:
        """Ends the present attempt: its connection is closed and what still comes on it reaches nobody."""
        server, self.upstream = self.upstream, None
        self._timers.disarm("connect", "first_byte", "idle")
        if server is not None and not server.release:
            self._layer.forget(server)
            yield commands.CloseConnection(server)

    def _let_go(self) -> CommandGenerator[None]:
        """The answer is whole. The codec returns the connection to the pool, unless our request is not."""
        self._plan().tries[-1].ended_at = time.monotonic()
        if self.client_state == self.state_done:
            self.upstream = None
        else:
            yield from self._abandon()

    # ---- small things

    def _plan(self) -> Plan:
        plan = plan_of(self.flow)
        assert plan is not None
        return plan

    def _claim(self, count: int) -> bool:
        if not self._connection.gateway.room.take(count):
            return False
        self._held += count
        return True

    def _keep_answer(self, data: bytes, most: int) -> bool:
        """Adds to response_body_buf. -> False when that is more than `most`, or than there is room for."""
        self.response_body_buf += data
        if len(self.response_body_buf) > most or not self._claim(len(data)):
            return False
        self._held_of_answer += len(data)
        return True

    def _drop_answer(self) -> None:
        """Empties response_body_buf and gives its room back."""
        self.response_body_buf.clear()
        self._connection.gateway.room.give_back(self._held_of_answer)
        self._held -= self._held_of_answer
        self._held_of_answer = 0
