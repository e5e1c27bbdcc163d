"""What the chain has decided about forwarding one request, and what forwarding then found out.

The chain fills in a `Plan` and the HTTP layer carries it out; both reach it by the flow. It is an attribute of the
flow and not in `flow.metadata`, which must stay serialisable: mitmproxy copies and saves a flow by its state, of which
attributes of others are no part.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from mitmproxy import http

from mitmgate.core.errors import GatewayError
from mitmgate.core.event_hold import Hold
from mitmgate.core.retry import Failure, Retries
from mitmgate.core.vendor_errors import MAX_BODY_BYTES


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask. Its fields are also the pool's key, so two tenants never share a connection."""

    owner: int
    scheme: str
    host: str
    port: int
    allow_private: bool


@dataclass(slots=True)
class Deadlines:
    """Seconds; connect, first_byte and idle hold for each attempt, total for the request."""

    connect_s: float
    first_byte_s: float
    idle_s: float
    total_s: float


class StreamTap(Protocol):
    """Reads an answer's events as they pass. core.token_usage has the one for SSE."""

    @property
    def terminal_seen(self) -> bool: ...

    @property
    def finish_reason(self) -> str | None: ...

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]:
        """The bytes that may go out now, and those from the terminal event on."""
        ...


class StreamCover(Protocol):
    """Covers in an answer's chunks what the client must not see; core.redaction has the one there is."""

    def pass_on(self, chunk: bytes, last: bool = False) -> bytes:
        """The bytes that may go out; what it holds back comes with a later chunk, at the latest with the last."""
        ...


@dataclass(frozen=True, slots=True)
class VendorRefusal:
    """An upstream's error that the client does not get: its headers and the beginning of its body as it came."""

    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(slots=True)
class Attempt:
    """One time the upstream was asked, in monotonic seconds. asked_at: when its connection was there.

    failure says why it was no answer for the client; stale that a kept connection turned out closed and a new one
    took its place; refused is the upstream's error, where it may not be the last word.
    """

    begun_at: float
    asked_at: float | None = None
    ended_at: float | None = None
    status: int | None = None
    failure: Failure | None = None
    reused: bool = False
    stale: bool = False
    refused: VendorRefusal | None = None


@dataclass(slots=True)
class Plan:
    """One request's forwarding. Everything above the blank line is the chain's to set, the rest the layer's."""

    render: Callable[[GatewayError], http.Response]
    max_request_bytes: int
    stream_error: Callable[[GatewayError, Hold], bytes] | None = None
    relocate: Callable[[Sequence[bytes], bool], bytes | None] | None = None  # core.redirects, of a request with a body
    target: Target | None = None
    path: bytes = b"/"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    credential: tuple[bytes, bytes] | None = field(default=None, repr=False)
    deadlines: Deadlines | None = None
    retries: Retries | None = None
    tap: StreamTap | None = None
    must_buffer: bool = False  # the answer is read before any of it may go out, however large
    cover: StreamCover | None = None
    claim: Callable[[int], bool] | None = None  # counts more bytes of the request's; False when there is no room

    tries: list[Attempt] = field(default_factory=list)
    failure: Failure | None = None  # the last one
    asked_at: float | None = None
    first_byte_at: float | None = None
    left: bool = False  # the client, while a hook is under way
    request_bytes: int = 0
    response_bytes: int = 0

    @property
    def attempts(self) -> int:
        return len(self.tries)

    def begin_attempt(self, again: bool) -> None:
        """again: the same attempt, on a new connection."""
        if again:
            self.tries[-1].stale = True
        else:
            self.tries.append(Attempt(time.monotonic()))

    def ask(self, reused: bool) -> None:
        """The connection is there, and is asked now."""
        last = self.tries[-1]
        self.asked_at = last.asked_at = time.monotonic()
        last.reused = reused

    def note_refusal(self, answer: http.Response, body: bytes) -> None:
        """The attempt ended with an error that may not be the last word."""
        self.tries[-1].refused = VendorRefusal(answer.headers.fields, body[:MAX_BODY_BYTES])

    def end_attempt(self, failure: Failure) -> None:
        """Without an answer for the client. Between two attempts it ends none of them."""
        self.failure = failure
        last = self.tries[-1]
        if last.ended_at is None:
            last.ended_at, last.failure = time.monotonic(), failure


_ATTRIBUTE: Final = "mitmgate_plan"


def set_plan(flow: http.HTTPFlow, plan: Plan) -> None:
    """Hangs the plan on the flow."""
    vars(flow)[_ATTRIBUTE] = plan


def plan_of(flow: http.HTTPFlow) -> Plan | None:
    """The flow's plan; None before the chain has made one."""
    return flow.__dict__.get(_ATTRIBUTE)
