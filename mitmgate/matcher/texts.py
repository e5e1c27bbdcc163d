"""Texts to vectors, one model for many askers: look-ups first, then what is stored; apart from both what is judged."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from typing import Final

import numpy as np

from mitmgate.core.answer_reading import embedded_pieces
from mitmgate.matcher.computing import QueueFull, Workers
from mitmgate.services.embedder import MAX_TOKENS, WIDTH, Embedder, Vectors

__all__ = ["QueueFull", "TextVectors", "TooLong"]

URGENT_WAITING: Final = 128
LATER_WAITING: Final = 2048
URGENT_RANK, LATER_RANK = 1, 2  # a look-up's verifying goes before: it is nearly done
BATCH: Final = 8
KEPT: Final = 4096  # vectors of recent texts, 6 MB
KEPT_ASIDE: Final = 64  # of those that are judged or explained
LONGEST: Final = 4096  # characters; the model sees no more than some 1,500


class TooLong(Exception):
    """The model would not see all of the text."""


class TextVectors:
    """Gives each text's vector; one text asked twice costs once. The workers' `run` does the work."""

    def __init__(self, embedder: Embedder, workers: Workers) -> None:
        self.embedder, self.aside = embedder, embedder.aside()
        self.workers = workers
        first, patient = workers.first, workers.patient
        self._urgent = first.lane(self._made, rank=URGENT_RANK, most=URGENT_WAITING, batch=BATCH)
        self._later = first.lane(self._made, rank=LATER_RANK, most=LATER_WAITING, batch=BATCH)
        self._patient = patient.lane(self._made_aside, rank=URGENT_RANK, most=LATER_WAITING)
        self._kept: OrderedDict[bytes, Vectors] = OrderedDict()
        self._kept_aside: OrderedDict[bytes, Vectors] = OrderedDict()
        self._counts: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        return len(self._urgent) + len(self._later) + len(self._patient)

    @property
    def counts(self) -> dict[str, int]:
        lanes = (self._urgent, self._later, self._patient)
        done, busy = sum(lane.done for lane in lanes), sum(lane.refused for lane in lanes)
        return {**self._counts, "embedded": done, "busy": busy}

    def forget(self) -> None:
        """Drops vectors and states of recent texts, whosever they are; those under way are not remembered either."""
        self._kept, self._kept_aside = OrderedDict(), OrderedDict()
        self.embedder.forget()
        self.aside.forget()

    async def vector(self, text: str, ends_at: float, *, urgent: bool, patient: bool = False) -> Vectors:
        """float32[384]; ends_at is the loop's time after which nobody wants it. patient: when nothing else waits.

        Raises TooLong, QueueFull at once, and TimeoutError.
        """
        key = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
        known, most = (self._kept_aside, KEPT_ASIDE) if patient else (self._kept, KEPT)
        if (kept := known.get(key)) is not None:
            known.move_to_end(key)
            self._counts["kept"] += 1
            return kept
        lane = self._patient if patient else self._urgent if urgent else self._later
        tokens = self.embedder.count_tokens(text) if len(text) <= LONGEST else MAX_TOKENS + 1
        if tokens > MAX_TOKENS:
            self._counts["too_long"] += 1
            raise TooLong
        vector = await lane.do(text, tokens, ends_at)
        known[key] = vector
        if len(known) > most:
            known.popitem(last=False)
        return vector

    async def vector_of_answer(self, text: str, ends_at: float) -> Vectors:
        """The mean of the vectors of a text's first pieces, L2-normalised, when nothing else waits.

        In pieces, since nobody's question can overtake one that is being embedded. Raises QueueFull, TimeoutError.
        """
        total = np.zeros(WIDTH, np.float32)
        for piece in embedded_pieces(text):
            total += await self._patient.do(piece, self.embedder.count_tokens(piece), ends_at)
        length = float(np.linalg.norm(total))
        return total / length if length else total

    def _made(self, texts: list[str]) -> list[Vectors]:
        different = list(dict.fromkeys(texts))
        vectors = dict(zip(different, self.embedder.embed(different), strict=True))
        return [vectors[text] for text in texts]

    def _made_aside(self, texts: list[str]) -> list[Vectors]:
        return list(self.aside.embed(texts))
