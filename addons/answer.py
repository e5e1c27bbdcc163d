"""Before the answer leaves: what of an upstream's headers may go out, and what the gateway says of itself."""

from __future__ import annotations

import re
import time

from mitmproxy import http

from addons.entries import WOULD_BE_HIT, forward_line
from addons.exchange import REASONS, Exchange
from addons.gate import observer
from mitmgate.core.answer_tap import tap_for
from mitmgate.core.cors import Cors
from mitmgate.core.encoding import is_plain
from mitmgate.core.errors import ANTHROPIC
from mitmgate.core.event_hold import stream_kind
from mitmgate.core.headers import answerable
from mitmgate.core.paths import Route
from mitmgate.core.vendor_errors import vendor_request_id

STREAMING_VERB = re.compile(r":stream[A-Za-z]*$")  # Google's, whose requests have no `stream`
Pairs = list[tuple[bytes, bytes]]


class AnswerStage:
    """Rewrites the headers of every answer, ours and the upstream's, and decides whether its body is streamed."""

    def __init__(self, cors: Cors) -> None:
        self._cors = cors

    @observer
    def responseheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        response, plan = flow.response, exchange.plan
        assert response is not None and plan is not None
        from_upstream = plan.attempts > 0 and exchange.error is None and exchange.entry is None
        fields = list(response.headers.fields)
        if from_upstream and exchange.route is Route.API:
            exchange.upstream_request_id = vendor_request_id(fields, exchange.upstream_secrets)
            fields = answerable(fields, secrets=exchange.upstream_secrets)
            response.headers.fields = tuple(fields)  # whatever may go wrong below
            response.data.reason = REASONS.get(response.status_code, b"")  # the upstream's may say anything
            response.stream = not plan.must_buffer and self._must_stream(response, exchange)
            if flow.request.method == "POST" and response.status_code < 300:
                self._tap(response, exchange)
        elif from_upstream:
            fields = [pair for pair in fields if pair[0].lower() not in (b"server", b"connection")]
        if self._is_stream(response, exchange):
            fields.append((b"X-Accel-Buffering", b"no"))  # or nginx keeps events back (ngx_http_proxy_module)
        fields.append((b"X-Request-Id", exchange.request_id.encode()))
        if exchange.client_format == ANTHROPIC and not from_upstream:
            fields.append((b"request-id", exchange.request_id.encode()))  # where Anthropic's packages look for it
        if exchange.client_request_id is not None:
            fields.append((b"X-Client-Request-Id", exchange.client_request_id.encode()))
        if exchange.tenant is not None:
            fields += self._limits(exchange)
            fields += self._cache(exchange)
            fields += self._upstream(exchange)
            fields.append((b"Server-Timing", self._timing(exchange)))
        if exchange.route in (Route.API, Route.FEEDBACK, Route.UNKNOWN):
            fields += self._cors.answer_fields(exchange.headers.get("origin"))
        response.headers.fields = tuple(fields)

    @staticmethod
    def _tap(response: http.Response, exchange: Exchange) -> None:
        """Only POST is paid for: GET shows what a POST has made, with its usage again."""
        assert exchange.plan is not None
        content_type = response.headers.get("content-type", "")
        coding = response.headers.get("content-encoding", "")
        exchange.tap = exchange.plan.tap = tap_for(
            exchange.client_format, content_type, coding, exchange.streamed, exchange.recording
        )

    @staticmethod
    def _must_stream(response: http.Response, exchange: Exchange) -> bool:
        """JSON is buffered, so that a broken answer can still become an error; all else passes chunk by chunk."""
        assert exchange.plan is not None
        if exchange.filters_models:
            return False
        if exchange.upstream_secrets and not is_plain(response.headers.get("content-encoding", "")):
            exchange.plan.must_buffer = True  # to be looked into whole
            return False
        content_type = response.headers.get("content-type", "")
        if STREAMING_VERB.search(exchange.path) is not None:
            exchange.streamed = True
        if exchange.streamed or stream_kind(content_type) is not None:
            return response.status_code < 400
        media_type = content_type.partition(";")[0].strip().lower()
        return not (media_type == "application/json" or media_type.endswith("+json") or response.status_code >= 400)

    @staticmethod
    def _is_stream(response: http.Response, exchange: Exchange) -> bool:
        if response.status_code >= 400:
            return False
        passes_on = exchange.streamed and bool(response.stream)
        return passes_on or stream_kind(response.headers.get("content-type", "")) is not None

    @staticmethod
    def _limits(exchange: Exchange) -> Pairs:
        taken = exchange.reservation
        if taken is None:
            return []
        return [
            (b"X-RateLimit-Limit-Requests", b"%d" % taken.limit),
            (b"X-RateLimit-Remaining-Requests", b"%d" % taken.remaining),
            (b"X-RateLimit-Reset-Requests", b"%ds" % taken.reset_s),
            (b"RateLimit-Policy", b'"requests";q=%d;w=3600' % taken.limit),
            (b"RateLimit", b'"requests";r=%d;t=%d' % (taken.remaining, taken.reset_s)),
        ]

    @staticmethod
    def _cache(exchange: Exchange) -> Pairs:
        """`X-Cache-*`, Age and Cache-Status (RFC 9211). Refusals carry none."""
        status, entry = exchange.cache_status, exchange.entry
        if exchange.error is not None or status is None:
            return []
        if entry is not None:
            age = max(0, int(time.time() - entry.stored_at))
            left = max(0, int(entry.expires_at - time.time()))
            kind, similarity = exchange.cache_kind or "exact", f"{exchange.similarity or 0.0:.3f}"
            detail = kind if kind == "exact" else f"{kind} {similarity}"
            return [
                (b"X-Cache-Status", b"HIT"),
                (b"X-Cache-Kind", kind.encode()),
                (b"X-Cache-Similarity", b"1.0" if kind == "exact" else similarity.encode()),
                (b"X-Cache-Entry", entry.entry_id.encode()),
                (b"Age", b"%d" % age),
                (b"Cache-Status", f'mitmgate; hit; ttl={left}; detail="{detail}"'.encode()),
            ]
        fields = [(b"X-Cache-Status", status.encode())]
        if status == WOULD_BE_HIT and exchange.near_entry is not None:  # as the hit would have had it
            fields += [
                (b"X-Cache-Kind", b"semantic"),
                (b"X-Cache-Similarity", f"{exchange.similarity or 0.0:.3f}".encode()),
                (b"X-Cache-Entry", exchange.near_entry.encode()),
            ]
        return [*fields, (b"Cache-Status", forward_line(exchange))]

    @staticmethod
    def _upstream(exchange: Exchange) -> Pairs:
        plan = exchange.plan
        if plan is None or not plan.attempts or exchange.upstream is None:
            return []
        return [
            (b"X-Upstream", exchange.upstream.encode()),
            (b"X-Upstream-Attempts", b"%d" % plan.attempts),
        ]

    @staticmethod
    def _timing(exchange: Exchange) -> bytes:
        """`Server-Timing` (W3C): ms of auth, limit (the store's trip), cache, and the upstream's first byte."""
        plan = exchange.plan
        spans = [("auth", exchange.auth_ms), ("limit", exchange.limit_ms), ("cache", exchange.cache_ms)]
        if plan is not None and plan.asked_at is not None and plan.first_byte_at is not None:
            spans.append(("upstream", (plan.first_byte_at - plan.asked_at) * 1000))
        return ", ".join(f"{name};dur={span:.2f}" for name, span in spans if span is not None).encode()
