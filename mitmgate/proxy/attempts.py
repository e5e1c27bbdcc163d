"""How an answer is got: attempts with deadlines, on pooled connections, until one is whole or none is left.

connecting → waiting for headers → (an error that may be retried | buffered | streamed). What fails before the client
has a byte leads to the next attempt, now or after a wait, or to the answer that says so.
"""

from __future__ import annotations

import math
import random
import time
from functools import partial
from typing import Final

from mitmproxy import flow as mitmflow
from mitmproxy import http
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

from mitmgate.core.bounded_json import MAX_TREE_BYTES
from mitmgate.core.completeness import UnframedBody
from mitmgate.core.encoding import decoded
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.core.event_hold import StreamKind
from mitmgate.core.retry import Failure, Progress, asked_wait_s, asks_for_another, error_of, may_be_repeated
from mitmgate.proxy.delivery import Delivery
from mitmgate.proxy.events import ConnectUpstream, UpstreamReady, UpstreamServer
from mitmgate.proxy.plan import Deadlines, Plan
from mitmgate.proxy.redirected import may_follow
from mitmgate.proxy.wire import EXPLAINED, is_framed, malformed_response

NOWHERE: Final = "gateway.invalid"
MAX_FAILED_BODY_BYTES: Final = 1 << 20
MAX_BUFFERED_ANSWER_BYTES: Final = 8 << 20  # of one that must be whole before any of it goes out; of others a tree's
BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
NO_PLAN: Final = partial(
    ServiceUnavailable, 503, "gateway_error", "The gateway could not decide where this request goes."
)
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
    _progress = Progress.CONNECTING  # of the present attempt
    _wants_another = False  # the upstream's error leaves open that it is asked again
    _unframed: UnframedBody | None = None  # of an answer with neither length nor chunks

    # ---- asking

    def _begin_attempts(self, plan: Plan) -> CommandGenerator[None]:
        if plan.target is None or plan.deadlines is None:
            self.flow.response = plan.render(NO_PLAN())
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
        self._failed_answer = self._unframed = None
        self._progress, self._wants_another = Progress.CONNECTING, False
        self._drop_answer()
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
        self._progress = Progress.SENT
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
        self._progress = Progress.ANSWERED
        response = event.response
        plan.tries[-1].status = response.status_code
        problem = malformed_response(response)
        if problem:
            yield from self._abandon()
            yield from self._attempt_failed(Failure.MALFORMED)
            return
        self._timers.arm("idle", self._deadlines().idle_s)
        if not event.end_stream and not is_framed(response):
            headers = response.headers
            self._unframed = UnframedBody(headers.get("content-type"), headers.get("content-encoding", ""))
        if may_be_repeated(response.status_code, response.headers) and not self._uploading:
            self._failed_answer = response
            self.server_state = self.state_consume_failed_answer
            return
        if not may_follow(response, plan, self._uploading or bool(self.flow.request.raw_content)):
            yield from self._abandon()
            yield from self._attempt_failed(Failure.REDIRECT)
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
            if not self._keep_answer(event.data, MAX_FAILED_BODY_BYTES):
                self._judge_failed_answer(b"")
                if self._failed_answer is not None:
                    self._plan().note_refusal(self._failed_answer, bytes(self.response_body_buf))
                self._failed_answer = None
                yield from self._abandon()
                yield from self._attempt_failed(Failure.STATUS)
        elif isinstance(event, ResponseEndOfMessage):
            assert self._failed_answer is not None
            self._failed_answer.data.content = content = bytes(self.response_body_buf)
            self._judge_failed_answer(content)
            self._plan().note_refusal(self._failed_answer, content)
            self.response_body_buf.clear()
            self.upstream = None
            yield from self._attempt_failed(Failure.STATUS)

    def _judge_failed_answer(self, content: bytes) -> None:
        answer = self._failed_answer
        assert answer is not None
        text = decoded(content, answer.headers.get("content-encoding", "")) or b""
        self._wants_another = asks_for_another(answer.status_code, answer.headers, text)

    def state_consume_response_body(self, event: events.Event) -> CommandGenerator[None]:
        assert self.flow.response is not None
        if isinstance(event, ResponseData):
            self._timers.touch("idle")
            if self._unframed is not None:
                self._unframed.feed(event.data)
            most = MAX_BUFFERED_ANSWER_BYTES if self._plan().must_buffer else MAX_TREE_BYTES
            if not self._keep_answer(event.data, most):
                whole = bytes(self.response_body_buf)
                self._drop_answer()
                if self._plan().must_buffer:
                    yield from self._abandon()
                    yield from self._attempt_failed(Failure.TOO_LARGE)
                    return
                yield from self._begin_stream()
                yield from super().state_stream_response_body(ResponseData(self.stream_id, whole))
        elif isinstance(event, ResponseEndOfMessage):
            content = bytes(self.response_body_buf)
            if self._unframed is not None and self._unframed.is_cut(content):
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
        if self._unframed is not None and isinstance(event, ResponseData):
            self._unframed.feed(event.data)
        if isinstance(event, ResponseEndOfMessage) and self._unframed is not None:
            yield from self._flush_cover()
            if self.server_state == self.state_errored:
                return
            if self._lacks_its_end():
                yield from self._upstream_broke(Failure.RESET)
                return
        yield from super().state_stream_response_body(event)

    def _lacks_its_end(self) -> bool:
        """Whether what a close ended may have been cut by a crash."""
        tap, hold = self._plan().tap, self._hold
        if hold is None:
            assert self._unframed is not None
            return self._unframed.is_cut(None)
        if self._complete:
            return False
        if not hold.held_is_whole():
            return True
        self._take_rest()
        if hold.kind is not StreamKind.EVENTS or tap is None:
            return False
        return not tap.terminal_seen and tap.finish_reason is None

    # ---- no answer

    def _upstream_broke(self, failure: Failure) -> CommandGenerator[None]:
        """The answer will not come, or not whole."""
        if self.server_state in (self.state_done, self.state_errored):
            return
        plan = self._plan()
        if not self.committed:
            self._failed_answer = None  # not whole
            stale = (
                failure is Failure.RESET
                and self._progress is Progress.SENT
                and not self._fresh
                and not self._uploading
                and self.upstream is not None
                and self.upstream.transport is not None
                and self.upstream.transport.served > 0
                and (plan.retries is None or plan.retries.replace_stale())
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
        plan.end_attempt(failure)
        self.server_state = self.state_errored
        self.flow.error = mitmflow.Error(failure.value)
        yield from self._run_hook("error")
        if plan.stream_error is not None and self._left is None and self._hold is not None and self._hold.may_append:
            last = plan.stream_error(error_of(failure), self._hold)
            yield SendHttp(ResponseData(self.stream_id, last), self.context.client)
            yield from self._break_client(EXPLAINED)
        else:
            yield from self._break_client()

    def _attempt_failed(self, failure: Failure) -> CommandGenerator[None]:
        """Another attempt, now or after a wait; else the answer that says so."""
        plan = self._plan()
        self._timers.disarm("connect", "first_byte", "idle")
        self._fresh = False
        plan.end_attempt(failure)
        now = time.monotonic()
        wait = None
        may_repeat = self._wants_another or failure is not Failure.STATUS
        if self._uploading and self._progress is not Progress.CONNECTING:
            may_repeat = False  # its bytes are not kept
        if plan.retries is not None and may_repeat:
            wait = plan.retries.wait_s(
                failure,
                self._progress,
                attempt=plan.attempts,
                now=now,
                chance=random.random(),  # noqa: S311  # spreads retries, hides nothing
                asked_s=self._asked_wait_s(),
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
                asked_s = self._asked_wait_s()
                wait = None if asked_s is None else math.ceil(asked_s)
                text = "The upstream refused the request."
                return plan.render(Refused(answer.status_code, "upstream_refused", text, retry_after_s=wait))
        return plan.render(error_of(failure))

    def _asked_wait_s(self) -> float | None:
        answer = self._failed_answer
        return None if answer is None else asked_wait_s(answer.headers, time.time())

    def _server(self) -> UpstreamServer:
        assert self.upstream is not None
        return self.upstream

    def _deadlines(self) -> Deadlines:
        deadlines = self._plan().deadlines
        assert deadlines is not None
        return deadlines
