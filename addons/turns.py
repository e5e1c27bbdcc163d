"""Long work in short turns, so that one large request does not keep the worker's others waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from typing import Final

TURN_S: Final = 0.004


async def in_turns[T](steps: Generator[None, None, T]) -> T:
    """Runs the steps, and has the event loop go round whenever they have taken a few milliseconds. -> their result."""
    begun = time.perf_counter()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        if time.perf_counter() - begun >= TURN_S:
            await asyncio.sleep(0)
            begun = time.perf_counter()
