"""What must not be shared between users, by its meaning: a small head on the embedder's states of a text.

It gives each token's state to a layer of units, takes the mean and the largest of each unit over the tokens, and from
these and the mean of the states the odds of each kind (`training/doors.py` makes the weights). What words alone can
say for certain are rules: `core/volatile.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mitmgate.services.bert_graph import Weights
from mitmgate.services.minilm import ModelUnusable, read_safetensors, sha256_of

FILE: Final = Path(__file__).parent.parent / "weights" / "never_shared.safetensors"
SHA256: Final = "c4a5b0f2a74b8089e272fd890d1c89c3d2ab951fcedf4a4138ef11786efb4a72"
#: In the order of the weights' columns, after the first, which is what may be shared.
KINDS: Final = ("secret", "random", "no context", "personal", "time-dependent", "crisis")
NAMES: Final = ("units.weight", "units.bias", "kinds.weight", "kinds.mean", "kinds.bias", "bars")

type States = npt.NDArray[np.float32]


class NeverShared:
    """A loaded classifier; threads may share it."""

    def __init__(self, weights: Weights) -> None:
        self._units, self._bias, self._kinds, self._mean, self._kinds_bias, self._bars = (
            np.ascontiguousarray(weights[name], np.float32) for name in NAMES
        )

    @classmethod
    def load(cls, path: Path = FILE, sha256: str = SHA256) -> NeverShared:
        """From the shipped file. Raises ModelUnusable when it is missing or another."""
        try:
            digest = sha256_of(path)
        except OSError as error:
            raise ModelUnusable(f"{path} cannot be read: {error.strerror}") from None
        if digest != sha256:
            raise ModelUnusable(f"{path} is not the classifier of this version (its SHA-256 is {digest})")
        return cls(read_safetensors(path))

    def odds(self, states: States) -> npt.NDArray[np.float32]:
        """states: float32[t, 384], as `Embedder.states` has them. -> float32[7], what may be shared and KINDS."""
        units = np.maximum(states @ self._units + self._bias, 0)
        seen = np.concatenate([units.mean(0), units.max(0)])
        odds: npt.NDArray[Any] = np.exp(_centred(seen @ self._kinds + states.mean(0) @ self._mean + self._kinds_bias))
        return np.asarray(odds / odds.sum(), np.float32)

    def kind(self, states: States) -> str | None:
        """Which of KINDS the text is; None when it may be shared."""
        odds = self.odds(states)
        likeliest = int(odds[1:].argmax())
        return KINDS[likeliest] if 1 - odds[0] >= self._bars[likeliest] else None


def _centred(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.asarray(values - values.max(), np.float32)
