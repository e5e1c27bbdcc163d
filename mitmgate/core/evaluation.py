"""How well verdicts on labelled pairs and streams agree with the labels. Pure; takes the same room for any number.

Probabilities are counted in bins of a thousandth, so that a figure at another bar needs no second run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from mitmgate.core.verdict import SAME_WORDS, Verdict

BINS: Final = 1000
BARS: Final = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995)
RELIABILITY_BINS: Final = 10
MOST_KINDS: Final = 200
OTHER_KINDS: Final = "(other kinds)"
RIGHT: Final = "right"
WRONG: Final = "wrong"
UNKNOWN: Final = "unknown"
LABELS: Final = (RIGHT, WRONG, UNKNOWN)


class PairTally:
    """Verdicts on pairs that a person labelled as the same or as different."""

    def __init__(self) -> None:
        self.pairs = 0
        self.kept_out = 0
        self._of = {True: 0, False: 0}
        self._served = {True: 0, False: 0}
        self._over = {True: ByProbability(), False: ByProbability()}
        self._kinds: Counter[tuple[str, bool]] = Counter()
        self._kinds_served: Counter[tuple[str, bool]] = Counter()
        self._reliability = Reliability()

    def add(self, verdict: Verdict, *, same: bool, kind: str, kept_out: bool = False) -> None:
        """kept_out: traffic would not compare the two, whatever the verdict."""
        self.pairs += 1
        self._of[same] += 1
        if (kind, same) not in self._kinds and len(self._kinds) >= MOST_KINDS:
            kind = OTHER_KINDS
        self._kinds[kind, same] += 1
        if kept_out:
            self.kept_out += 1
            return
        if verdict.accept:
            self._served[same] += 1
            self._kinds_served[kind, same] += 1
        if verdict.probability is not None:
            self._over[same].add(verdict.probability)
            if verdict.probability != SAME_WORDS:
                self._reliability.add(verdict.probability, same)

    def figures(self, bar: float) -> dict[str, Any]:
        """bar: the one that the verdicts were made with. Shares are 0 to 1, null where there is nothing to share."""
        return {
            "pairs": self.pairs,
            "same": self._of[True],
            "different": self._of[False],
            "kept_out": self.kept_out,
            **self._at(bar, self._served[True], self._served[False]),
            "by_bar": list(self._by_bar(bar)),
            "by_kind": [
                {
                    "kind": kind,
                    "same": same,
                    "pairs": pairs,
                    "served": (served := self._kinds_served[kind, same]),
                    "share": ratio(served, pairs),
                }
                for (kind, same), pairs in sorted(self._kinds.items())
            ],
            "reliability": self._reliability.bins(),
            "calibration_error": self._reliability.error(),
        }

    def _by_bar(self, own: float) -> Iterator[dict[str, Any]]:
        for bar in sorted({*BARS, *([own] if own <= 1 else [])}):
            if bar == own:
                yield self._at(bar, self._served[True], self._served[False])
            else:
                yield self._at(bar, self._over[True].from_(bar), self._over[False].from_(bar))

    def _at(self, bar: float, right: int, wrong: int) -> dict[str, Any]:
        return {
            "bar": bar,
            "served": right + wrong,
            "precision": ratio(right, right + wrong),
            "recall": ratio(right, self._of[True]),
            "different_served": ratio(wrong, self._of[False]),
        }


class StreamTally:
    """Questions in their order, each answered out of what came before it, or not."""

    def __init__(self) -> None:
        self.questions = 0
        self.possible = 0
        self.counts: Counter[str] = Counter()
        self._hits: Counter[str] = Counter()
        self._over = {label: ByProbability() for label in LABELS}

    def add(self, outcome: str, label: str | None, probability: float | None, *, possible: bool) -> None:
        """outcome: `exact`, `semantic`, `miss` or `kept_out`.

        label and probability: of the hit, or of the nearest to one; None where there was none. possible: the stream had
        this class before.
        """
        self.questions += 1
        self.possible += possible
        self.counts[outcome] += 1
        if label is None:
            return
        if outcome in ("exact", "semantic"):
            self._hits[label] += 1
        if probability is not None:
            self._over[label].add(probability)

    def figures(self, bar: float) -> dict[str, Any]:
        """by_bar counts, below the bar, what would have been served in addition; above, what would still be served."""
        return {
            "questions": self.questions,
            "possible": self.possible,
            **{f"{outcome}_hits": self.counts[outcome] for outcome in ("exact", "semantic")},
            "misses": self.counts["miss"],
            "kept_out": self.counts["kept_out"],
            **self._at(bar, self._hits),
            "by_bar": list(self._by_bar(bar)),
        }

    def _by_bar(self, own: float) -> Iterator[dict[str, Any]]:
        for bar in sorted({*BARS, *([own] if own <= 1 else [])}):
            found = self._hits if bar == own else {label: self._over[label].from_(bar) for label in LABELS}
            yield self._at(bar, found)

    def _at(self, bar: float, hits: Mapping[str, int]) -> dict[str, Any]:
        right, wrong, unknown = (hits.get(label, 0) for label in LABELS)
        return {
            "bar": bar,
            "hits": right + wrong + unknown,
            "right": right,
            "wrong": wrong,
            "unknown": unknown,
            "wrong_share": ratio(wrong, right + wrong),
            "recall": ratio(right, self.possible),
        }


class ByProbability:
    """How many had at least a probability."""

    def __init__(self) -> None:
        self._counts = [0] * (BINS + 1)

    def add(self, probability: float) -> None:
        self._counts[_bin(probability, BINS)] += 1

    def from_(self, bar: float) -> int:
        """Those at the bar and above; the bar in thousandths."""
        return sum(self._counts[math.ceil(bar * BINS - 1e-6) :])


class Reliability:
    """Of the pairs given a probability, how many were the same."""

    def __init__(self) -> None:
        self._pairs = [0] * RELIABILITY_BINS
        self._same = [0] * RELIABILITY_BINS
        self._sums = [0.0] * RELIABILITY_BINS

    def add(self, probability: float, same: bool) -> None:
        place = min(_bin(probability, RELIABILITY_BINS), RELIABILITY_BINS - 1)
        self._pairs[place] += 1
        self._same[place] += same
        self._sums[place] += probability

    def bins(self) -> list[dict[str, Any]]:
        edges = list(accumulate([0.0] + [1 / RELIABILITY_BINS] * RELIABILITY_BINS))
        return [
            {
                "from": round(edges[place], 3),
                "to": round(edges[place + 1], 3),
                "pairs": pairs,
                "predicted": ratio(self._sums[place], pairs),
                "same": ratio(self._same[place], pairs),
            }
            for place, pairs in enumerate(self._pairs)
        ]

    def error(self) -> float | None:
        """The expected calibration error: the mean distance of prediction and truth, each pair counting the same."""
        return calibration_error(self.bins())


def calibration_error(bins: Sequence[Mapping[str, Any]]) -> float | None:
    total = sum(each["pairs"] for each in bins)
    apart = sum(each["pairs"] * abs(each["predicted"] - each["same"]) for each in bins if each["pairs"])
    return ratio(apart, total)


def label_of(own: str | None, refused: frozenset[str] | None, theirs: str | None) -> str:
    """Whether the answer stored for class `theirs` is right for class `own`.

    refused: the classes that a person labelled as different; None where every other class is different.
    """
    if own is None or theirs is None:
        return UNKNOWN
    if own == theirs:
        return RIGHT
    return WRONG if refused is None or theirs in refused else UNKNOWN


def ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 5) if whole else None


def _bin(probability: float, bins: int) -> int:
    return min(bins, max(0, math.floor(probability * bins + 1e-9)))
