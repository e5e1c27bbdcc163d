"""The cache's decisions without a gateway: for measuring, and for trying it on one's own questions first.

The code that decides is the live path's (`core/verdict.py`, the embedder, the verifier); only the waiting is left out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from mitmgate.core.calibration import Calibration
from mitmgate.core.verdict import CONSIDERED, Considered, Verdict, consider, decide, worth_verifying
from mitmgate.services.embedder import MAX_TOKENS, OnnxEmbedder, Vectors
from mitmgate.services.minilm import sha256_of
from mitmgate.services.verifier import States, Verifier

_BATCH: Final = 64
_KEPT_STATES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair and what was decided on it."""

    similarity: float
    verdict: Verdict
    considered: Considered
    log_odds: float | None


class OfflineJudge:
    """Judges pairs of texts. `vectors` and `states` are made once for each text."""

    def __init__(
        self, embedder: OnnxEmbedder, verifier: Verifier, calibration: Calibration, kept_states: int = _KEPT_STATES
    ) -> None:
        """kept_states: of so many texts, 30 kB each for a question of 20 tokens."""
        self._embedder = embedder
        self._kept_states = kept_states
        self._verifier = verifier
        self.verifier_id = verifier.id
        self.calibration = calibration
        self._states: OrderedDict[str, States] = OrderedDict()

    @classmethod
    def load(
        cls,
        data_dir: Path,
        *,
        verifier: Path | None = None,
        calibration: Calibration | None = None,
        model_path: Path | None = None,
        kept_states: int = _KEPT_STATES,
    ) -> Self:
        """With the shipped verifier and calibration, or others. Raises ModelUnusable, OSError, ValueError."""
        loaded = Verifier.load() if verifier is None else Verifier.load(verifier, sha256_of(verifier))
        embedder = OnnxEmbedder.load(data_dir, model_path)
        return cls(embedder, loaded, calibration or Calibration.read(), kept_states)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """float32[n, 384]"""
        made = np.zeros((len(texts), 384), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            made[places] = self._embedder.embed([texts[place] for place in places])
        return made

    def reads_whole(self, text: str) -> bool:
        """Whether the embedder sees all of it; else it is found by its exact words only."""
        return self._embedder.count_tokens(text) <= MAX_TOKENS

    def log_odds(self, query: str, stored: str) -> float | None:
        """None when one of them is longer than what the verifier reads."""
        return self._verifier.log_odds(self._states_of(query), self._states_of(stored))

    def judge(self, query: str, stored: str, similarity: float, bar: float, threshold: float = 0.0) -> Judged:
        considered = consider(query, stored, similarity, self.calibration, threshold)
        log_odds = self.log_odds(query, stored) if considered.open else None
        return Judged(similarity, decide(considered, log_odds, self.calibration, bar), considered, log_odds)

    def best(
        self, query: str, near: Sequence[tuple[str, float]], bar: float, threshold: float = 0.0
    ) -> tuple[int | None, list[Judged]]:
        """near: stored questions and their similarity, nearest first. -> the hit's place, and all judged."""
        found = [
            consider(query, stored, similarity, self.calibration, threshold) for stored, similarity in near[:CONSIDERED]
        ]
        looked_at = [Judged(each.similarity, decide(each, None, self.calibration, bar), each, None) for each in found]
        for place, each in enumerate(looked_at):
            if each.verdict.accept:
                return place, looked_at
        for place in worth_verifying(found):
            judged = self.judge(query, near[place][0], near[place][1], bar, threshold)
            looked_at[place] = judged
            if judged.verdict.accept:
                return place, looked_at
        return None, looked_at

    def _states_of(self, text: str) -> States:
        states = self._states.get(text)
        if states is None:
            states = self._states[text] = self._embedder.states(text)
            if len(self._states) > self._kept_states:
                self._states.popitem(last=False)
        return states
