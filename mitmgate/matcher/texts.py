"""Texts to vectors, one model for many askers: a bounded queue, what waits in batches of one length, deadlines."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from mitmgate.core.answer_reading import embedded_pieces
from mitmgate.services.embedder import MAX_TOKENS, WIDTH, Embedder, Vectors

URGENT_WAITING: Final = 128  # at 4 ms each nobody behind them is served in time
LATER_WAITING: Final = 2048
BATCH: Final = 8
KEPT: Final = 4096  # vectors of recent texts, 6 MB
LONGEST: Final = 4096  # characters; the model sees no more than some 1,500


class QueueFull(Exception):
    """More texts wait than can be embedded in good time."""


class TooLong(Exception):
    """The model would not see all of the text."""


@dataclass(slots=True)
class _Wanted:
    text: str
    tokens: int
    ends_at: float
    vector: asyncio.Future[Vectors]
    keep: bool = True


class TextVectors:
    """Gives each text's vector. `run` does the work, in a thread of its own; one text asked twice costs once."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.thread = ThreadPoolExecutor(1, "embedder")  # of everything that computes
        self._urgent: deque[_Wanted] = deque()
        self._later: deque[_Wanted] = deque()
        self._patient: deque[_Wanted] = deque()
        self._wanted = asyncio.Event()
        self._kept: OrderedDict[bytes, Vectors] = OrderedDict()
        self.counts: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        return len(self._urgent) + len(self._later) + len(self._patient)

    def forget(self) -> None:
        """Drops vectors and states of recent texts, whosever they were; those under way are not remembered either."""
        self._kept = OrderedDict()
        self.embedder.forget()

    async def vector(self, text: str, ends_at: float, *, urgent: bool, patient: bool = False) -> Vectors:
        """float32[384]; ends_at is the loop's time after which nobody wants it. patient: when nothing else waits.

        Raises TooLong, QueueFull at once, and TimeoutError.
        """
        key = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
        known = self._kept
        if (kept := known.get(key)) is not None:
            known.move_to_end(key)
            self.counts["kept"] += 1
            return kept
        queue, most = (self._urgent, URGENT_WAITING) if urgent else (self._later, LATER_WAITING)
        if patient:
            queue = self._patient
        if len(queue) >= most:
            self.counts["busy"] += 1
            raise QueueFull
        tokens = self.embedder.count_tokens(text) if len(text) <= LONGEST else MAX_TOKENS + 1
        if tokens > MAX_TOKENS:
            self.counts["too_long"] += 1
            raise TooLong
        vector = await self._embedded(_Wanted(text, tokens, ends_at, _future()), queue)
        known[key] = vector
        if len(known) > KEPT:
            known.popitem(last=False)
        return vector

    async def vector_of_answer(self, text: str, ends_at: float) -> Vectors:
        """The mean of the vectors of a text's first pieces, L2-normalised, when nothing else waits.

        In pieces, since nobody's question can overtake one that is being embedded. None of it is remembered. Raises
        QueueFull, TimeoutError.
        """
        if len(self._patient) >= LATER_WAITING:
            raise QueueFull
        total = np.zeros(WIDTH, np.float32)
        for piece in embedded_pieces(text):
            wanted = _Wanted(piece, 0, ends_at, _future(), keep=False)
            total += await self._embedded(wanted, self._patient)
        length = float(np.linalg.norm(total))
        return total / length if length else total

    async def _embedded(self, wanted: _Wanted, queue: deque[_Wanted]) -> Vectors:
        queue.append(wanted)
        self._wanted.set()
        async with asyncio.timeout_at(wanted.ends_at):
            return await wanted.vector

    async def run(self) -> None:
        """Embeds what is wanted, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._wanted.clear()
                while batch := self._next_batch(loop.time):
                    texts = list(dict.fromkeys(wanted.text for wanted in batch))
                    vectors = await loop.run_in_executor(self.thread, self.embedder.embed, texts, batch[0].keep)
                    made = dict(zip(texts, vectors, strict=True))
                    self.counts["embedded"] += len(texts)
                    for wanted in batch:
                        if not wanted.vector.done():
                            wanted.vector.set_result(made[wanted.text])
                await self._wanted.wait()
        finally:
            self.thread.shutdown(wait=False, cancel_futures=True)

    def _next_batch(self, now: Callable[[], float]) -> list[_Wanted]:
        """The longest waiting, and others of its length; the urgent first. A patient one goes alone."""
        for queue, most in ((self._urgent, BATCH), (self._later, BATCH), (self._patient, 1)):
            while queue:
                first = queue.popleft()
                if first.vector.done() or first.ends_at <= now():
                    continue
                batch = [first]
                for other in list(queue):
                    if len(batch) == most:
                        break
                    if other.tokens == first.tokens and not other.vector.done():
                        batch.append(other)
                        queue.remove(other)
                return batch
        return []


def _future() -> asyncio.Future[Vectors]:
    return asyncio.get_running_loop().create_future()
