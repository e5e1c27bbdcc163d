"""Verdicts on pairs, the verifier's part in batches beside the loop: look-ups first, and apart from what is judged.

The steps are in `choosing.py`, what is pure in `core/verdict.py`. A verifier that could not be loaded is None: then no
pair is accepted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mitmgate.core.calibration import NEVER, Calibration
from mitmgate.core.text.sieve import Stored
from mitmgate.core.verdict import Verdict
from mitmgate.matcher.choosing import Measure, Pair, Steps, choosing, judging
from mitmgate.matcher.computing import Lane
from mitmgate.matcher.texts import TextVectors
from mitmgate.services.embedder import Embedder
from mitmgate.services.verifier import LONGEST, Verifier

URGENT_WAITING: Final = 64
LATER_WAITING: Final = 1024
RANK: Final = 0
BATCH: Final = 4
ALIKE: Final = 8  # tokens: what is padded for a batch costs less than it saves
TURN_S: Final = 0.003
NO_VERIFIER: Final = "no verifier"


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
    """Decides in the steps that traffic and judging share. The workers' `run` does the verifier's work."""

    def __init__(self, texts: TextVectors, verifier: Verifier | None, calibration: Calibration | None) -> None:
        self._embedder = texts.embedder
        self._verifier = verifier
        self._calibration = calibration
        first, patient = texts.workers.first, texts.workers.patient
        self._urgent: Lane[Pair, float | None] = first.lane(
            lambda pairs: self._verified(texts.embedder, pairs),
            rank=RANK,
            most=URGENT_WAITING,
            batch=BATCH,
            apart=ALIKE,
        )
        self._patient: Lane[Pair, float | None] = patient.lane(
            lambda pairs: self._verified(texts.aside, pairs), rank=RANK, most=LATER_WAITING
        )

    @property
    def usable(self) -> bool:
        return self._verifier is not None and self._calibration is not None

    @property
    def counts(self) -> dict[str, int]:
        lanes = (self._urgent, self._patient)
        return {
            "verified": sum(lane.done for lane in lanes),
            "verifier_busy": sum(lane.refused for lane in lanes),
        }

    async def best(
        self, query: str, near: Sequence[tuple[Stored, float]], bars: Bars, ends_at: float
    ) -> tuple[int | None, dict[int, Verdict]]:
        """As `choosing` has it, with the verdicts only. Raises QueueFull, TimeoutError."""
        measure = self._measure(bars)
        if measure is None:
            return None, {0: Verdict(False, (NO_VERIFIER,))} if near else {}
        hit, told = await self._done(choosing(query, near, measure), self._urgent, ends_at)
        return hit, {place: each.verdict for place, each in told.items()}

    async def judge(self, query: str, stored: str, similarity: float, bars: Bars, ends_at: float) -> Findings:
        """On one pair, behind all look-ups. Raises QueueFull, TimeoutError."""
        measure = self._measure(bars)
        if measure is None:
            return Findings(Verdict(False, (NO_VERIFIER,)), (NO_VERIFIER,))
        judged = await self._done(judging(query, stored, similarity, measure), self._patient, ends_at, turn_s=0.0)
        considered, bar = judged.considered, measure.bar
        told_bar = None if bar >= NEVER else bar
        return Findings(judged.verdict, considered.vetoes, considered.doubts, judged.log_odds, told_bar)

    def _measure(self, bars: Bars) -> Measure | None:
        if self._calibration is None or self._verifier is None:
            return None
        return Measure(self._calibration, self._calibration.bar(bars.max_wrong), bars.threshold)

    async def _done[R](
        self, steps: Steps[R], lane: Lane[Pair, float | None], ends_at: float, turn_s: float = TURN_S
    ) -> R:
        """Long questions take some milliseconds each: the loop gets its turn every turn_s."""
        loop = asyncio.get_running_loop()
        log_odds, begun_s = None, loop.time()
        while True:
            try:
                pair = steps.send(log_odds)
            except StopIteration as ended:
                result: R = ended.value
                return result
            log_odds = None
            if pair is not None:
                log_odds = await self._log_odds(pair, lane, ends_at)
            elif loop.time() - begun_s < turn_s:
                continue
            else:
                await asyncio.sleep(0)
            begun_s = loop.time()

    async def _log_odds(self, pair: Pair, lane: Lane[Pair, float | None], ends_at: float) -> float | None:
        tokens = [self._embedder.count_tokens(text) for text in pair]
        return None if max(tokens) > LONGEST else await lane.do(pair, sum(tokens), ends_at)

    def _verified(self, embedder: Embedder, pairs: Sequence[Pair]) -> list[float | None]:
        assert self._verifier is not None
        states = {text: embedder.states(text) for pair in pairs for text in pair}
        return self._verifier.log_odds_of([(states[query], states[stored]) for query, stored in pairs])
