"""Whether a failed attempt is tried again, and when. Pure: time and chance are arguments.

A request that an upstream may be working on is paid for, and is never sent twice (RFC 9110 section 9.2.2). So an
attempt is repeated only when no connection came about, when the connection closed before a byte of an answer, or when
the answer's status says that it may be. The wait is full jitter over an exponential bound
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), or what the upstream asks for.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any, Final

import orjson

from mitmgate.core.errors import GatewayError, ServiceUnavailable, UpstreamFailed

RETRYABLE_STATUSES: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
BACKOFF_BASE_S: Final = 0.25
BACKOFF_CAP_S: Final = 5.0
BUDGET_WINDOW_S: Final = 10.0
BUDGET_FLOOR: Final = 10
MAX_EXPLAINED_BYTES: Final = 64 << 10  # of an error's body, that is read for its code


class Failure(Enum):
    """How an attempt ended without an answer for the client. The value is the code that client and row get."""

    NAME = "upstream_name_unresolved"
    CONNECT = "upstream_unreachable"
    ADDRESS = "upstream_address_refused"
    CERTIFICATE = "upstream_tls_failed"
    HANDSHAKE = "upstream_tls_handshake_failed"
    RESET = "upstream_reset"
    MALFORMED = "upstream_malformed"
    STATUS = "upstream_error"
    REDIRECT = "upstream_redirect"
    CONNECT_TIMEOUT = "upstream_connect_timeout"
    FIRST_BYTE_TIMEOUT = "upstream_first_byte_timeout"
    IDLE_TIMEOUT = "upstream_idle_timeout"
    TOTAL_TIMEOUT = "request_timeout"
    OVERLOADED = "gateway_overloaded"
    TOO_LARGE = "upstream_answer_too_large"
    STOPPING = "gateway_stopping"


class Progress(Enum):
    """How far an attempt came. SENT: any byte of the request may have left; ANSWERED: any byte of an answer came."""

    CONNECTING = auto()
    SENT = auto()
    ANSWERED = auto()


# Everything else is final, wherever it happens: our own deadlines, and an answer that began and is of no use.
_REPEATABLE: Final = frozenset(
    {
        (Failure.NAME, Progress.CONNECTING),
        (Failure.CONNECT, Progress.CONNECTING),
        (Failure.HANDSHAKE, Progress.CONNECTING),
        (Failure.CONNECT_TIMEOUT, Progress.CONNECTING),
        (Failure.RESET, Progress.CONNECTING),
        (Failure.RESET, Progress.SENT),
        (Failure.STATUS, Progress.ANSWERED),  # the status is judged by `Verdict.of_answer`
    }
)


def repeatable(failure: Failure, progress: Progress) -> bool:
    """Whether the upstream may be asked once more after this failure."""
    return (failure, progress) in _REPEATABLE


_MESSAGES: Final = {
    Failure.NAME: "The upstream's name could not be resolved.",
    Failure.CONNECT: "The upstream could not be reached.",
    Failure.ADDRESS: "The upstream's address is not allowed.",
    Failure.CERTIFICATE: "The upstream's TLS certificate was not accepted.",
    Failure.HANDSHAKE: "The TLS handshake with the upstream failed.",
    Failure.RESET: "The upstream closed the connection before its answer was whole.",
    Failure.MALFORMED: "The upstream's answer was not valid HTTP.",
    Failure.STATUS: "The upstream answered with an error that is not JSON.",
    Failure.REDIRECT: "The upstream sends this request to another place, which the gateway does not follow.",
    Failure.CONNECT_TIMEOUT: "Connecting to the upstream took too long.",
    Failure.FIRST_BYTE_TIMEOUT: "The upstream did not begin to answer in time.",
    Failure.IDLE_TIMEOUT: "The upstream stopped in the middle of its answer.",
    Failure.TOTAL_TIMEOUT: "The request took longer than its time limit.",
    Failure.TOO_LARGE: "The upstream's answer is larger than what can be read here.",
    Failure.OVERLOADED: "The gateway has no room for this answer at the moment.",
    Failure.STOPPING: "The gateway is being stopped and does not wait longer for the upstream.",
}
_TIMEOUTS: Final = frozenset(
    {Failure.CONNECT_TIMEOUT, Failure.FIRST_BYTE_TIMEOUT, Failure.IDLE_TIMEOUT, Failure.TOTAL_TIMEOUT}
)


def error_of(failure: Failure) -> GatewayError:
    """What the client is told when nobody answered: 504: a deadline, 502: a broken answer, 503: for our own sake."""
    if failure in (Failure.OVERLOADED, Failure.STOPPING):
        return ServiceUnavailable(503, failure.value, _MESSAGES[failure], retry_after_s=1)
    return UpstreamFailed(504 if failure in _TIMEOUTS else 502, failure.value, _MESSAGES[failure])


class RetryBudget:
    """Bounds the retries to one upstream to a share of its traffic over 10 s, but never below 10 of them."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._requests: deque[float] = deque()
        self._retries: deque[float] = deque()

    def request(self, now: float) -> None:
        """Counts a request (not a retry) at `now`, in monotonic seconds."""
        requests = self._requests
        requests.append(now)
        while requests[0] < now - BUDGET_WINDOW_S or len(requests) > 100_000:
            requests.popleft()

    def take(self, now: float) -> bool:
        """Counts a retry if there is room for one."""
        retries = self._retries
        while retries and retries[0] < now - BUDGET_WINDOW_S:
            retries.popleft()
        while self._requests and self._requests[0] < now - BUDGET_WINDOW_S:
            self._requests.popleft()
        if len(retries) >= max(BUDGET_FLOOR, int(self._share * len(self._requests))):
            return False
        retries.append(now)
        return True


@dataclass(slots=True)
class Retries:
    """How many retries a request has left, until when (monotonic seconds), and out of which budget."""

    left: int
    ends_at: float
    budget: RetryBudget

    def replace_stale(self) -> bool:
        """Whether a pooled connection that turned out closed is replaced, which takes one of the retries.

        It needs no wait and no budget: its end most often was on its way before the request was.
        """
        if self.left <= 0:
            return False
        self.left -= 1
        return True

    def wait_s(
        self,
        failure: Failure,
        progress: Progress,
        *,
        attempt: int,
        now: float,
        chance: float,
        asked_s: float | None = None,
    ) -> float | None:
        """Seconds to wait before the next attempt; None to give up. attempt counts from 1; chance is in [0, 1).

        asked_s: the wait that the upstream asked for.
        """
        if self.left <= 0 or not repeatable(failure, progress):
            return None
        wait = asked_s if asked_s is not None else chance * min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2 ** (attempt - 1))
        if now + wait >= self.ends_at or not self.budget.take(now):
            return None
        self.left -= 1
        return wait


# ---- what an upstream's error says of another attempt


def may_be_repeated(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer's head leaves open that the request is sent once more; its body has to come first.

    `x-should-retry` is the vendors' own word to their packages and counts more than the status.
    """
    said = _should_retry(headers)
    return status >= 400 and (said is True or status in RETRYABLE_STATUSES)


def asks_for_another(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the request is worth sending once more after this whole error; body without its content coding."""
    said = _should_retry(headers)
    if said is not None:
        return said
    return status in RETRYABLE_STATUSES and not _is_unpaid(body)


def asked_wait_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from `now` (epoch seconds) that the upstream asks to wait; None if it does not.

    `retry-after-ms` is more exact and goes first, as in the vendors' packages
    (https://github.com/openai/openai-python, _base_client.py).
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _match_number(milliseconds):
        return float(milliseconds) / 1000
    return parse_retry_after(headers.get("retry-after"), now)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds from `now` (epoch seconds) that `Retry-After` asks for (RFC 9110 section 10.2.3); None if none.

    Fractions are no part of the RFC, but vendors send them.
    """
    if not value:
        return None
    value = value.strip()
    if _match_number(value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


_match_number: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?", re.ASCII).fullmatch
_find_words: Final = re.compile(r"[a-z]+").findall
_UNPAID: Final = frozenset({"billing", "balance", "credit", "credits", "funds", "payment"})


def _should_retry(headers: Mapping[str, str]) -> bool | None:
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())


def _is_unpaid(body: bytes) -> bool:
    """Whether the error's own code or type says that the account must pay first: `insufficient_quota` and the like.

    A quota that comes back by itself, a rate limit, is not meant: `quota_exceeded`, `RESOURCE_EXHAUSTED`.
    """
    if len(body) > MAX_EXPLAINED_BYTES:
        return False
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    error: Any = answer.get("error", answer) if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return False
    for said in (error.get("code"), error.get("type")):
        words = set(_find_words(said.lower())) if isinstance(said, str) else set[str]()
        if words & _UNPAID or ("quota" in words and words & {"insufficient", "current"}):
            return True
    return False
