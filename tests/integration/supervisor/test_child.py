"""A child is kept running, whatever ends it, until it is told to end; and it never outlives its supervisor."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mitmgate.services.channel import Message
from mitmgate.supervisor.child import Child, ChildPlan
from mitmgate.supervisor.early import GO

FAKE = "tests.integration.supervisor.fake_child"
PATIENCE_S = 60.0


class Watched:
    """A child with what it said and how it changed."""

    def __init__(self, way: str, gate: Callable[[], int | None] = lambda: None, module: str = FAKE) -> None:
        self.heard: list[Message] = []
        self.changes: list[bool] = []
        self.news = asyncio.Event()
        self.child = Child(ChildPlan(way, module, (way,), ()), self._hear, self._change, gate)

    def _hear(self, child: Child, message: Message) -> None:
        self.heard.append(message)
        self.news.set()

    def _change(self, child: Child) -> None:
        self.changes.append(child.ready)
        self.news.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not reached():
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def kept(watched: Watched) -> AsyncIterator[Watched]:
    keeping = asyncio.create_task(watched.child.keep())
    try:
        yield watched
    finally:
        watched.child.end_soon(signal.SIGKILL)
        await keeping


async def test_is_started_again_after_kill_9_and_ends_when_drained() -> None:
    async with kept(Watched("serves")) as watched:
        child = watched.child
        await watched.until(lambda: child.ready)
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await watched.until(lambda: child.ready and child.pid != first)
        assert watched.changes == [True, False, True]
        assert child.backoff.restarts == 1
        child.end_soon()
        child.send({"op": "drain"})
        await watched.until(lambda: child.pid is None)
        assert child.exit_code == 0


async def test_what_is_said_arrives_and_is_answered() -> None:
    async with kept(Watched("serves")) as watched:
        await watched.until(lambda: watched.child.ready)
        watched.child.send({"op": "apply", "id": 5})
        await watched.until(lambda: {"op": "applied", "id": 5} in watched.heard)


async def test_an_answer_to_an_earlier_life_is_dropped() -> None:
    async with kept(Watched("serves")) as watched:
        child = watched.child
        await watched.until(lambda: child.ready)
        answer, first = child.answer_to_this_life(), child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await watched.until(lambda: child.ready and child.pid != first)
        answer({"op": "apply", "id": 6})
        child.send({"op": "apply", "id": 7})
        await watched.until(lambda: {"op": "applied", "id": 7} in watched.heard)
        assert {"op": "applied", "id": 6} not in watched.heard


async def test_a_silent_child_is_killed_and_replaced() -> None:
    async with kept(Watched("stubborn")) as watched:
        child = watched.child
        await watched.until(lambda: child.ready)
        first, now_s = child.pid, asyncio.get_running_loop().time()
        child.kill_if_wedged(now_s + 4.0, 0.0)
        assert child.pid == first
        child.kill_if_wedged(now_s + 60.0, 59.0)  # we were not listening ourselves
        await asyncio.sleep(0.1)
        assert child.pid == first
        child.kill_if_wedged(now_s + 70.0, 0.0)
        await watched.until(lambda: child.ready and child.pid != first)


async def test_one_that_cannot_start_is_tried_ever_later() -> None:
    async with kept(Watched("fails")) as watched:
        await watched.until(lambda: watched.child.backoff.restarts >= 3)
        assert watched.child.exit_code == 7
        assert True not in watched.changes


async def test_waits_at_the_gate_with_its_modules_imported() -> None:
    gate, opener = os.pipe()
    async with kept(Watched("serves", lambda: gate, "tests.integration.supervisor.fake_package")) as watched:
        await asyncio.sleep(0.3)
        assert not watched.child.ready
        os.write(opener, GO)
        await watched.until(lambda: watched.child.ready)
    os.close(gate)
    os.close(opener)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
async def test_never_outlives_its_supervisor(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from mitmgate.supervisor.child import Child, ChildPlan
async def main():
    plan = ChildPlan("x", {FAKE!r}, ("stubborn",), ())
    said = lambda child: print(child.pid, flush=True)
    await Child(plan, lambda child, message: None, said).keep()
asyncio.run(main())
"""
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    ) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        supervisor.kill()
    async with asyncio.timeout(PATIENCE_S):
        while _alive(child):
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
