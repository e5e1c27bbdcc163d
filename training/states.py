"""The states of single texts after the published lower half, remembered, and batches of pairs of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.model import Alone, joined, published

KEPT: Final = 300_000  # texts, about 10 kB each
LONGEST: Final = 64  # tokens of one text; the gateway compares no longer ones by the verifier
_BATCH: Final = 128
_OPEN, _CLOSE = 101, 102


class States:
    def __init__(
        self, tokenizer: Any, weights: dict[str, Tensor], device: torch.device, *, bfloat16: bool = False
    ) -> None:
        self.weights = weights
        self.bfloat16 = bfloat16
        self._tokenizer = tokenizer
        self._alone = Alone(weights)
        self._device = device
        self._ids: dict[str, list[int]] = {}
        self._kept: dict[str, Tensor] = {}

    @classmethod
    def load(cls, folder: Path, device: torch.device, *, bfloat16: bool = False) -> States:
        """bfloat16: multiply matrices in it, here and in what is trained; moves log-odds by 0.01."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(tokenizer, published(folder), device, bfloat16=bfloat16)

    def length(self, text: str) -> int:
        return len(self.ids(text))

    def ids(self, text: str) -> list[int]:
        found = self._ids.get(text)
        if found is None:
            if len(self._ids) > 2 * KEPT:
                self._ids.clear()
            inner = self._tokenizer.encode(text, add_special_tokens=False).ids[: LONGEST - 2]
            found = self._ids[text] = [_OPEN, *inner, _CLOSE]
        return found

    def batch(self, pairs: Sequence[tuple[str, str]]) -> tuple[Tensor, Tensor, Tensor]:
        """As `Together` takes it."""
        self.prepare({text for pair in pairs for text in pair})
        batch, side, real = joined([(self._kept[a].float(), self._kept[b].float()) for a, b in pairs])
        return batch.to(self._device), side.to(self._device), real.to(self._device)

    def prepare(self, texts: set[str]) -> None:
        """Makes the states of all the texts, many of one length at a time."""
        if len(self._kept) > KEPT:
            self._kept.clear()
        missing: dict[int, list[str]] = defaultdict(list)
        for text in texts:
            if text not in self._kept:
                missing[self.length(text)].append(text)
        for same in missing.values():
            for start in range(0, len(same), _BATCH):
                part = same[start : start + _BATCH]
                with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
                    made = self._alone(torch.tensor([self.ids(text) for text in part])).half()
                for text, states in zip(part, made, strict=True):
                    self._kept[text] = states.clone()
