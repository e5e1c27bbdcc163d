"""One request and its answer: mitmproxy's HttpStream with attempts, deadlines, early answers and held last bytes.

The client's side goes: headers → (early answer | upload | buffered body) → chain → local answer or attempts.
The upstream's side goes: connecting → waiting for headers → (failed, buffered to be dropped | buffered | streamed).
Nothing has reached the client before `committed`; until then an attempt may fail and another follow.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from mitmproxy import flow as mitmflow
from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.net.http.validate import validate_headers
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import DropStream, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import (
    HttpErrorHook,
    HttpRequestHeadersHook,
    HttpRequestHook,
    HttpResponseHeadersHook,
    HttpResponseHook,
)

from mitmgate.core.errors import GatewayError, Refused, ServiceUnavailable
from mitmgate.core.retry import RETRYABLE_STATUSES, Failure, error_of, parse_retry_after
from mitmgate.proxy.codec import BROKEN_BODY
from mitmgate.proxy.events import AnswerCompleteHook, ConnectUpstream, Timer, UpstreamReady, UpstreamServer
from mitmgate.proxy.plan import Plan, plan_of
from mitmgate.proxy.timers import Timers
from mitmgate.proxy.wire import HEADERS_TOO_LARGE, error_response, malformed

if TYPE_CHECKING:
    from mitmgate.proxy.connection import GatewayConnection
    from mitmgate.proxy.layer import GatewayHttpLayer

NOWHERE = "gateway.invalid"
BODY_IDLE_S = 30.0
MAX_FAILED_BODY_BYTES = 1 << 20
MAX_BUFFERED_ANSWER_BYTES = 8 << 20
TOO_LARGE = Refused(413, "request_too_large", "The request's body is larger than the gateway accepts.")
BAD_BODY = Refused(400, "bad_request", "The request's body is not framed as its headers say.")
BODY_TIMEOUT = Refused(408, "request_timeout", "The request's body did not arrive in time.")
NO_ROOM = ServiceUnavailable(503, "gateway_overloaded", "The gateway has no room for this body now.", retry_after_s=1)
NO_PLAN = ServiceUnavailable(503, "gateway_error", "The gateway could not decide where this request goes.")


class GatewayHttpStream(HttpStream):
    """See the module."""

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
        self._fresh = False  # a stale pooled connection is tried again on a new one, once an attempt
        self._held = 0  # bytes claimed from the worker's room
        self._complete = False  # answer_complete has run
        self._left: int | None = None  # bytes of a streamed answer still to come, where its length is known
        self._failed_answer: http.Response | None = None

    # ---- events

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, Timer):
            if self._timers.expired(event):
                yield from self._deadline(event.kind)
        elif isinstance(event, UpstreamReady):
            yield from self._upstream_ready(event)
        elif isinstance(event, RequestProtocolError):
            if event.message == BROKEN_BODY and not self.committed and plan_of(self.flow) is not None:
                yield from self._abandon()
                yield from self._refuse_body(BAD_BODY)
            else:
                yield from self._client_left()
        elif isinstance(event, ResponseProtocolError):
            yield from self._upstream_broke(Failure.RESET)
        else:
            yield from super()._handle_event(event)

    # ---- the request

    def state_wait_for_request_headers(self, event: RequestHeaders) -> CommandGenerator[None]:
        request = event.request
        self.flow = flow = http.HTTPFlow(self.context.client, self.context.server)
        flow.request = request
        flow.live = True
        if (problem := malformed(request)) is not None or self._header_bytes(request) > self._limit():
            yield from self._answer_now(error_response(problem or HEADERS_TOO_LARGE), event.end_stream)
            return
        # A stage that forgets to say where a request goes sends it nowhere.
        request.data.host, request.data.port, request.data.scheme = NOWHERE, 80, b"http"
        self.server_state = self.state_wait_for_response_headers
        if not event.end_stream:
            self._connection.hold_client()
        yield HttpRequestHeadersHook(flow)
        self._connection.release_client()
        if (yield from self.check_killed(True)):
            return
        if flow.response is not None:
            yield from self._deliver_early(event.end_stream)
            return
        if request.headers.get("expect", "").lower() == "100-continue":
            proceed = http.Response.make(100)
            proceed.headers.clear()
            yield SendHttp(ResponseHeaders(self.stream_id, proceed), self.context.client)
        plan = plan_of(flow)
        if plan is None:
            yield from self._answer_now(error_response(NO_PLAN), event.end_stream)
        elif flow.request.stream and not event.end_stream:
            self._uploading = True
            self.client_state = self.state_stream_request_body
            self._timers.arm("body", BODY_IDLE_S)
            self._connection.hold_client()
            yield from self._begin_attempts(plan)
        else:
            self.client_state = self.state_consume_request_body
            if not event.end_stream:
                self._timers.arm("body", BODY_IDLE_S)

    def state_consume_request_body(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, RequestData):
            self._timers.touch("body")
            self.request_body_buf += event.data
            plan = self._plan()
            plan.request_bytes += len(event.data)
            if plan.request_bytes > plan.max_request_bytes:
                yield from self._refuse_body(TOO_LARGE)
            elif not self._claim(len(event.data)):
                yield from self._refuse_body(NO_ROOM)
        elif isinstance(event, RequestEndOfMessage):
            self._timers.disarm("body")
            self.flow.request.timestamp_end = time.time()
            self.flow.request.data.content = bytes(self.request_body_buf)
            self.request_body_buf.clear()
            self.client_state = self.state_done
            yield HttpRequestHook(self.flow)
            if (yield from self.check_killed(True)):
                return
            if self.flow.response is not None:
                yield from self._deliver()
            else:
                yield from self._begin_attempts(self._plan())

    def state_stream_request_body(self, event: events.Event) -> CommandGenerator[None]:
        """An upload: not kept, so not retried once a byte of it went out."""
        if isinstance(event, RequestData):
            self._timers.touch("body")
            plan = self._plan()
            plan.request_bytes += len(event.data)
            if plan.request_bytes > plan.max_request_bytes:
                yield from self._abandon()
                yield from self._refuse_body(TOO_LARGE)
            elif self._asked:
                yield SendHttp(RequestData(self.stream_id, event.data), self._server())
            elif self.upstream is not None:  # what was read before the client was held
                self.request_body_buf += event.data
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

    def _refuse_body(self, error: GatewayError) -> CommandGenerator[None]:
        self.request_body_buf.clear()
        self.flow.response = self._plan().render(error)
        yield from self._deliver_early(end_stream=False)

    # ---- answers of our own

    def _answer_now(self, response: http.Response, end_stream: bool) -> CommandGenerator[None]:
        """An answer to what the chain never saw."""
        self.flow.response = response
        self.client_state = self.state_discard_request_body
        yield from self._send_whole(end_stream)

    def _deliver_early(self, end_stream: bool) -> CommandGenerator[None]:
        """Sends flow.response at once, whether or not the body has come."""
        self._timers.disarm("body")
        self.client_state = self.state_discard_request_body
        yield from self._deliver(end_stream)

    def _deliver(self, end_stream: bool = True) -> CommandGenerator[None]:
        """Sends flow.response, which the chain or a failed attempt has set, through the way out."""
        assert self.flow.response is not None
        self.flow.response.timestamp_start = self.flow.response.timestamp_start or time.time()
        yield HttpResponseHeadersHook(self.flow)
        if (yield from self.check_killed(True)):
            return
        yield HttpResponseHook(self.flow)
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
        response.headers.pop("transfer-encoding", None)
        if response.status_code not in (204, 304):
            response.headers["Content-Length"] = str(length)

    def flow_done(self) -> CommandGenerator[None]:
        self._end()
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)
        yield DropStream(self.stream_id)

    # ---- attempts

    def _begin_attempts(self, plan: Plan) -> CommandGenerator[None]:
        if plan.target is None or plan.deadlines is None:
            self.flow.response = plan.render(NO_PLAN)
            yield from self._deliver(end_stream=not self._uploading)
            return
        if plan.retries is not None:
            plan.retries.budget.request(time.monotonic())
        self._timers.arm("total", plan.deadlines.total_s)
        yield from self._next_attempt()

    def _next_attempt(self) -> CommandGenerator[None]:
        plan = self._plan()
        assert plan.target is not None
        plan.attempts += not self._fresh
        server = UpstreamServer(address=(plan.target.host, plan.target.port))
        server.target = plan.target
        self.upstream = server
        self._failed_answer = None
        self.response_body_buf.clear()
        self._timers.arm("connect", self._deadlines().connect_s)
        yield ConnectUpstream(self, server, self._fresh)

    def _upstream_ready(self, event: UpstreamReady) -> CommandGenerator[None]:
        if event.server is not self.upstream:
            return
        self._timers.disarm("connect")
        if event.failure is not None:
            self.upstream = None
            yield from self._attempt_failed(event.failure)
            return
        plan = self._plan()
        plan.asked_at = time.monotonic()
        self.flow.server_conn = self.context.server = event.server
        self.server_state = self.state_wait_for_response_headers
        request = self._wire_request(plan)
        content = b"" if self._uploading else self.flow.request.raw_content or b""
        yield SendHttp(RequestHeaders(self.stream_id, request, not content and not self._uploading), event.server)
        if self._uploading:
            yield from self._begin_upload()
            return
        if content:
            yield SendHttp(RequestData(self.stream_id, content), event.server)
        self._timers.arm("first_byte", self._deadlines().first_byte_s)
        yield SendHttp(RequestEndOfMessage(self.stream_id), event.server)

    @property
    def _asked(self) -> bool:
        """Whether the upstream is connected and has our headers."""
        return self.upstream is not None and self.upstream.connected

    def _begin_upload(self) -> CommandGenerator[None]:
        early = bytes(self.request_body_buf)
        self.request_body_buf.clear()
        self._connection.release_client()
        if early:
            yield SendHttp(RequestData(self.stream_id, early), self._server())
        if self.client_state == self.state_done:
            yield from self._end_upload()

    def _end_upload(self) -> CommandGenerator[None]:
        if self.server_state == self.state_wait_for_response_headers:
            self._timers.arm("first_byte", self._deadlines().first_byte_s)
        yield SendHttp(RequestEndOfMessage(self.stream_id), self._server())

    def _wire_request(self, plan: Plan) -> http.Request:
        """A request of its own: the client's headers never decide how the upstream's connection is framed or kept."""
        request = self.flow.request
        headers = list(plan.headers)
        if self._uploading:
            length = request.headers.get("content-length")
            framing = (b"Content-Length", length.encode()) if length else (b"Transfer-Encoding", b"chunked")
            headers.append(framing)
        elif request.raw_content or request.method not in ("GET", "HEAD", "OPTIONS", "DELETE"):
            headers.append((b"Content-Length", b"%d" % len(request.raw_content or b"")))
        return http.Request(
            host=plan.target.host if plan.target else NOWHERE,
            port=0,
            method=request.data.method,
            scheme=b"",
            authority=b"",
            path=plan.path,
            http_version=b"HTTP/1.1",
            headers=http.Headers(headers),
            content=None,
            trailers=None,
            timestamp_start=0,
            timestamp_end=None,
        )

    def _abandon(self) -> CommandGenerator[None]:
        """Ends the present attempt: its connection is closed and what still comes on it reaches nobody."""
        server, self.upstream = self.upstream, None
        self._timers.disarm("connect", "first_byte", "idle")
        if server is not None and not server.release:
            self._layer.forget(server)
            yield commands.CloseConnection(server)

    def _let_go(self) -> CommandGenerator[None]:
        """The answer is whole. The codec returns the connection to the pool, unless our request is not."""
        if self.client_state == self.state_done:
            self.upstream = None
        else:
            yield from self._abandon()

    def _attempt_failed(self, failure: Failure) -> CommandGenerator[None]:
        """Another attempt, now or after a wait; else the answer that says so."""
        plan = self._plan()
        self._timers.disarm("connect", "first_byte", "idle")
        self._fresh = False
        plan.failures.append(failure)
        now = time.monotonic()
        wait = None
        if plan.retries is not None and not self._uploading and failure is not Failure.TOTAL_TIMEOUT:
            asked = None
            if self._failed_answer is not None:
                asked = parse_retry_after(self._failed_answer.headers.get("retry-after"), time.time())
            wait = plan.retries.wait_s(
                failure,
                attempt=plan.attempts,
                now=now,
                chance=random.random(),  # noqa: S311  # spreads retries, hides nothing
                retry_after_s=asked,
            )
        if wait is not None:
            self._timers.arm("backoff", wait)
            return
        self._timers.disarm()
        self.flow.response = self._last_word(failure)
        yield from self._deliver(end_stream=self.client_state == self.state_done)

    def _last_word(self, failure: Failure) -> http.Response:
        """The upstream's own last error when it is JSON, else ours in the client's format."""
        answer, plan = self._failed_answer, self._plan()
        if answer is not None:
            if "json" in answer.headers.get("content-type", ""):
                return answer
            if answer.status_code < 500:
                asked = parse_retry_after(answer.headers.get("retry-after"), time.time())
                wait = int(asked) if asked is not None else None
                text = "The upstream refused the request."
                return plan.render(Refused(answer.status_code, "upstream_refused", text, retry_after_s=wait))
        return plan.render(error_of(failure))

    # ---- the upstream's answer

    def state_wait_for_response_headers(self, event: events.Event) -> CommandGenerator[None]:
        if not isinstance(event, ResponseHeaders):
            return
        plan = self._plan()
        self._timers.disarm("first_byte")
        plan.first_byte_at = time.monotonic()
        response = event.response
        problem = malformed_response(response)
        if problem:
            yield from self._abandon()
            yield from self._attempt_failed(Failure.MALFORMED)
            return
        self._timers.arm("idle", self._deadlines().idle_s)
        if response.status_code in RETRYABLE_STATUSES and not self._uploading:
            self._failed_answer = response
            self.server_state = self.state_consume_failed_answer
            return
        self.flow.response = response
        yield HttpResponseHeadersHook(self.flow)
        if (yield from self.check_killed(True)):
            yield from self._abandon()
            return
        if response.stream and not event.end_stream:
            yield from self._begin_stream()
        else:
            self.server_state = self.state_consume_response_body

    def state_consume_failed_answer(self, event: events.Event) -> CommandGenerator[None]:
        """An error that may be retried: kept whole in case it is the last word."""
        if isinstance(event, ResponseData):
            self._timers.touch("idle")
            self.response_body_buf += event.data
            if len(self.response_body_buf) > MAX_FAILED_BODY_BYTES:
                self._failed_answer = None
                yield from self._abandon()
                yield from self._attempt_failed(Failure.STATUS)
        elif isinstance(event, ResponseEndOfMessage):
            assert self._failed_answer is not None
            self._failed_answer.data.content = bytes(self.response_body_buf)
            self.response_body_buf.clear()
            self.upstream = None
            yield from self._attempt_failed(Failure.STATUS)

    def state_consume_response_body(self, event: events.Event) -> CommandGenerator[None]:
        assert self.flow.response is not None
        if isinstance(event, ResponseData):
            self._timers.touch("idle")
            self.response_body_buf += event.data
            if len(self.response_body_buf) > MAX_BUFFERED_ANSWER_BYTES or not self._claim(len(event.data)):
                whole = bytes(self.response_body_buf)
                self.response_body_buf.clear()
                yield from self._begin_stream()
                yield from self.state_stream_response_body(ResponseData(self.stream_id, whole))
        elif isinstance(event, ResponseEndOfMessage):
            self._timers.disarm()
            yield from self._let_go()
            content = bytes(self.response_body_buf)
            self.response_body_buf.clear()
            self.flow.response.data.content = content
            self._plan().response_bytes = len(content)
            yield HttpResponseHook(self.flow)
            self.server_state = self.state_done
            if (yield from self.check_killed(False)):
                return
            yield from self._send_whole(end_stream=self.client_state == self.state_done)

    def _begin_stream(self) -> CommandGenerator[None]:
        """Sends the headers; from here on the client has part of the answer."""
        response = self.flow.response
        assert response is not None
        self.committed = True
        headers = response.headers
        length = headers.get("content-length")
        self._left = int(length) if length is not None else None
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
            if not self._complete:
                held = b""
                if plan.tap is not None:
                    data, held = plan.tap.split_terminal(data)
                if self._left == 0 and not held:
                    data, held = b"", data
                if held:
                    if data:
                        yield SendHttp(ResponseData(self.stream_id, data), self.context.client)
                    if not (yield from self._complete_answer()):
                        return
                    data = held
            if data:
                yield SendHttp(ResponseData(self.stream_id, data), self.context.client)
        elif isinstance(event, ResponseEndOfMessage):
            yield from self._let_go()
            yield from self._end_stream()

    def _complete_answer(self) -> CommandGenerator[bool]:
        """Runs answer_complete once, before the last bytes. -> whether the client is still there."""
        if self._complete:
            return True
        self._complete = True
        yield AnswerCompleteHook(self.flow)
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
        self.flow.response.timestamp_end = time.time()
        yield HttpResponseHook(self.flow)
        self.server_state = self.state_done
        if (yield from self.check_killed(False)):
            return
        if self.client_state == self.state_done or self._uploading:
            yield from self.flow_done()

    # ---- ends that are not answers

    def _deadline(self, kind: str) -> CommandGenerator[None]:
        if kind == "backoff":
            yield from self._next_attempt()
        elif kind == "body":
            if self._uploading:
                yield from self._abandon()
            if not self.committed:
                yield from self._refuse_body(BODY_TIMEOUT)
        else:
            failure = {
                "connect": Failure.CONNECT_TIMEOUT,
                "first_byte": Failure.FIRST_BYTE_TIMEOUT,
                "idle": Failure.IDLE_TIMEOUT,
            }.get(kind, Failure.TOTAL_TIMEOUT)
            yield from self._upstream_broke(failure)

    def _upstream_broke(self, failure: Failure) -> CommandGenerator[None]:
        """The answer will not come, or not whole."""
        if self.server_state in (self.state_done, self.state_errored):
            return
        if not self.committed:
            stale = (
                failure is Failure.RESET
                and not self._fresh
                and not self._uploading
                and self.server_state == self.state_wait_for_response_headers
                and self.upstream is not None
                and self.upstream.transport is not None
                and self.upstream.transport.served > 0
            )
            yield from self._abandon()
            if stale:
                self._fresh = True
                yield from self._next_attempt()
            else:
                yield from self._attempt_failed(failure)
            return
        yield from self._abandon()
        if self._complete:  # its terminal event went out: whole for the client, whatever the connection did
            yield from self._end_stream()
            return
        self._timers.disarm()
        plan = self._plan()
        plan.failures.append(failure)
        self.server_state = self.state_errored
        self.flow.error = mitmflow.Error(failure.value)
        yield HttpErrorHook(self.flow)
        if plan.stream_error is not None and self._left is None:
            last = plan.stream_error(error_of(failure))
            yield SendHttp(ResponseData(self.stream_id, last), self.context.client)
        yield from self._break_client()

    def _break_client(self) -> CommandGenerator[None]:
        """Ends the client's side so that what it has can not be taken for whole."""
        self._end()
        self.client_state = self.server_state = self.state_errored
        broken = ResponseProtocolError(self.stream_id, "incomplete", ErrorCode.GENERIC_SERVER_ERROR)
        yield SendHttp(broken, self.context.client)
        yield DropStream(self.stream_id)

    def _client_left(self) -> CommandGenerator[None]:
        """The client closed its side or reset the stream: nobody to answer, so the upstream is cancelled."""
        seen = hasattr(self, "flow") and plan_of(self.flow) is not None
        ended = self.client_state == self.state_errored or self.server_state in (self.state_done, self.state_errored)
        yield from self._abandon()
        self._end()
        self.client_state = self.server_state = self.state_errored
        if seen and not ended:
            self.flow.error = mitmflow.Error("client_closed")
            yield HttpErrorHook(self.flow)
        if self.context.client.alpn != b"h2" and self.context.client.state is not ConnectionState.CLOSED:
            yield commands.CloseConnection(self.context.client)
        yield DropStream(self.stream_id)

    def check_killed(self, emit_error_hook: bool) -> CommandGenerator[bool]:
        """Whether the client left, or an addon killed the flow, while a hook ran."""
        left = any(isinstance(event, RequestProtocolError) for event in self._paused_event_queue)
        killed = self.flow.error is not None and self.flow.error.msg == mitmflow.Error.KILLED_MESSAGE
        if not left and not killed:
            return False
        yield from self._abandon()
        if emit_error_hook and self.client_state != self.state_errored:
            if not killed:
                self.flow.error = mitmflow.Error("client_closed")
            yield HttpErrorHook(self.flow)
        self._end()
        self.client_state = self.server_state = self.state_errored
        yield SendHttp(ResponseProtocolError(self.stream_id, "killed", ErrorCode.KILL), self.context.client)
        yield DropStream(self.stream_id)
        return True

    def _end(self) -> None:
        self._timers.disarm()
        self._connection.release_client()
        self._connection.gateway.room.give_back(self._held)
        self._held = 0
        if hasattr(self, "flow"):
            self.flow.live = False

    # ---- small things

    def _plan(self) -> Plan:
        plan = plan_of(self.flow)
        assert plan is not None
        return plan

    def _server(self) -> UpstreamServer:
        assert self.upstream is not None
        return self.upstream

    def _deadlines(self) -> Any:
        return self._plan().deadlines

    def _limit(self) -> int:
        return self._connection.gateway.max_header_bytes

    def _claim(self, count: int) -> bool:
        if not self._connection.gateway.room.take(count):
            return False
        self._held += count
        return True

    @staticmethod
    def _header_bytes(request: http.Request) -> int:
        return sum(len(name) + len(value) + 4 for name, value in request.headers.fields) + len(request.data.path)


def malformed_response(response: http.Response) -> bool:
    """Whether an upstream's answer is framed ambiguously."""
    try:
        validate_headers(response)
    except ValueError:
        return True
    return not 200 <= response.status_code <= 599
