"""Which texts must never be shared, worked out beside the loop and remembered: for look-ups, for what is stored, and
apart from both for what is judged.

A classifier that could not be loaded is None: then no question is answered in other words.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from mitmgate.matcher.computing import Lane
from mitmgate.matcher.texts import TextVectors
from mitmgate.services.embedder import Embedder
from mitmgate.services.never_shared import READ, NeverShared

RANK: Final = 0  # what is looked up was embedded just before: little is left to do
WAITING: Final = 2048
BATCH: Final = 8
APART: Final = 64
PER_TOKEN: Final = 10  # characters: those of another language cost time
KEPT: Final = 4096
NO_CLASSIFIER: Final = "no classifier"


class TextKinds:
    """The workers' `run` does the work. Ask for a text after its vector was made: its states are remembered then."""

    def __init__(self, texts: TextVectors, classifier: NeverShared | None) -> None:
        self._texts = texts
        self._classifier = classifier
        self._kept: OrderedDict[bytes, str | None] = OrderedDict()
        first, patient = texts.workers.first, texts.workers.patient
        self._first: Lane[str, str | None] = first.lane(
            lambda asked: self._found(texts.embedder, asked), rank=RANK, most=WAITING, batch=BATCH, apart=APART
        )
        self._patient: Lane[str, str | None] = patient.lane(
            lambda asked: self._found(texts.aside, asked), rank=RANK, most=WAITING
        )

    @property
    def usable(self) -> bool:
        return self._classifier is not None

    def forget(self) -> None:
        """Drops what is remembered of texts, whosever they are."""
        self._kept = OrderedDict()

    async def of(self, text: str, ends_at: float, *, patient: bool = False) -> str | None:
        """One of `never_shared.KINDS`; None for what may be shared, and without a classifier.

        Raises QueueFull at once, and TimeoutError.
        """
        if self._classifier is None:
            return None
        key = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
        kept = self._kept  # `forget` may come meanwhile
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
        lane = self._patient if patient else self._first
        kind = kept[key] = await lane.do(text, 1 + min(len(text), READ) // PER_TOKEN, ends_at)
        if len(kept) > KEPT:
            kept.popitem(last=False)
        return kind

    def _found(self, embedder: Embedder, texts: Sequence[str]) -> list[str | None]:
        assert self._classifier is not None
        return [self._classifier.kind(embedder.states(text), text) for text in texts]
