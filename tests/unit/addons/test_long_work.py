"""However many large requests there are, the loop goes round after each short turn, and none waits for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator

import pytest
from mitmproxy import http

from addons.turns import TURN_S, LongWork
from mitmgate.core.errors import GatewayError, Refused
from mitmgate.proxy.plan import Plan


def plan() -> Plan:
    def render(error: GatewayError) -> http.Response:
        return http.Response.make(error.status)

    return Plan(render, 1 << 20)


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
    tasks = [asyncio.create_task(work.in_turns(busy(n, 4, ran), plan())) for n in range(20)]
    while not all(task.done() for task in tasks):
        before = len(ran)
        await asyncio.sleep(0)
        assert len(ran) - before <= 1
    assert [task.result() for task in tasks] == list(range(20))
    assert ran == list(range(20)) * 4


async def test_what_ends_at_once_takes_its_turn_too() -> None:
    work, ran = LongWork(), list[int]()
    tasks = [asyncio.create_task(work.in_turns(busy(n, 1, ran), plan())) for n in range(20)]
    while not all(task.done() for task in tasks):
        before = len(ran)
        await asyncio.sleep(0)
        assert len(ran) - before <= 1


async def test_one_that_fails_or_is_cancelled_gives_its_turn_on() -> None:
    def failing() -> Generator[None, None, None]:
        yield
        raise ValueError

    work, ran = LongWork(), list[int]()
    failed = asyncio.create_task(work.in_turns(failing(), plan()))
    cancelled = asyncio.create_task(work.in_turns(busy(1, 1000, ran), plan()))
    other = asyncio.create_task(work.in_turns(busy(2, 10, ran), plan()))
    while ran.count(1) < 3:
        await asyncio.sleep(0)
    cancelled.cancel()
    assert await other == 2
    with pytest.raises(ValueError):
        await failed
    assert ran.count(1) < 20


async def test_it_ends_when_the_client_leaves() -> None:
    work, ran, asked = LongWork(), list[int](), plan()
    left = asyncio.create_task(work.in_turns(busy(1, 1000, ran), asked))
    while len(ran) < 3:
        await asyncio.sleep(0)
    asked.left = True
    with pytest.raises(Refused) as refused:
        await left
    assert refused.value.code == "client_closed" and len(ran) < 6
