"""Long work in short turns, so that large requests do not keep the worker's others waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from functools import partial
from typing import Final

from mitmgate.core.errors import Refused
from mitmgate.proxy.plan import Plan

LEFT: Final = partial(Refused, 499, "client_closed", "The client left.")  # as the row of one that leaves later
TURN_S: Final = 0.004


class LongWork:
    """What large requests need of one worker's event loop: one turn of one of them each time the loop goes round."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()  # given to whoever has waited longest

    async def in_turns[T](self, steps: Generator[None, None, T], plan: Plan) -> T:
        """Runs the steps for a few milliseconds at a time. -> their result. Raises Refused when the client leaves."""
        while True:
            async with self._turn:
                if plan.left:
                    raise LEFT()
                ends = time.perf_counter() + TURN_S
                try:
                    next(steps)
                    while time.perf_counter() < ends:
                        next(steps)
                except StopIteration as end:
                    result: T = end.value
                    return result
                finally:
                    await asyncio.sleep(0)  # while the turn is held: who comes now waits for the next round
