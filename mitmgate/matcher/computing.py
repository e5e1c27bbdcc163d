"""What computes beside the event loop: bounded queues, emptied in the order of their rank by one thread.

What waits goes in batches of like length. A batch has BATCH_TOKENS at most, so that nobody waits long behind it: more
gain nothing. Whoever would not be served in time is refused at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

BATCH_TOKENS: Final = 128
HOPED: Final = 0.5  # of the time left, for waiting: the rest is for the work itself and what comes after it
_WEIGHT: Final = 0.2  # of the last batch in what a token takes


class QueueFull(Exception):
    """More waits than can be done in good time."""


@dataclass(slots=True)
class _Wanted[T, R]:
    item: T
    tokens: int
    ends_at: float
    made: asyncio.Future[R]


class Lane[T, R]:
    """A queue of one kind of work. `work` is called in the worker's thread."""

    def __init__(
        self, worker: Worker, work: Callable[[list[T]], Sequence[R]], rank: int, most: int, batch: int, apart: int
    ) -> None:
        self._worker = worker
        self._work = work
        self._most = most
        self._batch = batch
        self._apart = apart
        self._waiting: deque[_Wanted[T, R]] = deque()
        self._token_s = 0.0
        self.rank = rank
        self.waiting_tokens = 0
        self.done = 0
        self.refused = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def wait_s(self) -> float:
        """How long what waits here will take, by what the last batches took."""
        return self.waiting_tokens * self._token_s

    async def do(self, item: T, tokens: int, ends_at: float) -> R:
        """ends_at is the loop's time after which nobody wants it. Raises QueueFull at once, and TimeoutError."""
        loop = asyncio.get_running_loop()
        if len(self._waiting) >= self._most or self._worker.wait_s(self.rank) > HOPED * (ends_at - loop.time()):
            self.refused += 1
            raise QueueFull
        wanted: _Wanted[T, R] = _Wanted(item, tokens, ends_at, loop.create_future())
        self._waiting.append(wanted)
        self.waiting_tokens += tokens
        self._worker.wake()
        async with asyncio.timeout_at(ends_at):
            return await wanted.made

    def next_batch(self, now: float) -> list[_Wanted[T, R]]:
        """The longest waiting, and others of about its length; without those that nobody wants any more."""
        batch: list[_Wanted[T, R]] = []
        passed: deque[_Wanted[T, R]] = deque()
        tokens = 0
        while self._waiting and len(batch) < self._batch and tokens < BATCH_TOKENS:
            wanted = self._waiting.popleft()
            if wanted.made.done() or wanted.ends_at <= now:
                self.waiting_tokens -= wanted.tokens
            elif not batch or (self._alike(wanted, batch[0]) and tokens + wanted.tokens <= BATCH_TOKENS):
                batch.append(wanted)
                tokens += wanted.tokens
            else:
                passed.append(wanted)
        self._waiting.extendleft(reversed(passed))
        self.waiting_tokens -= tokens
        return batch

    def _alike(self, one: _Wanted[T, R], other: _Wanted[T, R]) -> bool:
        return one.tokens // self._apart == other.tokens // self._apart

    async def serve(self, batch: list[_Wanted[T, R]], executor: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        made = await loop.run_in_executor(executor, self._work, [wanted.item for wanted in batch])
        token_s = (loop.time() - begun_s) / sum(wanted.tokens for wanted in batch)
        self._token_s += (_WEIGHT if self.done else 1.0) * (token_s - self._token_s)
        self.done += len(batch)
        for wanted, result in zip(batch, made, strict=True):
            if not wanted.made.done():
                wanted.made.set_result(result)


class Worker:
    """A thread and the lanes that it serves. behind: it begins nothing while that worker has anything to do."""

    def __init__(self, name: str, behind: Worker | None = None) -> None:
        self._executor = ThreadPoolExecutor(1, name)
        self._lanes: list[Lane[Any, Any]] = []
        self._behind = behind
        self._wanted = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def lane[T, R](
        self, work: Callable[[list[T]], Sequence[R]], *, rank: int, most: int, batch: int = 1, apart: int = 1
    ) -> Lane[T, R]:
        """most: how many may wait; batch: how many go at once; apart: those in one step of so many tokens are alike."""
        lane = Lane(self, work, rank, most, batch, apart)
        self._lanes.append(lane)
        self._lanes.sort(key=lambda each: each.rank)
        return lane

    def wait_s(self, rank: int) -> float:
        """How long the work of that rank and before it will take."""
        return sum(lane.wait_s for lane in self._lanes if lane.rank <= rank)

    def wake(self) -> None:
        self._idle.clear()
        self._wanted.set()

    async def turn(self) -> None:
        """Returns when the worker that goes before this one has nothing to do."""
        while self._behind is not None and not self._behind._idle.is_set():
            await self._behind._idle.wait()

    async def run(self) -> None:
        """Does what is wanted, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._wanted.clear()
                await self.turn()
                for lane in self._lanes:
                    if batch := lane.next_batch(loop.time()):
                        self._wanted.set()  # there may be more
                        await lane.serve(batch, self._executor)
                        break
                else:
                    self._idle.set()
                await self._wanted.wait()
        finally:
            self._executor.shutdown(wait=False, cancel_futures=True)


class Workers:
    """One for what requests wait for and what they store, and one for what an operator asks, which gives way to it."""

    def __init__(self) -> None:
        self.first = Worker("first")
        self.patient = Worker("patient", behind=self.first)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.first.run())
            group.create_task(self.patient.run())
