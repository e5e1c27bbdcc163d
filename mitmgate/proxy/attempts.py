"""How an answer is got: attempts with deadlines, on pooled connections, until one is whole or none is left.

connecting → waiting for headers → (an error that may be retried | buffered | streamed). What fails before the client
has a byte leads to the next attempt, now or after a wait, or to the answer that says so.
"""

from __future__ import annotations

import random
import time
from typing import Final

import orjson
from mitmproxy import flow as mitmflow
from mitmproxy import http
from mitmproxy.net.http.validate import validate_headers
from mitmproxy.proxy import events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
)

from mitmgate.core.encoding import decoded, is_known
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.core.retry import RETRYABLE_STATUSES, Failure, error_of, parse_retry_after
from mitmgate.proxy.delivery import Delivery
from mitmgate.proxy.events import ConnectUpstream, UpstreamReady, UpstreamServer
from mitmgate.proxy.plan import Deadlines, Plan
from mitmgate.proxy.wire import is_framed

NOWHERE: Final = "gateway.invalid"
MAX_FAILED_BODY_BYTES: Final = 1 << 20
MAX_BUFFERED_ANSWER_BYTES: Final = 8 << 20
BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
NO_PLAN: Final = ServiceUnavailable(503, "gateway_error", "The gateway could not decide where this request goes.")
STOPPING: Final = "stopping"
LATE: Final = {
    "connect": Failure.CONNECT_TIMEOUT,
    "first_byte": Failure.FIRST_BYTE_TIMEOUT,
    "idle": Failure.IDLE_TIMEOUT,
    "total": Failure.TOTAL_TIMEOUT,
    STOPPING: Failure.STOPPING,
}


class Attempts(Delivery):
    """The upstream's side of a stream."""

    _fresh = False  # a stale pooled connection is tried again on a new one, once an attempt
    _failed_answer: http.Response | None = None
    _ends_by_close = False  # the answer has neither length nor chunks

    # ---- asking

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
        plan.begin_attempt(again=self._fresh)
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
        plan.ask(reused=event.server.transport is not None and event.server.transport.served > 0)
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

    def _wire_request(self, plan: Plan) -> http.Request:
        """A request of its own: the client's headers never decide how the upstream's connection is framed or kept."""
        request = self.flow.request
        headers = list(plan.headers)
        if plan.credential is not None:
            headers.append(plan.credential)
        if self._uploading:
            length = request.headers.get("content-length")
            framing = (b"Content-Length", length.encode()) if length else (b"Transfer-Encoding", b"chunked")
            headers.append(framing)
        elif request.raw_content or request.method not in BODILESS:
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

    # ---- an upload's body

    @property
    def _asked(self) -> bool:
        """Whether the upstream has our headers: a pooled connection is open before it is ours to write on."""
        return self.upstream is not None and self.upstream in self._layer.connections

    def _begin_upload(self) -> CommandGenerator[None]:
        early = bytes(self.request_body_buf)
        self.request_body_buf.clear()
        self._connection.input.release()
        if early:
            yield SendHttp(RequestData(self.stream_id, early), self._server())
        if self.client_state == self.state_done:
            yield from self._end_upload()

    def _end_upload(self) -> CommandGenerator[None]:
        if self.server_state == self.state_wait_for_response_headers:
            self._timers.arm("first_byte", self._deadlines().first_byte_s)
        yield SendHttp(RequestEndOfMessage(self.stream_id), self._server())

    # ---- the upstream's answer

    def state_wait_for_response_headers(self, event: events.Event) -> CommandGenerator[None]:
        if not isinstance(event, ResponseHeaders):
            return
        plan = self._plan()
        self._timers.disarm("first_byte")
        plan.first_byte_at = time.monotonic()
        response = event.response
        plan.tries[-1].status = response.status_code
        problem = malformed_response(response)
        if problem:
            yield from self._abandon()
            yield from self._attempt_failed(Failure.MALFORMED)
            return
        self._timers.arm("idle", self._deadlines().idle_s)
        self._ends_by_close = not event.end_stream and not is_framed(response)
        if response.status_code in RETRYABLE_STATUSES and not self._uploading:
            self._failed_answer = response
            self.server_state = self.state_consume_failed_answer
            return
        self.flow.response = response
        yield from self._run_hook("responseheaders")
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
                if self._plan().must_buffer:
                    yield from self._abandon()
                    yield from self._attempt_failed(Failure.TOO_LARGE)
                    return
                yield from self._begin_stream()
                yield from self.state_stream_response_body(ResponseData(self.stream_id, whole))
        elif isinstance(event, ResponseEndOfMessage):
            content = bytes(self.response_body_buf)
            if self._ends_by_close and not _may_be_whole(self.flow.response, content):
                yield from self._upstream_broke(Failure.RESET)
                return
            self._timers.disarm()
            yield from self._let_go()
            self.response_body_buf.clear()
            self.flow.response.data.content = content
            self._plan().response_bytes = len(content)
            yield from self._run_hook("response")
            self.server_state = self.state_done
            if (yield from self.check_killed(False)):
                return
            yield from self._send_whole(end_stream=self.client_state == self.state_done)

    def state_stream_response_body(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, ResponseEndOfMessage) and self._ends_by_close and self._lacks_its_end():
            yield from self._upstream_broke(Failure.RESET)
        else:
            yield from super().state_stream_response_body(event)

    def _lacks_its_end(self) -> bool:
        """Whether an event stream came without its terminal event: behind a close, that may be a crash."""
        assert self.flow.response is not None
        tap = self._plan().tap
        is_events = self.flow.response.headers.get("content-type", "").lower().startswith("text/event-stream")
        return is_events and tap is not None and not tap.terminal_seen

    # ---- no answer

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
        plan.end_attempt(failure)
        self.server_state = self.state_errored
        self.flow.error = mitmflow.Error(failure.value)
        yield from self._run_hook("error")
        if plan.stream_error is not None and self._left is None:
            last = plan.stream_error(error_of(failure))
            yield SendHttp(ResponseData(self.stream_id, last), self.context.client)
        yield from self._break_client()

    def _attempt_failed(self, failure: Failure) -> CommandGenerator[None]:
        """Another attempt, now or after a wait; else the answer that says so."""
        plan = self._plan()
        self._timers.disarm("connect", "first_byte", "idle")
        self._fresh = False
        plan.end_attempt(failure)
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

    def _server(self) -> UpstreamServer:
        assert self.upstream is not None
        return self.upstream

    def _deadlines(self) -> Deadlines:
        deadlines = self._plan().deadlines
        assert deadlines is not None
        return deadlines


def malformed_response(response: http.Response) -> bool:
    """Whether an upstream's answer is framed ambiguously, or holds what RFC 9110 section 5.5 keeps out of headers."""
    try:
        validate_headers(response)
    except ValueError:
        return True
    if response.headers.get("transfer-encoding", "chunked").lower() != "chunked":
        return True  # a coding below it would stay on, and nobody be told of it
    texts = b"".join([response.data.reason, *(value for _, value in response.headers.fields)])
    return b"\r" in texts or b"\n" in texts or b"\0" in texts or not 200 <= response.status_code <= 599


def _may_be_whole(response: http.Response, content: bytes) -> bool:
    """Of an answer that only its connection's end ends, which a crash would end as well: JSON must be all there."""
    headers = response.headers
    coding = headers.get("content-encoding", "")
    text = decoded(content, coding)
    if text is None:
        return not is_known(coding)
    if "json" not in headers.get("content-type", "json") or (
        "content-type" not in headers and not text.lstrip().startswith((b"{", b"["))
    ):
        return True
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
