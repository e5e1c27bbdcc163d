"""In which steps a pair, or the nearest of a lookup, is judged: the same for traffic and without a gateway. No I/O.

A step that wants a pair's log-odds yields the pair and is sent them; one that yields None lets others have a turn.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from mitmgate.core.calibration import Calibration
from mitmgate.core.text.reading import read
from mitmgate.core.text.sieve import Stored, excludes, sieve
from mitmgate.core.verdict import CONSIDERED, EXCLUDED, Considered, Verdict, consider, decide, worth_verifying

type Pair = tuple[str, str]
type Steps[R] = Generator[Pair | None, float | None, R]


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair and what was decided on it. log_odds: the verifier's, None when it was not asked."""

    similarity: float
    verdict: Verdict
    considered: Considered
    log_odds: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """bar: the probability to reach; threshold: the lowest similarity, 0.0 where none is set."""

    calibration: Calibration
    bar: float
    threshold: float = 0.0

    def consider(self, query: str, stored: str, similarity: float, *, whole: bool = True) -> Considered:
        return consider(query, stored, similarity, self.calibration, self.threshold, whole=whole)

    def decide(self, considered: Considered, log_odds: float | None) -> Judged:
        verdict = decide(considered, log_odds, self.calibration, self.bar)
        return Judged(considered.similarity, verdict, considered, log_odds)


def judging(query: str, stored: str, similarity: float, measure: Measure) -> Steps[Judged]:
    """One pair."""
    for text in (query, stored):
        read(text).words  # noqa: B018  remembered; those of a long text take some milliseconds
        yield None
    considered = measure.consider(query, stored, similarity)
    log_odds = (yield query, stored) if considered.open else None
    return measure.decide(considered, log_odds)


def choosing(
    query: str, near: Sequence[tuple[Stored, float]], measure: Measure
) -> Steps[tuple[int | None, dict[int, Judged]]]:
    """near: stored questions and their similarities, the nearest first.

    -> the place of the one whose answer may be served, and those that were looked at closely: the nearest, and what
    the verifier was asked about.
    """
    lowest = max(measure.threshold, measure.calibration.floor)  # nothing is accepted below
    found: list[Considered] = []
    asked = sieve(read(query))
    for place, (stored, similarity) in enumerate(near[:CONSIDERED]):
        if place > 0 and similarity < lowest:
            break
        if place > 0 and excludes(asked, stored.sieve):
            found.append(EXCLUDED)
            continue
        found.append(measure.consider(query, stored.text, similarity, whole=place == 0))
        stored.sieve = stored.sieve or sieve(read(stored.text))
        yield None
    told: dict[int, Judged] = {}
    for place, considered in enumerate(found):
        if considered.same_words or place == 0:
            told[place] = measure.decide(considered, None)
        if considered.same_words:
            return place, told
    for place in worth_verifying(found):
        log_odds = yield query, near[place][0].text
        told[place] = measure.decide(found[place], log_odds)
        if told[place].verdict.accept:
            return place, told
    return None, told
