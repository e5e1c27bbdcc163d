"""Whether the answer to one question may be served for another: the only place that decides it, with reasons. Pure.

Facts (numbers, units, dates, code, quoted text, signs) that differ are vetoes. Whether they ask the same is judged
by a probability: the similarity, what they have in common, doubts and the verifier's log-odds, calibrated together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mitmgate.core.calibration import Calibration
from mitmgate.core.text.features import features
from mitmgate.core.text.guards import UNREADABLE, first_veto, vetoes
from mitmgate.core.text.letters import unseen
from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import read

CONSIDERED: Final = 16  # nearest questions of a lookup
VERIFIED: Final = 2  # of them, those the verifier is asked about
BELOW_BAR: Final = "below bar"
SAME_WORDS: Final = 0.999


@dataclass(frozen=True, slots=True)
class Verdict:
    """reasons: why not, the weightiest first, each ASCII without quotes; empty when accepted.

    probability: that one answer is right for both; None where a fact, or the similarity, decided before.
    """

    accept: bool
    reasons: tuple[str, ...]
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """What is known of a pair before the verifier is asked. rank: how promising it is beside others that are open."""

    similarity: float
    vetoes: tuple[str, ...]
    doubts: tuple[str, ...]
    features: tuple[float, ...]
    rank: float
    same_words: bool

    @property
    def open(self) -> bool:
        """Whether the verifier could still accept it."""
        return not self.vetoes and not self.same_words


#: A pair that is known to differ in a fact, and was not read.
EXCLUDED: Final = Considered(0.0, ("a fact",), (), (), 0.0, same_words=False)


def consider(
    query: str, candidate: str, similarity: float, calibration: Calibration, threshold: float, *, whole: bool = True
) -> Considered:
    """threshold: the lowest similarity that is allowed, where one is set; 0.0 otherwise.

    whole: nothing is left out; else no more is looked for once a fact excludes the pair.
    """
    left, right = read(query), read(candidate)
    if left.plain == right.plain:
        return Considered(similarity, (), (), (), 0.0, same_words=True)
    far = [BELOW_BAR] if similarity < max(threshold, calibration.floor) else []
    pair = Pair(left, right)
    if not whole and (far or first_veto(pair) is not None):
        return EXCLUDED
    facts = [*far, *vetoes(pair)]
    if not set(facts) & UNREADABLE:
        facts += [reason for reason in unseen(query, candidate) if reason not in facts]
        values, doubts = features(pair)
    else:
        values, doubts = [], []
    rank = calibration.rank(similarity, values) if values else 0.0
    return Considered(similarity, tuple(facts), tuple(doubts), tuple(values), rank, same_words=False)


def worth_verifying(pairs: Iterable[Considered]) -> list[int]:
    """Which of them the verifier is to be asked about, the most promising first."""
    open_ = [(each.rank, place) for place, each in enumerate(pairs) if each.open]
    return [place for _, place in sorted(open_, key=lambda each: -each[0])[:VERIFIED]]


def decide(pair: Considered, log_odds: float | None, calibration: Calibration, bar: float) -> Verdict:
    """log_odds: the verifier's; None when it was not asked. bar: the probability to reach."""
    if pair.same_words:
        return Verdict(True, (), SAME_WORDS)
    if pair.vetoes:
        return Verdict(False, (*pair.vetoes, *pair.doubts))
    if log_odds is None:
        return Verdict(False, pair.doubts or (BELOW_BAR,))
    probability = calibration.probability(pair.similarity, pair.features, log_odds)
    if probability >= bar:
        return Verdict(True, (), probability)
    return Verdict(False, (f"not sure: {probability:.2f}", *pair.doubts), probability)
