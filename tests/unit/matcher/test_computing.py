"""Lanes of work: what goes together and in which order, what is refused, and that nothing is lost or exchanged."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mitmgate.matcher.computing import BATCH_TOKENS, QueueFull, Worker


class Doubling:
    """Doubles numbers, a batch whenever the test lets it."""

    def __init__(self, *, held: bool = True) -> None:
        self.batches: list[list[int]] = []
        self.at_work = threading.Event()
        self.allowed = threading.Semaphore(0 if held else 1_000_000)

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self.at_work.set()
        assert self.allowed.acquire(timeout=60)
        return [2 * item for item in items]


@asynccontextmanager
async def running(worker: Worker, *works: Doubling) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        for work in works:
            work.allowed.release(1000)
        task.cancel()


def in_s(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def begun(work: Doubling) -> None:
    assert await asyncio.to_thread(work.at_work.wait, 60)


async def test_those_of_like_length_go_together_and_the_longest_waiting_first() -> None:
    worker, work = Worker("w"), Doubling()
    lane = worker.lane(work, rank=0, most=100, batch=3, apart=8)
    async with running(worker, work):
        tasks = [asyncio.create_task(lane.do(0, 8, in_s(60)))]
        await begun(work)
        lengths = (40, 9, 41, 15, 47, 16, 8)
        tasks += [asyncio.create_task(lane.do(n + 1, tokens, in_s(60))) for n, tokens in enumerate(lengths)]
        await asyncio.sleep(0)
        work.allowed.release(100)
        assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert work.batches == [[0], [1, 3, 5], [2, 4, 7], [6]]


@pytest.mark.parametrize("tokens", [BATCH_TOKENS // 2, BATCH_TOKENS, 2 * BATCH_TOKENS])
async def test_a_batch_has_no_more_tokens_than_gain_anything(tokens: int) -> None:
    worker, work = Worker("w"), Doubling()
    lane = worker.lane(work, rank=0, most=100, batch=8)
    async with running(worker, work):
        tasks = [asyncio.create_task(lane.do(n, tokens, in_s(60))) for n in range(5)]
        work.allowed.release(100)
        await asyncio.gather(*tasks)
    assert max(map(len, work.batches)) == max(1, BATCH_TOKENS // tokens)


async def test_a_lower_rank_goes_first() -> None:
    worker, first, second = Worker("w"), Doubling(), Doubling()
    later, sooner = (worker.lane(work, rank=rank, most=10) for work, rank in ((second, 2), (first, 1)))
    async with running(worker, first, second):
        tasks = [asyncio.create_task(later.do(0, 8, in_s(60)))]
        await begun(second)
        tasks += [asyncio.create_task(lane.do(1, 8, in_s(60))) for lane in (later, sooner)]
        await asyncio.sleep(0)
        second.allowed.release()
        await begun(first)
        assert second.batches == [[0]]
        second.allowed.release(), first.allowed.release()
        assert await asyncio.gather(*tasks) == [0, 2, 2]


async def test_a_full_queue_refuses_at_once_and_takes_more_when_there_is_room() -> None:
    worker, work = Worker("w"), Doubling()
    lane = worker.lane(work, rank=0, most=3)
    async with running(worker, work):
        tasks = [asyncio.create_task(lane.do(0, 8, in_s(60)))]
        await begun(work)
        tasks += [asyncio.create_task(lane.do(n, 8, in_s(60))) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await lane.do(4, 8, in_s(60))
        work.allowed.release(100)
        assert await asyncio.gather(*tasks) == [0, 2, 4, 6]
        assert await lane.do(5, 8, in_s(60)) == 10
        assert (lane.done, lane.refused) == (5, 1)


async def test_what_would_come_too_late_is_refused_at_once() -> None:
    worker, work = Worker("w"), Doubling()
    lane = worker.lane(work, rank=0, most=1000)
    async with running(worker, work):
        first = asyncio.create_task(lane.do(0, 10, in_s(60)))
        await begun(work)
        await asyncio.sleep(0.1)
        work.allowed.release()
        await first  # a token takes 10 ms or more
        work.at_work.clear()
        waiting = [asyncio.create_task(lane.do(n, 10, in_s(600))) for n in range(100)]
        await begun(work)
        with pytest.raises(QueueFull):
            await lane.do(4, 10, in_s(1))
        patient = asyncio.create_task(lane.do(4, 10, in_s(3600)))
        work.allowed.release(1000)
        assert await asyncio.gather(*waiting, patient) == [*range(0, 200, 2), 8]


async def test_what_nobody_waits_for_any_more_is_not_done() -> None:
    worker, work = Worker("w"), Doubling()
    lane = worker.lane(work, rank=0, most=10)
    async with running(worker, work):
        first = asyncio.create_task(lane.do(0, 8, in_s(60)))
        await begun(work)
        left = asyncio.create_task(lane.do(1, 8, in_s(60)))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(TimeoutError):
            await lane.do(2, 8, in_s(0.02))
        work.allowed.release(100)
        await first
        assert await lane.do(3, 8, in_s(60)) == 6
        assert work.batches == [[0], [3]] and lane.waiting_tokens == 0


async def test_one_that_goes_behind_begins_nothing_while_the_other_is_at_work() -> None:
    first, work, patient_work = Worker("w"), Doubling(), Doubling()
    lane = first.lane(work, rank=0, most=10)
    behind = Worker("behind", behind=first)
    patient = behind.lane(patient_work, rank=0, most=10)
    async with running(first, work), running(behind, patient_work):
        one = asyncio.create_task(lane.do(1, 8, in_s(60)))
        await begun(work)
        other = asyncio.create_task(patient.do(2, 8, in_s(60)))
        for _ in range(100):
            await asyncio.sleep(0.001)
        assert patient_work.batches == []
        work.allowed.release()
        await one
        await begun(patient_work)
        work.allowed.release()
        assert await lane.do(3, 8, in_s(60)) == 6  # while the other is still at work
        patient_work.allowed.release()
        assert await other == 4


@settings(max_examples=40, deadline=None)
@given(
    asked=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 300)), min_size=1, max_size=60),
    batch=st.integers(1, 8),
    apart=st.integers(1, 20),
)
async def test_everyone_gets_their_own(asked: list[tuple[int, int]], batch: int, apart: int) -> None:
    worker, work = Worker("w"), Doubling(held=False)
    lanes = [worker.lane(work, rank=rank, most=100, batch=batch, apart=apart) for rank in range(3)]
    async with running(worker):
        tasks: list[Any] = [
            asyncio.create_task(lanes[place].do(n, tokens, in_s(600))) for n, (place, tokens) in enumerate(asked)
        ]
        assert await asyncio.gather(*tasks) == [2 * n for n in range(len(asked))]
    assert sum(lane.done for lane in lanes) == len(asked) and not any(lane.waiting_tokens for lane in lanes)
    for items in work.batches:
        lengths = [asked[item][1] for item in items]
        assert len(items) <= batch and len({length // apart for length in lengths}) == 1
        assert len(items) == 1 or sum(lengths) <= BATCH_TOKENS
