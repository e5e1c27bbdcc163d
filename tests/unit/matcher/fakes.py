"""A model, a verifier and figures that tests set, in place of the trained ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mitmgate.core.calibration import Calibration
from mitmgate.core.text.features import NAMES
from mitmgate.matcher.kinds import TextKinds
from mitmgate.services.verifier import LONGEST

#: The probability hangs on the log-odds alone. 0.5 % of the hits are wrong from 0.6 on.
FIGURES = Calibration(
    verifier="fake",
    floor=0.5,
    weights=(*(0.0 for _ in range(1 + len(NAMES))), 1.0),
    intercept=0.0,
    prior=(1.0, *(0.0 for _ in NAMES)),
    curve=((0.4, 0.2), (0.5, 0.05), (0.6, 0.005), (0.9, 0.001)),
)


class FakeModel:
    """Texts that share their first word have the cosine 0.9, others 0. Counts what it embedded."""

    def __init__(self) -> None:
        self.embedded: list[str] = []
        self._firsts: dict[str, int] = {}
        self._texts: dict[str, int] = {}

    def count_tokens(self, text: str) -> int:
        return len(text.split()) + 2

    def embed(self, texts: Sequence[str]) -> Any:
        self.embedded += texts
        made = np.zeros((len(texts), 384), np.float32)
        for row, text in zip(made, texts, strict=True):
            first = text.split()[0].lower() if text.split() else ""
            row[self._firsts.setdefault(first, len(self._firsts)) % 100] = 0.9**0.5
            row[100 + self._texts.setdefault(text, len(self._texts)) % 284] = 0.1**0.5
        return made

    def states(self, text: str) -> Any:
        return np.full((self.count_tokens(text), 384), len(text), np.float32)

    def forget(self) -> None:
        pass

    def aside(self) -> FakeModel:
        return self


class FakeClassifier:
    """Knows the kinds of texts by their first state, which FakeModel makes of their length; others may be shared."""

    def __init__(self, kinds: dict[str, str] | None = None) -> None:
        self._kinds = {len(text): kind for text, kind in (kinds or {}).items()}
        self.asked = 0

    def kind(self, states: Any, text: str) -> str | None:
        self.asked += 1
        return self._kinds.get(int(states[0][0]))


def no_kinds(texts: Any) -> TextKinds:
    """Of all texts: they may be shared."""
    classifier: Any = FakeClassifier()
    return TextKinds(texts, classifier)


class FakeVerifier:
    """Says the same log-odds of every pair."""

    id = "fake"

    def __init__(self, log_odds: float = 2.0) -> None:
        self.says = log_odds
        self.asked = 0

    def log_odds(self, first: Any, second: Any) -> float | None:
        if max(len(first), len(second)) > LONGEST:
            return None
        self.asked += 1
        return self.says

    def log_odds_of(self, pairs: Sequence[Any]) -> list[float | None]:
        return [self.log_odds(first, second) for first, second in pairs]
