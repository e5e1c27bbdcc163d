"""Shares the event loop's thread among a worker's connections, so that none keeps it from the others.

Input is worked on in steps of bounded size: a head, some frames, some chunks. A step runs at once while the loop has
time to spare. Otherwise it waits for a turn: at most TURN_S of steps, then the loop looks at its other events.
Connections whose last step left input behind wait behind all others, so a flood delays itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final

TURN_S: Final = 0.005

Step = Callable[[], bool]
"""Works on some input. -> whether more can be worked on at once."""


class Turns:
    """The steps that wait in one worker."""

    def __init__(self) -> None:
        self._new: deque[Step] = deque()
        self._long: deque[Step] = deque()  # their last step left input behind
        self._scheduled = False
        self._used_s = 0.0  # by steps; goes down while the loop does other things
        self._ended_at = 0.0

    def run(self, step: Step) -> None:
        """Runs the step, now or in its turn, and again until nothing is left for it."""
        if self._scheduled or not self._has_time():
            self._new.append(step)
            self._schedule()
        elif self._run(step):
            self._long.append(step)
            self._schedule()

    async def finish(self, step: Step) -> None:
        """The same, and returns when nothing is left for it. Raises what the step raises.

        No step runs after a cancellation.
        """
        if not self._scheduled and self._has_time() and not self._run(step):
            return
        done = asyncio.get_running_loop().create_future()

        def run() -> bool:
            if done.done():
                return False
            try:
                if step():
                    return True
            except Exception as problem:  # else who waits would wait for ever
                if not done.done():
                    done.set_exception(problem)
                return False
            if not done.done():  # the step may have cancelled who waits
                done.set_result(None)
            return False

        self._long.append(run)
        self._schedule()
        await done

    def _has_time(self) -> bool:
        return self._used_s - (perf_counter() - self._ended_at) < TURN_S

    def _run(self, step: Step) -> bool:
        begun = perf_counter()
        more = step()
        now = perf_counter()
        self._used_s = max(0.0, self._used_s - (begun - self._ended_at)) + now - begun
        self._ended_at = now
        return more

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        ends = perf_counter() + TURN_S
        try:
            while self._new and perf_counter() < ends:
                self._again(self._new.popleft())
            if self._long:  # at least one, or new ones could keep them waiting for ever
                self._again(self._long.popleft())
            while self._long and perf_counter() < ends:
                self._again(self._long.popleft())
        finally:  # a step that raises is not run again, and holds up no other
            self._scheduled = False
            if self._new or self._long:
                self._schedule()

    def _again(self, step: Step) -> None:
        if self._run(step):
            self._long.append(step)


class Allowance:
    """What a connection may do often at once and only so often for long: `most` at once, `a_second` regained."""

    __slots__ = ("_a_second", "_at", "_left", "_most")

    def __init__(self, most: float, a_second: float) -> None:
        self._most, self._a_second = most, a_second
        self._left = most
        self._at = perf_counter()

    def take(self, count: float = 1.0) -> bool:
        """Uses some of it. -> whether that was still allowed."""
        if self._left < count:
            now = perf_counter()
            self._left = min(self._most, self._left + (now - self._at) * self._a_second)
            self._at = now
        self._left -= count
        return self._left >= 0

    def earn(self, count: float) -> None:
        """Gives some back."""
        self._left = min(self._most, self._left + count)
