"""What must not be shared between users, by its meaning: a small head on the embedder's states of a text.

It gives each token's state to a layer of units, takes the mean and the largest of each unit over the tokens, and from
these and the mean of the states the odds of each kind (`training/doors.py` makes the weights). One head reads English,
another all other languages. The embedder knows little of these, so it looks at the text's letters, too: runs of one to
five, hashed. What words alone can say for certain are rules: `core/volatile.py`.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any, Final
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from mitmgate.core.classifier import SHA256
from mitmgate.core.text.language import has_small_english, is_english
from mitmgate.services.bert_graph import Weights
from mitmgate.services.minilm import ModelUnusable, read_safetensors, sha256_of

FILE: Final = Path(__file__).parent.parent / "weights" / "never_shared.safetensors"
#: In the order of the weights' columns, after the first, which is what may be shared.
KINDS: Final = ("secret", "random", "no context", "personal", "time-dependent", "crisis")
#: Of one head's weights; in the file those of other languages have ELSEWHERE before them.
NAMES: Final = ("units.weight", "units.bias", "kinds.weight", "kinds.mean", "kinds.bias", "bars")
ELSEWHERE: Final = "elsewhere."
LETTERS: Final = "letters.weight"
RUNS: Final = 4096
SURE: Final = 0.9  # odds from which the head for other languages keeps keywords out, which may be English
_LONGEST_RUN: Final = 5
READ: Final = 1000  # characters: as much as the embedder sees, about

_WORDS: Final = re.compile(r"\w+").findall

type States = npt.NDArray[np.float32]
type Runs = npt.NDArray[np.int64]


class NeverShared:
    """A loaded classifier; threads may share it."""

    def __init__(self, weights: Weights) -> None:
        self._english = Head(weights)
        self._elsewhere = Head(weights, ELSEWHERE)

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

    def kind(self, states: States, text: str) -> str | None:
        """Which of KINDS the text is; None when it may be shared. states: as `Embedder.states` has them."""
        if not is_english(text):
            return self._elsewhere.kind(states, letters(text))
        kind = self._english.kind(states)
        if kind is not None or has_small_english(text):
            return kind
        # Keywords, of any language; with letters of another one they are hardly English
        return self._elsewhere.kind(states, letters(text), SURE if text.isascii() else 0.0)


class Head:
    """The weights for one sort of texts."""

    def __init__(self, weights: Weights, prefix: str = "") -> None:
        # Copies: what was read may be a view of a file.
        self._units, self._bias, self._kinds, self._mean, self._kinds_bias, self._bars = (
            np.array(weights[prefix + name], np.float32, order="C") for name in NAMES
        )
        self._letters = np.array(weights[prefix + LETTERS], np.float32) if prefix + LETTERS in weights else None

    def odds(self, states: States, runs: Runs | None = None) -> npt.NDArray[np.float32]:
        """states: float32[t, 384]; runs: as `letters` has them. -> float32[7], what may be shared and KINDS."""
        units = np.maximum(states @ self._units + self._bias, 0)
        seen = np.concatenate([units.mean(0), units.max(0)])
        logits = seen @ self._kinds + states.mean(0) @ self._mean + self._kinds_bias
        if self._letters is not None and runs is not None:
            logits = logits + self._letters[runs].sum(0) * len(runs) ** -0.5
        odds: npt.NDArray[Any] = np.exp(_centred(logits))
        return np.asarray(odds / odds.sum(), np.float32)

    def kind(self, states: States, runs: Runs | None = None, least: float = 0.0) -> str | None:
        """Which of KINDS the text is; None when it may be shared. What is no number may not.

        least: odds that it must reach, where its kind's bar is lower.
        """
        odds = self.odds(states, runs)
        likeliest = int(odds[1:].argmax())
        return None if 1 - odds[0] < max(self._bars[likeliest], least) else KINDS[likeliest]


def letters(text: str) -> Runs:
    """Which rows of LETTERS are the text's: its runs of letters without accents, each once. At least one."""
    # Cut twice: a sign may stand for a whole sentence.
    apart = normalize("NFKD", text[:READ].lower())[: 2 * READ]
    plain = "".join(each for each in apart if not "\u0300" <= each <= "\u036f")
    words = f" {' '.join(_WORDS(normalize('NFC', plain)))[:READ]} "
    runs = {
        words[start : start + length]
        for length in range(1, _LONGEST_RUN + 1)
        for start in range(len(words) - length + 1)
    }
    return np.array(sorted({zlib.crc32(run.encode(errors="replace")) % RUNS for run in runs}), np.int64)


def _centred(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.asarray(values - values.max(), np.float32)
