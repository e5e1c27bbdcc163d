"""Compares stored answers with what the upstream said, beside the requests: in shadow mode, and of audited hits.

All of it is best effort. What there is no room or no time for is left out and counted; nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from mitmgate.core.answer_comparison import answer_text, compare
from mitmgate.core.replay import NotReplayable, Wanted, replay
from mitmgate.core.replay.forms import is_stream
from mitmgate.services.comparison_rows import Compared, ComparisonRows
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.logs import place_of
from mitmgate.services.matcher_client import MatcherAway, MatcherClient
from mitmgate.services.redis import StoreDown

MOST_WAITING: Final = 32
LARGEST_BYTES: Final = 512 << 10  # of an answer; so what waits is at most some 32 MiB
FETCH_S: Final = 1.0
SAY_EVERY_S: Final = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of status 200, plain or as a stream."""

    media_type: bytes
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """kind: shadow or audit; request_id: whose answer the upstream's is; probability: the verdict's, that the stored
    one is right for it; stored: None where it is still to be fetched."""

    kind: str
    tenant_id: int
    request_id: str
    client_format: str
    probability: float
    fingerprint: bytes
    real: Answer
    stored: Answer | None = None


class Comparisons:
    """Pairs in, rows out, one after the other. `run` does the work."""

    def __init__(self, cache: ExactCache, matcher: MatcherClient, rows: ComparisonRows) -> None:
        self._cache = cache
        self._matcher = matcher
        self._rows = rows
        self._waiting: deque[Pair] = deque()
        self._offered = asyncio.Event()
        self._said_at = -SAY_EVERY_S
        self.left_out = 0

    def offer(self, pair: Pair) -> None:
        """To be compared, if there is room."""
        if len(self._waiting) >= MOST_WAITING or _is_large(pair.real) or _is_large(pair.stored):
            self._leave_out()
            return
        self._waiting.append(pair)
        self._offered.set()

    def forget(self, tenant_id: int) -> None:
        """Drops the tenant's answers that wait."""
        self._waiting = deque(pair for pair in self._waiting if pair.tenant_id != tenant_id)

    async def run(self) -> None:
        """Compares what is offered, until cancelled."""
        while True:
            await self._offered.wait()
            while self._waiting:
                await self._compare_next(self._waiting.popleft())
            self._offered.clear()

    async def _compare_next(self, pair: Pair) -> None:
        try:
            row = await self._compared(pair)
        except (StoreDown, MatcherAway):
            row = None
        except Exception as problem:
            logger.error("two answers could not be compared: %s", place_of(problem))
            row = None
        if row is None:
            self._leave_out()
        else:
            self._rows.add(row)

    async def _compared(self, pair: Pair) -> Compared | None:
        """None where there is nothing to compare. Raises StoreDown, MatcherAway."""
        stored = pair.stored or await self._fetched(pair)
        if stored is None or _is_large(stored):
            return None
        texts = await asyncio.to_thread(_texts, pair.client_format, stored, pair.real)
        if texts is None:
            return None
        similarity = 1.0
        if texts[0] != texts[1]:
            if not self._matcher.healthy:  # one that waits long for an answer must not be what finds out
                return None
            similarity = await self._matcher.similarity(*texts)
        found = await asyncio.to_thread(compare, *texts, similarity)
        return Compared(
            pair.tenant_id, pair.request_id, time.time(), pair.kind, pair.probability, found.agrees, found.reasons
        )

    async def _fetched(self, pair: Pair) -> Answer | None:
        entry = await self._cache.fetch(pair.tenant_id, pair.fingerprint, time.time(), FETCH_S)
        return None if entry is None else Answer(entry.headers[0][1], entry.body)

    def _leave_out(self) -> None:
        self.left_out += 1
        now = time.monotonic()
        if now - self._said_at >= SAY_EVERY_S:
            self._said_at = now
            logger.info("answers that were not compared since the start: %d", self.left_out)


def _is_large(answer: Answer | None) -> bool:
    return answer is not None and len(answer.body) > LARGEST_BYTES


def _texts(client_format: str, *answers: Answer) -> tuple[str, str] | None:
    """The texts of two answers; None where one has none."""
    one, other = (_text(client_format, answer) for answer in answers)
    return None if one is None or other is None else (one, other)


def _text(client_format: str, answer: Answer) -> str | None:
    body = answer.body
    try:
        if is_stream(answer.media_type):
            _, body = replay(answer.media_type, body, Wanted(client_format), usage_asked=False)
    except NotReplayable:
        return None
    return answer_text(client_format, body)
