"""Steps take turns, new ones first, and none is kept from its turn for ever."""

from __future__ import annotations

import asyncio
import time

import pytest

from mitmgate.proxy import turns as turns_module
from mitmgate.proxy.turns import Allowance, Turns


def busy(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


async def test_a_step_runs_at_once_when_there_is_time() -> None:
    ran: list[int] = []
    Turns().run(lambda: bool(ran.append(1)))
    assert ran == [1]


async def test_the_loop_has_its_turn_between_steps() -> None:
    turns, left, ticks = Turns(), [40], 0

    def step() -> bool:
        busy(turns_module.TURN_S / 2)
        left[0] -= 1
        return left[0] > 0

    turns.run(step)
    while left[0]:
        await asyncio.sleep(0)
        ticks += 1
    assert ticks >= 10


async def test_who_has_much_to_do_waits_behind_the_others() -> None:
    turns, ran = Turns(), ""
    work = {"long": 30, "other": 30}

    def long(name: str) -> bool:
        nonlocal ran
        busy(turns_module.TURN_S)
        ran += name[0]
        work[name] -= 1
        return work[name] > 0

    def short() -> bool:
        nonlocal ran
        ran += "."
        return False

    turns.run(lambda: long("long"))
    turns.run(lambda: long("other"))
    for _ in range(5):
        turns.run(short)
        before = len(ran)
        while "." not in ran[before:]:
            await asyncio.sleep(0)
        assert len(ran) - before <= 5
    while any(work.values()):
        await asyncio.sleep(0)
    longs = ran.replace(".", "")
    assert all(abs(longs[:n].count("l") - longs[:n].count("o")) <= 2 for n in range(len(longs)))


async def test_new_steps_do_not_keep_an_old_one_waiting() -> None:
    turns, left = Turns(), 5

    def old() -> bool:
        nonlocal left
        busy(turns_module.TURN_S)
        left -= 1
        return left > 0

    def new() -> bool:
        busy(turns_module.TURN_S)
        if left:
            turns.run(new)
            turns.run(new)
        return False

    turns.run(old)
    turns.run(new)
    async with asyncio.timeout(30):
        while left:
            await asyncio.sleep(0)


async def test_finish_waits_for_the_last_step_and_a_cancelled_one_runs_no_more() -> None:
    turns, left = Turns(), 10

    def step() -> bool:
        nonlocal left
        busy(turns_module.TURN_S)
        left -= 1
        return left > 0

    await turns.finish(step)
    assert left == 0
    left = 10
    task = asyncio.ensure_future(turns.finish(step))
    while left > 8:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    before = left
    for _ in range(5):
        await asyncio.sleep(0)
    assert left == before


async def test_a_step_that_raises_holds_up_no_other() -> None:
    turns, ran = Turns(), list[int]()

    def slow() -> bool:
        busy(2 * turns_module.TURN_S)
        return False

    def bad() -> bool:
        raise ValueError

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    turns.run(slow)
    turns.run(bad)
    turns.run(lambda: bool(ran.append(1)))
    async with asyncio.timeout(10):
        while not ran:
            await asyncio.sleep(0)


async def test_who_waits_for_a_step_that_raises_gets_its_exception() -> None:
    turns, left = Turns(), 3

    def step() -> bool:
        nonlocal left
        busy(2 * turns_module.TURN_S)
        left -= 1
        if not left:
            raise ValueError
        return True

    async with asyncio.timeout(10):
        with pytest.raises(ValueError):
            await turns.finish(step)


def test_an_allowance_comes_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(turns_module, "perf_counter", lambda: now)
    allowance = Allowance(3, 2)
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    now = 10.0
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    allowance.earn(2)
    assert allowance.take()
