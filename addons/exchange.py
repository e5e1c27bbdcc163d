"""What the chain knows of one request: typed, one object a flow, each field under the stage that writes it first.

It is an attribute of the flow: in `flow.metadata` it would break `flow.copy()` and saving in mitmweb, and a weak
dictionary costs a reference object at each of the forty times a request is looked at.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from mitmproxy import http
from mitmproxy.net.http.status_codes import RESPONSES

from mitmgate.core.answer_tap import TokenTap
from mitmgate.core.bounded_json import may_parse
from mitmgate.core.cache_policy import Decision
from mitmgate.core.directory import Key, Tenant
from mitmgate.core.encoding import decoded
from mitmgate.core.errors import OPENAI, GatewayError, error_headers, render_error
from mitmgate.core.limits import Reservation
from mitmgate.core.outline import Outline
from mitmgate.core.paths import Route
from mitmgate.core.recording import Recording
from mitmgate.proxy.plan import Plan
from mitmgate.services.exact_cache import Entry
from mitmgate.services.matcher_client import Candidate


def new_request_id() -> str:
    """A UUID version 7 (RFC 9562): sorts by time, so the newest rows lie together."""
    time_ms = f"{int(time.time() * 1000):012x}"
    random = os.urandom(10).hex()
    variant = "89ab"[int(random[3], 16) & 3]
    return f"{time_ms[:8]}-{time_ms[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"


@dataclass(slots=True)
class Exchange:
    """started_at is epoch seconds, begun monotonic seconds, the *_ms are durations of stages."""

    # route
    client_address: str
    path: str
    query: str
    headers: dict[str, str]  # by lower-case name, the last of a name; for looking up only
    route: Route = Route.UNKNOWN
    client_format: str = OPENAI
    endpoint: str = "other"
    request_id: str = field(default_factory=new_request_id)
    client_request_id: str | None = None
    started_at: float = field(default_factory=time.time)
    begun: float = field(default_factory=time.monotonic)
    plan: Plan | None = None
    # auth
    tenant: Tenant | None = None
    key: Key | None = None
    credentials: tuple[bytes, ...] = field(default=(), repr=False)  # what this request authenticated with
    auth_ms: float | None = None
    # places
    counted: bool = False  # in the worker's requests in flight
    waits: bool = False  # in one of its tenant's places
    # validate
    takes_body: bool = True
    is_json: bool = False
    is_upload: bool = False
    coding: str = ""  # the body's content coding, to be taken off before it is read
    body: dict[str, Any] | None = None
    outline: Outline | None = None  # in place of a body that is too large for a tree
    streamed: bool = False
    # listing, models
    filters_models: bool = False  # the answer names models, and not all may be used
    model: str | None = None
    # quota
    reservation: Reservation | None = None
    limit_ms: float | None = None
    cache_replies: Sequence[object] = ()
    removal: str | None = None  # of the tenant's cached answers, the last before this request; None: not known
    # cache
    decision: Decision | None = None
    fingerprint: bytes | None = None
    scope: bytes | None = None
    text: str | None = field(default=None, repr=False)
    classified: bool = False  # whether it is known that the text may be shared
    held: Entry | None = None  # found by the exact words, and not served before the text is classified
    parts: Mapping[str, str] | None = None  # digests of what the scope is made of
    cache_status: str | None = None
    cache_detail: str | None = None
    entry: Entry | None = None  # what a hit answers with
    stored: Entry | None = None  # what was kept of this answer
    recording: Recording | None = None  # of a stream that may be kept
    cache_kind: str | None = None
    similarity: float | None = None
    pair: str | None = None  # of a hit in other words: the two questions' digests
    nearest: float | None = None  # of the nearest question, where that was no hit
    probability: float | None = None  # of a hit in other words, or of what was nearest to one
    near_entry: str | None = None  # that was nearest to a hit, where there was none
    compared: Candidate | None = None  # in shadow mode: whose answer the upstream's is compared with
    cache_ms: float | None = None
    # upstream
    upstream: str | None = None
    upstream_secrets: tuple[bytes, ...] = field(default=(), repr=False)  # what no answer may hold
    # answer
    upstream_request_id: str | None = None  # the vendor's
    tap: TokenTap | None = None  # of an answer to a request that is paid for
    # whoever needs the answer first, whoever refuses, ledger
    answer: dict[str, Any] | None = None  # a buffered JSON answer, parsed once: see parsed_answer
    error: str | None = None
    settled: bool = False

    @property
    def limits_models(self) -> bool:
        """Whether tenant or key may ask for some models only."""
        assert self.tenant is not None and self.key is not None
        return self.tenant.allowed_models is not None or self.key.allowed_models is not None


REASONS = {code: text.encode() for code, text in RESPONSES.items()}

_ATTRIBUTE: Final = "mitmgate_exchange"


def begin_exchange(flow: http.HTTPFlow, exchange: Exchange) -> None:
    """Hangs the exchange on the flow."""
    vars(flow)[_ATTRIBUTE] = exchange


def exchange_of(flow: http.HTTPFlow) -> Exchange | None:
    """The flow's exchange; None when routing itself failed."""
    return flow.__dict__.get(_ATTRIBUTE)  # vars() is a call more, forty times a request


def local_response(status: int, fields: list[tuple[bytes, bytes]], body: bytes) -> http.Response:
    """An answer of ours, made without the conversions of `http.Response.make`."""
    now = time.time()
    fields = [*fields, (b"Content-Length", b"%d" % len(body))]
    return http.Response(b"HTTP/1.1", status, REASONS.get(status, b""), http.Headers(fields), body, None, now, now)


def readable_body(response: http.Response) -> bytes | None:
    """The buffered body, decoded within bounds: mitmproxy would decode it whole, however much it unfolds to."""
    body = response.raw_content
    return None if body is None else decoded(body, response.headers.get("content-encoding", ""))


def parsed_answer(flow: http.HTTPFlow, exchange: Exchange) -> dict[str, Any] | None:
    """The buffered answer as a JSON object; None when it is not one, or too large to be parsed."""
    if exchange.answer is None and flow.response is not None and not flow.response.stream:
        text = readable_body(flow.response) or b""
        if not may_parse(text):
            return None
        try:
            body = orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
        exchange.answer = body if isinstance(body, dict) else None
    return exchange.answer


def refusal(exchange: Exchange | None, error: GatewayError) -> http.Response:
    """The error as an answer in the client's own format; the row is told its code."""
    client_format = OPENAI
    if exchange is not None:
        client_format = exchange.client_format
        exchange.error = error.code
    body = render_error(error, client_format, exchange.request_id if exchange else None)
    return local_response(error.status, error_headers(error), body)
