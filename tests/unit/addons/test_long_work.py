"""However many large requests there are, the loop goes round after each short turn, and none waits for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator

import pytest

from addons.turns import TURN_S, LongWork


def busy(name: int, turns: int, ran: list[int]) -> Generator[None, None, int]:
    """Takes so many turns, and says in ran that it has had one."""
    for _ in range(turns):
        ran.append(name)
        until = time.perf_counter() + TURN_S
        while time.perf_counter() < until:
            pass
        yield
    return name


async def test_all_together_have_one_turn_each_time_the_loop_goes_round() -> None:
    work, ran = LongWork(), list[int]()
    tasks = [asyncio.create_task(work.in_turns(busy(n, 4, ran))) for n in range(20)]
    while not all(task.done() for task in tasks):
        before = len(ran)
        await asyncio.sleep(0)
        assert len(ran) - before <= 1
    assert [task.result() for task in tasks] == list(range(20))
    assert ran == list(range(20)) * 4


async def test_what_ends_at_once_takes_its_turn_too() -> None:
    work, ran = LongWork(), list[int]()
    tasks = [asyncio.create_task(work.in_turns(busy(n, 1, ran))) for n in range(20)]
    while not all(task.done() for task in tasks):
        before = len(ran)
        await asyncio.sleep(0)
        assert len(ran) - before <= 1


async def test_one_that_fails_or_is_cancelled_gives_its_turn_on() -> None:
    def failing() -> Generator[None, None, None]:
        yield
        raise ValueError

    work, ran = LongWork(), list[int]()
    failed = asyncio.create_task(work.in_turns(failing()))
    cancelled = asyncio.create_task(work.in_turns(busy(1, 1000, ran)))
    other = asyncio.create_task(work.in_turns(busy(2, 10, ran)))
    while ran.count(1) < 3:
        await asyncio.sleep(0)
    cancelled.cancel()
    assert await other == 2
    with pytest.raises(ValueError):
        await failed
    assert ran.count(1) < 20
