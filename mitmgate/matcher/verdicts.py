"""Verdicts on pairs, the verifier's part in batches: a bounded queue, look-ups first, in the thread that embeds.

What is pure is in `core/verdict.py`. A verifier that could not be loaded is None: then no pair is accepted.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from mitmgate.core.calibration import NEVER, Calibration
from mitmgate.core.verdict import Considered, Verdict, consider, decide, worth_verifying
from mitmgate.matcher.texts import QueueFull
from mitmgate.services.embedder import Embedder
from mitmgate.services.verifier import Verifier

URGENT_WAITING: Final = 64  # at 5 ms each nobody behind them is served in time
LATER_WAITING: Final = 1024
BATCH: Final = 4
TURN_S: Final = 0.003
NO_VERIFIER: Final = "no verifier"


@dataclass(slots=True)
class _Wanted:
    pair: tuple[str, str]
    ends_at: float
    log_odds: asyncio.Future[float | None]


@dataclass(frozen=True, slots=True)
class Findings:
    """A verdict and what it was made from. bar: the probability to reach; None when no probability reaches it."""

    verdict: Verdict
    vetoes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    log_odds: float | None = None
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """What a hit must reach. max_wrong: the share of hits that may be wrong; threshold: the lowest similarity."""

    max_wrong: float
    threshold: float = 0.0


class PairVerdicts:
    """`run` does the verifier's work."""

    def __init__(
        self, embedder: Embedder, verifier: Verifier | None, calibration: Calibration | None, executor: Executor
    ) -> None:
        self._embedder = embedder
        self._verifier = verifier
        self._calibration = calibration
        self._executor = executor
        self._urgent: deque[_Wanted] = deque()
        self._later: deque[_Wanted] = deque()
        self._wanted = asyncio.Event()
        self.counts: Counter[str] = Counter()

    @property
    def usable(self) -> bool:
        return self._verifier is not None and self._calibration is not None

    async def best(
        self, query: str, near: Sequence[tuple[str, float]], bars: Bars, ends_at: float
    ) -> tuple[int | None, dict[int, Verdict]]:
        """near: stored questions and their similarities, the nearest first.

        -> the place of the one whose answer may be served, and the verdicts on those that were looked at closely: the
        nearest, and what the verifier was asked about. Raises QueueFull, TimeoutError.
        """
        calibration = self._calibration
        if calibration is None or self._verifier is None:
            return None, {0: Verdict(False, (NO_VERIFIER,))} if near else {}
        bar = calibration.bar(bars.max_wrong)
        lowest = max(bars.threshold, calibration.floor)
        near = [each for place, each in enumerate(near) if place == 0 or each[1] >= lowest]  # nothing is accepted below
        found = await self._considered(query, near, calibration, bars.threshold)
        told: dict[int, Verdict] = {}
        for place, considered in enumerate(found):
            if considered.same_words or place == 0:
                told[place] = decide(considered, None, calibration, bar)
            if considered.same_words:
                return place, told
        for place in worth_verifying(found):
            log_odds = await self._ask(query, near[place][0], ends_at, urgent=True)
            told[place] = decide(found[place], log_odds, calibration, bar)
            if told[place].accept:
                return place, told
        return None, told

    @staticmethod
    async def _considered(
        query: str, near: Sequence[tuple[str, float]], calibration: Calibration, threshold: float
    ) -> list[Considered]:
        """Long questions take a millisecond or two each: the loop gets its turn between them."""
        loop = asyncio.get_running_loop()
        found, begun_s = [], loop.time()
        for stored, similarity in near:
            found.append(consider(query, stored, similarity, calibration, threshold))
            if loop.time() - begun_s > TURN_S:
                await asyncio.sleep(0)
                begun_s = loop.time()
        return found

    async def judge(self, query: str, stored: str, similarity: float, bars: Bars, ends_at: float) -> Findings:
        """On one pair, behind all look-ups. Raises QueueFull, TimeoutError."""
        calibration = self._calibration
        if calibration is None or self._verifier is None:
            return Findings(Verdict(False, (NO_VERIFIER,)), (NO_VERIFIER,))
        considered = consider(query, stored, similarity, calibration, bars.threshold)
        log_odds = await self._ask(query, stored, ends_at, urgent=False) if considered.open else None
        bar = calibration.bar(bars.max_wrong)
        verdict = decide(considered, log_odds, calibration, bar)
        return Findings(verdict, considered.vetoes, considered.doubts, log_odds, None if bar >= NEVER else bar)

    async def _ask(self, query: str, stored: str, ends_at: float, *, urgent: bool) -> float | None:
        queue, most = (self._urgent, URGENT_WAITING) if urgent else (self._later, LATER_WAITING)
        if len(queue) >= most:
            self.counts["verifier_busy"] += 1
            raise QueueFull
        wanted = _Wanted((query, stored), ends_at, asyncio.get_running_loop().create_future())
        queue.append(wanted)
        self._wanted.set()
        async with asyncio.timeout_at(ends_at):
            return await wanted.log_odds

    async def run(self) -> None:
        """Verifies what is wanted, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._wanted.clear()
            while batch := self._next_batch(loop.time()):
                made = await loop.run_in_executor(self._executor, self._verified, [each.pair for each in batch])
                self.counts["verified"] += len(batch)
                for wanted, log_odds in zip(batch, made, strict=True):
                    if not wanted.log_odds.done():
                        wanted.log_odds.set_result(log_odds)
            await self._wanted.wait()

    def _next_batch(self, now: float) -> list[_Wanted]:
        """Look-ups first; a judged pair goes alone."""
        for queue, most in ((self._urgent, BATCH), (self._later, 1)):
            batch: list[_Wanted] = []
            while queue and len(batch) < most:
                first = queue.popleft()
                if not first.log_odds.done() and first.ends_at > now:
                    batch.append(first)
            if batch:
                return batch
        return []

    def _verified(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        assert self._verifier is not None
        states = self._embedder.states
        return [self._verifier.log_odds(states(query), states(stored)) for query, stored in pairs]
