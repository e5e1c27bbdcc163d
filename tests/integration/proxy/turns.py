"""Measures the CPU time that the event loop's thread spends in one callback, and in one turn of the loop.

    with measured() as turns:
        ...  # drive the input
    assert turns.callback_s < 0.25

CPU time, not wall-clock time: a machine that is busy with something else does not count.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

MOST_S = 0.25


@dataclass
class Turns:
    """The longest so far, in seconds of the thread's CPU time."""

    callback_s: float = 0.0
    turn_s: float = 0.0
    slowest: str = ""  # the callback


@contextmanager
def measured() -> Iterator[Turns]:
    """Measures every callback of the thread's loops until it ends; also what is in memory already is not collected."""
    turns = Turns()
    run: Any = asyncio.Handle._run  # type: ignore[attr-defined]
    once: Any = asyncio.BaseEventLoop._run_once  # type: ignore[attr-defined]

    def run_measured(handle: Any) -> None:
        begun = time.thread_time()
        run(handle)
        spent = time.thread_time() - begun
        if spent > turns.callback_s:
            turns.callback_s, turns.slowest = spent, repr(handle)[:300]

    def once_measured(loop: Any) -> None:
        begun = time.thread_time()
        once(loop)
        turns.turn_s = max(turns.turn_s, time.thread_time() - begun)

    gc.collect()
    gc.freeze()  # a full collection of all that the tests have imported would be counted as the callback's
    asyncio.Handle._run = run_measured  # type: ignore[attr-defined]
    asyncio.BaseEventLoop._run_once = once_measured  # type: ignore[attr-defined]
    try:
        yield turns
    finally:
        asyncio.Handle._run = run  # type: ignore[attr-defined]
        asyncio.BaseEventLoop._run_once = once  # type: ignore[attr-defined]
        gc.unfreeze()
