"""From what is known of a pair to the probability that one answer is right for both, and the bar it must reach. Pure.

The numbers come from `training/calibrate.py`: a logistic regression, and how many hits were wrong at each bar among the
nearest neighbours of held-out streams of questions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mitmgate.core.text.features import NAMES

FILE: Final = Path(__file__).parent.parent / "weights" / "verdict.json"
NEVER: Final = 1.01  # a bar no probability reaches


@dataclass(frozen=True, slots=True)
class Calibration:
    """verifier: the id of the one it was made for.

    weights: of the similarity, the features and the log-odds, in this order; prior: the same without the log-odds.

    curve: (bar, share of wrong hits at it), the bars rising.
    """

    verifier: str
    floor: float
    weights: tuple[float, ...]
    intercept: float
    prior: tuple[float, ...]
    curve: tuple[tuple[float, float], ...]

    @classmethod
    def read(cls, path: Path = FILE) -> Calibration:
        """From the shipped file. Raises OSError, KeyError, and ValueError for one of another version."""
        kept: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if kept["names"] != ["similarity", *NAMES, "log-odds"]:
            raise ValueError(f"{path.name} was made for other features")
        return cls(
            str(kept["verifier"]),
            float(kept["floor"]),
            tuple(map(float, kept["weights"])),
            float(kept["intercept"]),
            tuple(map(float, kept["prior"])),
            tuple((float(bar), float(wrong)) for bar, wrong in kept["curve"]),
        )

    def rank(self, similarity: float, features: Sequence[float]) -> float:
        """How likely, without the verifier; for putting pairs in order only."""
        return _dot(self.prior, (similarity, *features))

    def probability(self, similarity: float, features: Sequence[float], log_odds: float) -> float:
        total = self.intercept + _dot(self.weights, (similarity, *features, log_odds))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def bar(self, most_wrong: float) -> float:
        """The lowest bar at which, and above which, no larger share of the hits was wrong."""
        lowest = NEVER
        for bar, wrong in reversed(self.curve):
            if wrong > most_wrong:
                break
            lowest = bar
        return lowest


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True))
