"""The cache's decisions without a gateway: for measuring, and for trying it on one's own questions first.

The code that decides is the live path's (`core/verdict.py`, the embedder, the verifier); only the waiting is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np

from mitmgate.core.calibration import Calibration
from mitmgate.core.kept_out import pair_kept_out, to_classify, why_by_kind, why_kept_out
from mitmgate.core.text.sieve import Stored
from mitmgate.matcher.choosing import Judged, Measure, Steps, choosing, judging
from mitmgate.services.embedder import MAX_TOKENS, STATES_BYTES, OnnxEmbedder, Vectors
from mitmgate.services.minilm import sha256_of
from mitmgate.services.never_shared import NeverShared
from mitmgate.services.verifier import Verifier

__all__ = ["Judged", "OfflineJudge"]

_BATCH: Final = 64


class OfflineJudge:
    """Judges pairs of texts. `vectors` are made once for each text."""

    def __init__(
        self, embedder: OnnxEmbedder, verifier: Verifier, calibration: Calibration, classifier: NeverShared
    ) -> None:
        self._embedder = embedder
        self._classifier = classifier
        self._verifier = verifier
        self.verifier_id = verifier.id
        self.calibration = calibration

    @classmethod
    def load(
        cls,
        data_dir: Path,
        *,
        verifier: Path | None = None,
        calibration: Calibration | None = None,
        model_path: Path | None = None,
        states_bytes: int = STATES_BYTES,
    ) -> Self:
        """With the shipped verifier and calibration, or others. Raises ModelUnusable, OSError, ValueError.

        states_bytes: of texts that come again, 15 kB for a question of 20 tokens.
        """
        loaded = Verifier.load() if verifier is None else Verifier.load(verifier, sha256_of(verifier))
        embedder = OnnxEmbedder.load(data_dir, model_path, states_bytes)
        return cls(embedder, loaded, calibration or Calibration.read(), NeverShared.load())

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """float32[n, 384]"""
        made = np.zeros((len(texts), 384), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            made[places] = self._embedder.embed([texts[place] for place in places])
        return made

    def why_kept_out(self, text: str) -> str | None:
        """Why traffic would not compare the text, by rules and by its kind."""
        asked = to_classify(text)
        kind = None if asked is None or not self.reads_whole(asked) else self.why_by_kind(asked)
        return kind or why_kept_out(text)

    def why_by_kind(self, text: str) -> str | None:
        """Of a text that the embedder sees whole, and that no rule keeps out but for its language."""
        return why_by_kind(self._classifier.kind(self._embedder.states(text), text), text)

    def pair_kept_out(self, query: str, stored: str) -> tuple[str, ...]:
        return pair_kept_out(query, stored, self.why_kept_out)

    def reads_whole(self, text: str) -> bool:
        """Whether the embedder sees all of it; else it is found by its exact words only."""
        return self._embedder.count_tokens(text) <= MAX_TOKENS

    def log_odds(self, query: str, stored: str) -> float | None:
        """None when one of them is longer than what the verifier reads."""
        return self._verifier.log_odds(self._embedder.states(query), self._embedder.states(stored))

    def judge(self, query: str, stored: str, similarity: float, bar: float, threshold: float = 0.0) -> Judged:
        return self._done(judging(query, stored, similarity, Measure(self.calibration, bar, threshold)))

    def best(
        self, query: str, near: Sequence[tuple[str, float]], bar: float, threshold: float = 0.0
    ) -> tuple[int | None, dict[int, Judged]]:
        """As `choosing` has it."""
        stored = [(Stored(text), similarity) for text, similarity in near]
        return self._done(choosing(query, stored, Measure(self.calibration, bar, threshold)))

    def _done[R](self, steps: Steps[R]) -> R:
        log_odds = None
        while True:
            try:
                pair = steps.send(log_odds)
            except StopIteration as ended:
                result: R = ended.value
                return result
            log_odds = None if pair is None else self.log_odds(*pair)
