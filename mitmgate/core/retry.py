"""Whether a failed attempt is tried again, and when. Pure: time and chance are arguments.

What may be retried: connection errors and the statuses below, before any byte reached the client. A POST to an LLM
is retried as the vendors' own SDKs do (https://github.com/openai/openai-python#retries). The wait is full jitter over
an exponential bound (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), or what `Retry-After`
asks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

from mitmgate.core.errors import GatewayError, ServiceUnavailable, UpstreamFailed

RETRYABLE_STATUSES: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
BACKOFF_BASE_S: Final = 0.25
BACKOFF_CAP_S: Final = 5.0
BUDGET_WINDOW_S: Final = 10.0
BUDGET_FLOOR: Final = 10


class Failure(Enum):
    """How an attempt ended without an answer for the client. The value is the code the client and the row are told."""

    NAME = "upstream_name_unresolved"
    CONNECT = "upstream_unreachable"
    ADDRESS = "upstream_address_refused"
    TLS = "upstream_tls_failed"
    RESET = "upstream_reset"
    MALFORMED = "upstream_malformed"
    STATUS = "upstream_error"
    CONNECT_TIMEOUT = "upstream_connect_timeout"
    FIRST_BYTE_TIMEOUT = "upstream_first_byte_timeout"
    IDLE_TIMEOUT = "upstream_idle_timeout"
    TOTAL_TIMEOUT = "request_timeout"
    OVERLOADED = "gateway_overloaded"
    TOO_LARGE = "upstream_answer_too_large"
    STOPPING = "gateway_stopping"


_FINAL: Final = frozenset(
    {
        Failure.ADDRESS,
        Failure.TLS,
        Failure.TOTAL_TIMEOUT,
        Failure.OVERLOADED,
        Failure.TOO_LARGE,
        Failure.STOPPING,
    }
)

_MESSAGES: Final = {
    Failure.NAME: "The upstream's name could not be resolved.",
    Failure.CONNECT: "The upstream could not be reached.",
    Failure.ADDRESS: "The upstream's address is not allowed.",
    Failure.TLS: "The upstream's TLS certificate or handshake was not accepted.",
    Failure.RESET: "The upstream closed the connection before its answer was whole.",
    Failure.MALFORMED: "The upstream's answer was not valid HTTP.",
    Failure.STATUS: "The upstream answered with an error that is not JSON.",
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

    def wait_s(
        self, failure: Failure, *, attempt: int, now: float, chance: float, retry_after_s: float | None = None
    ) -> float | None:
        """Seconds to wait before the next attempt; None to give up. attempt counts from 1; chance is in [0, 1)."""
        if self.left <= 0 or failure in _FINAL:
            return None
        if retry_after_s is not None:
            wait = retry_after_s
        else:
            wait = chance * min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2 ** (attempt - 1))
        if now + wait >= self.ends_at or not self.budget.take(now):
            return None
        self.left -= 1
        return wait


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds from `now` (epoch seconds) that `Retry-After` asks for (RFC 9110 section 10.2.3); None if none."""
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
