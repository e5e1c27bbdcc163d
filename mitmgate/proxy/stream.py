"""One request: early answers, bounded and streamed bodies, and one end, whichever comes first.

headers → (early answer | upload | buffered body) → chain → local answer or attempts.py → delivery.py → client.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from mitmproxy import flow as mitmflow
from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import DropStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseHeaders,
    ResponseProtocolError,
)

from mitmgate.core.errors import GatewayError, Refused, ServiceUnavailable
from mitmgate.core.pace import BodyPace
from mitmgate.core.paths import client_format
from mitmgate.core.retry import Failure, Progress, error_of
from mitmgate.proxy.attempts import LATE, NO_PLAN, NOWHERE, STOPPING, Attempts
from mitmgate.proxy.events import Timer, UpstreamReady
from mitmgate.proxy.http1_client import NOTHING_CAME
from mitmgate.proxy.plan import plan_of
from mitmgate.proxy.wire import BAD_BODY, BROKEN_BODY, HEADERS_TOO_LARGE, error_response, malformed

BODY_WINDOW_S = 30.0  # in which a body has to come at a minimum rate
EARLY_BODY_BYTES: Final = 1 << 18  # of an upload, read in one go before its upstream is connected
TOO_LARGE: Final = partial(Refused, 413, "request_too_large", "The request's body is larger than the gateway accepts.")
BODY_TIMEOUT: Final = partial(Refused, 408, "request_timeout", "The request's body did not arrive in time.")
NO_ROOM: Final = partial(
    ServiceUnavailable, 503, "gateway_overloaded", "The gateway has no room for this body now.", retry_after_s=1
)


class GatewayHttpStream(Attempts):
    """The client's side of a stream."""

    _pace: BodyPace  # of a body that is awaited

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, Timer):
            if self._timers.expired(event):
                yield from self._deadline(event.kind)
        elif isinstance(event, UpstreamReady):
            yield from self._upstream_ready(event)
        elif isinstance(event, RequestProtocolError):
            if event.message == BROKEN_BODY and not self.committed and plan_of(self.flow) is not None:
                yield from self._abandon()
                yield from self._refuse_body(BAD_BODY())
            else:
                yield from self._client_left()
        elif isinstance(event, ResponseProtocolError):
            if event.message != NOTHING_CAME:
                self._progress = Progress.ANSWERED
            yield from self._upstream_broke(Failure.RESET)
        else:
            yield from super()._handle_event(event)

    # ---- the request

    def state_wait_for_request_headers(self, event: RequestHeaders) -> CommandGenerator[None]:
        request = event.request
        self.flow = flow = http.HTTPFlow(self.context.client, self.context.server)
        flow.request = request
        flow.live = True
        problem = malformed(
            request, self.context.client.alpn == b"h2", event.end_stream, self.context.client.sockname[:2]
        )
        if problem is None and self._header_bytes(request) > self._limit():
            problem = HEADERS_TOO_LARGE()
        if problem is not None:
            names = {name.lower().decode("latin-1") for name, _ in request.headers.fields}
            yield from self._answer_now(error_response(problem, client_format(request.path, names)))
            return
        # A stage that forgets to say where a request goes sends it nowhere.
        request.data.host, request.data.port, request.data.scheme = NOWHERE, 80, b"http"
        self.server_state = self.state_wait_for_response_headers
        if not event.end_stream:
            self._connection.input.hold()
        yield from self._run_hook("requestheaders")
        self._connection.input.release()
        if (yield from self.check_killed(True)):
            return
        if flow.response is not None:
            yield from self._deliver_early(event.end_stream)
            return
        if request.headers.get("expect", "").lower() == "100-continue" and not request.is_http10:
            proceed = http.Response.make(100)
            proceed.headers.clear()
            yield SendHttp(ResponseHeaders(self.stream_id, proceed), self.context.client)
        plan = plan_of(flow)
        if plan is not None:
            plan.claim = self._claim
        if plan is None:
            yield from self._answer_now(error_response(NO_PLAN()))
        elif flow.request.stream and not event.end_stream:
            self._uploading = True
            self.client_state = self.state_stream_request_body
            self._expect_body(None)
            self._connection.input.hold()
            yield from self._begin_attempts(plan)
        else:
            self.client_state = self.state_consume_request_body
            if not event.end_stream:
                self._expect_body(self._connection.gateway.body_s)

    def state_consume_request_body(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, RequestData):
            self.request_body_buf += event.data
            plan = self._plan()
            plan.request_bytes += len(event.data)
            if plan.request_bytes > plan.max_request_bytes:
                yield from self._refuse_body(TOO_LARGE())
            elif not self._claim(len(event.data)):
                yield from self._refuse_body(NO_ROOM())
        elif isinstance(event, RequestEndOfMessage):
            self._timers.disarm("body")
            self.flow.request.timestamp_end = time.time()
            self.flow.request.data.content = bytes(self.request_body_buf)
            self.request_body_buf.clear()
            self.client_state = self.state_done
            yield from self._run_hook("request")
            if (yield from self.check_killed(True)):
                return
            if self.flow.response is not None:
                yield from self._deliver()
            else:
                yield from self._begin_attempts(self._plan())

    def state_stream_request_body(self, event: events.Event) -> CommandGenerator[None]:
        """An upload: not kept, so not retried once a byte of it went out."""
        if isinstance(event, RequestData):
            plan = self._plan()
            plan.request_bytes += len(event.data)
            if plan.request_bytes > plan.max_request_bytes:
                yield from self._abandon()
                yield from self._refuse_body(TOO_LARGE())
            elif self._asked:
                yield SendHttp(RequestData(self.stream_id, event.data), self._server())
            elif self.server_state == self.state_wait_for_response_headers:
                # Read before the client was held, or from HTTP/2, which is not.
                self.request_body_buf += event.data
                if len(self.request_body_buf) > EARLY_BODY_BYTES and not self._claim(len(event.data)):
                    yield from self._abandon()
                    yield from self._refuse_body(NO_ROOM())
        elif isinstance(event, RequestEndOfMessage):
            self._timers.disarm("body")
            self.flow.request.timestamp_end = time.time()
            self.client_state = self.state_done
            if self.server_state == self.state_done:
                yield from self.flow_done()
            elif self._asked:
                yield from self._end_upload()

    def state_discard_request_body(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, RequestEndOfMessage):
            self.client_state = self.state_done
            if self.server_state == self.state_done:
                yield from self.flow_done()

    def _expect_body(self, whole_s: float | None) -> None:
        """Bounds the time of the body that follows, and its rate."""
        now = time.monotonic()
        self._pace = BodyPace(now, BODY_WINDOW_S, whole_s)
        self._timers.arm("body", self._pace.next_s(now))

    # ---- answers before the body is whole

    def _answer_now(self, response: http.Response) -> CommandGenerator[None]:
        """An answer to what the chain never saw; nothing more is read of a client whose framing may be a lie."""
        self.flow.response = response
        self.client_state = self.state_discard_request_body
        yield from self._send_whole(end_stream=False)

    def _deliver_early(self, end_stream: bool) -> CommandGenerator[None]:
        """Sends flow.response at once, whether or not the body has come."""
        self._timers.disarm("body")
        self.client_state = self.state_discard_request_body
        yield from self._deliver(end_stream)

    def _refuse_body(self, error: GatewayError) -> CommandGenerator[None]:
        self.request_body_buf.clear()
        if self.committed:  # part of an answer is out: no other may follow it
            self.flow.error = mitmflow.Error("client_closed")
            yield from self._run_hook("error")
            yield from self._break_client()
            return
        self.flow.response = self._plan().render(error)
        yield from self._deliver_early(end_stream=False)

    # ---- ends

    def end_soon(self) -> None:
        """The gateway stops: an answer that has not begun is a 503, one that has ends with an error."""
        self._timers.arm(STOPPING, 0.0)

    def _deadline(self, kind: str) -> CommandGenerator[None]:
        if kind == "backoff":
            yield from self._next_attempt()
        elif kind == STOPPING and self.client_state == self.state_consume_request_body:
            yield from self._refuse_body(error_of(Failure.STOPPING))
        elif kind == "body":
            if not self._pace.is_late(
                self._plan().request_bytes, time.monotonic(), self._connection.input.holds_bytes()
            ):
                self._timers.arm("body", self._pace.next_s(time.monotonic()))
                return
            if self._uploading:
                yield from self._abandon()
            yield from self._refuse_body(BODY_TIMEOUT())
        else:
            yield from self._upstream_broke(LATE[kind])

    def _client_left(self) -> CommandGenerator[None]:
        """The client closed its side or reset the stream: nobody to answer, so the upstream is cancelled."""
        seen = hasattr(self, "flow") and plan_of(self.flow) is not None
        ended = self.client_state == self.state_errored or self.server_state in (self.state_done, self.state_errored)
        yield from self._abandon()
        self._end()
        self.client_state = self.server_state = self.state_errored
        if seen and not ended:
            self.flow.error = mitmflow.Error("client_closed")
            yield from self._run_hook("error")
        if self.context.client.alpn != b"h2" and self.context.client.state is not ConnectionState.CLOSED:
            yield commands.CloseConnection(self.context.client)
        elif self.context.client.alpn == b"h2":  # with a body that broke, not with a stream it has reset
            yield SendHttp(ResponseProtocolError(self.stream_id, "left", ErrorCode.CANCEL), self.context.client)
        yield DropStream(self.stream_id)

    def _limit(self) -> int:
        return self._connection.gateway.max_header_bytes

    @staticmethod
    def _header_bytes(request: http.Request) -> int:
        return sum(len(name) + len(value) + 4 for name, value in request.headers.fields) + len(request.data.path)
