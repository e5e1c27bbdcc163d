"""Which pairs the verifier is asked about, in which order, and what happens when it is slow, full or missing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from mitmgate.core.text.sieve import Stored
from mitmgate.core.verdict import BELOW_BAR
from mitmgate.matcher.computing import QueueFull, Workers
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import BATCH, LATER_WAITING, NO_VERIFIER, URGENT_WAITING, Bars, PairVerdicts
from mitmgate.services.verifier import LONGEST
from tests.verdicts import PLAIN

BARS = Bars(max_wrong=0.005)
QUESTION = "Which birds live here?"


class Texts:
    """States whose first number is the text's length."""

    def aside(self) -> Texts:
        return self

    def count_tokens(self, text: str) -> int:
        return min(len(text), 2 * LONGEST)

    def states(self, text: str) -> Any:
        return np.full((min(len(text), 2 * LONGEST), 384), len(text), np.float32)


class Known:
    """A verifier that is sure of texts of even length, and does a batch when the test lets it."""

    def __init__(self, *, held: bool = False) -> None:
        self.asked: list[int] = []
        self.allowed = threading.Semaphore(0 if held else 1_000_000)
        self._begun = threading.Semaphore(0)

    async def begun(self, count: int) -> None:
        """Returns when so many batches were begun since the last call."""
        for _ in range(count):
            assert await asyncio.to_thread(self._begun.acquire, timeout=60)

    def log_odds_of(self, pairs: Any) -> list[float | None]:
        self._begun.release()
        return [self.log_odds(*pair) for pair in pairs]

    def log_odds(self, query: Any, stored: Any) -> float | None:
        if len(stored) > LONGEST:
            return None
        self.allowed.acquire(timeout=60)
        self.asked.append(int(stored[0, 0]))
        return 9.0 if self.asked[-1] % 2 == 0 else -9.0


@asynccontextmanager
async def running(verifier: Known | None) -> AsyncIterator[PairVerdicts]:
    texts: Any = Texts()
    known: Any = verifier
    workers = Workers()
    verdicts = PairVerdicts(TextVectors(texts, workers), known, None if verifier is None else PLAIN)
    task = asyncio.create_task(workers.run())
    yield verdicts
    if verifier is not None:
        verifier.allowed.release(10_000)
    task.cancel()


def in_s(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def stored(length: int, similarity: float = 0.9) -> tuple[Stored, float]:
    return Stored(f"What birds {'x' * (length - 12)}?"), similarity


async def test_the_most_promising_two_are_asked_about() -> None:
    verifier = Known()
    async with running(verifier) as verdicts:
        near = [stored(21, 0.95), stored(23, 0.94), stored(30, 0.93)]
        hit, told = await verdicts.best(QUESTION, near, BARS, in_s(10))
        assert hit is None and verifier.asked == [21, 23] and set(told) == {0, 1}
        assert all(verdict.reasons[0].startswith("not sure: 0.") for verdict in told.values())


async def test_the_first_that_is_sure_enough_is_the_hit() -> None:
    verifier = Known()
    async with running(verifier) as verdicts:
        hit, told = await verdicts.best(QUESTION, [stored(21, 0.95), stored(22, 0.94)], BARS, in_s(10))
        assert hit == 1 and told[1].accept and not told[0].accept
        hit, _ = await verdicts.best(QUESTION, [stored(22, 0.95), stored(24, 0.94)], BARS, in_s(10))
        assert hit == 0 and verifier.asked == [21, 22, 22]


async def test_what_needs_no_verifier_does_not_ask_it() -> None:
    verifier = Known()
    async with running(verifier) as verdicts:
        near = [(Stored("Which 5 birds live here?"), 0.97), (Stored("Which  birds live here"), 0.9)]
        hit, told = await verdicts.best(QUESTION, near, BARS, in_s(10))
        assert hit == 1 and told[1].accept and told[0].reasons[0].startswith("number")
        far, told = await verdicts.best(QUESTION, [stored(22, 0.5)], BARS, in_s(10))
        assert far is None and told[0].reasons[0] == BELOW_BAR and verifier.asked == []


async def test_a_lower_share_of_wrong_hits_raises_the_bar() -> None:
    async with running(Known()) as verdicts:
        assert (await verdicts.best(QUESTION, [stored(22)], Bars(0.005), in_s(10)))[0] == 0
        assert (await verdicts.best(QUESTION, [stored(22)], Bars(0.0), in_s(10)))[0] is None
        assert (await verdicts.best(QUESTION, [stored(22)], Bars(0.005, threshold=0.99), in_s(10)))[0] is None


async def test_too_long_a_question_is_not_read() -> None:
    verifier = Known()
    async with running(verifier) as verdicts:
        hit, told = await verdicts.best(QUESTION, [stored(2 * LONGEST)], BARS, in_s(10))
        assert hit is None and not told[0].accept and verifier.asked == []


async def test_without_a_verifier_nothing_is_accepted_and_it_says_why() -> None:
    async with running(None) as verdicts:
        assert not verdicts.usable
        hit, told = await verdicts.best(QUESTION, [stored(22)], BARS, in_s(10))
        assert hit is None and told[0].reasons == (NO_VERIFIER,)
        assert (await verdicts.judge(QUESTION, stored(22)[0].text, 0.99, BARS, in_s(10))).verdict.reasons == (
            NO_VERIFIER,
        )


async def test_a_look_up_does_not_wait_for_a_judged_pair() -> None:
    verifier = Known(held=True)
    async with running(verifier) as verdicts:
        asked = [stored(21 + 2 * n)[0].text for n in range(3)]
        judging = [asyncio.create_task(verdicts.judge(QUESTION, each, 0.9, BARS, in_s(60))) for each in asked]
        await verifier.begun(1)  # one judged pair is at the verifier
        look_ups = [
            asyncio.create_task(verdicts.best(QUESTION, [stored(42 + 2 * n)], BARS, in_s(60))) for n in range(BATCH)
        ]
        await verifier.begun(1)  # and a look-up beside it
        verifier.allowed.release(1000)
        await asyncio.gather(*judging, *look_ups)
        assert sorted(verifier.asked) == [21, 23, 25, 42, 44, 46, 48]


async def test_a_slow_verifier_is_waited_for_no_longer_than_there_is_time() -> None:
    async with running(Known(held=True)) as verdicts:
        with pytest.raises(TimeoutError):
            await verdicts.best(QUESTION, [stored(22)], BARS, in_s(0.05))


@pytest.mark.parametrize(("urgent", "most"), [(True, URGENT_WAITING), (False, LATER_WAITING)])
async def test_a_full_queue_refuses_at_once(urgent: bool, most: int) -> None:
    verifier = Known(held=True)
    async with running(verifier) as verdicts:

        def ask() -> asyncio.Task[Any]:
            if urgent:
                return asyncio.create_task(verdicts.best(QUESTION, [stored(22)], BARS, in_s(3600)))
            return asyncio.create_task(verdicts.judge(QUESTION, stored(22)[0].text, 0.9, BARS, in_s(3600)))

        waiting = [ask()]
        await verifier.begun(1)
        waiting += [ask() for _ in range(most + 3)]
        done, open_ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 3:
            more, open_ = await asyncio.wait(open_, return_when=asyncio.FIRST_COMPLETED)
            done |= more
        assert all(isinstance(task.exception(), QueueFull) for task in done) and len(done) == 3
        for task in open_:
            task.cancel()
        await asyncio.gather(*open_, return_exceptions=True)
