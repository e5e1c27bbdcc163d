"""Several ways to one peer, tried as RFC 8305 section 5 has it: the next begins when one has failed or takes a while.

asyncio.staggered does the same, but not under eager tasks (https://github.com/python/cpython/issues/124309, mended in
3.12.8 and 3.13.1), which mitmproxy switches on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

type Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def first_opened[Reader: asyncio.StreamReader](
    ways: Sequence[Callable[[], Awaitable[tuple[Reader, asyncio.StreamWriter]]]], delay_s: float
) -> tuple[Reader, asyncio.StreamWriter]:
    """The first that opens; the others are closed. Raises the last one's exception when none does."""
    left, under_way = deque(ways), set[asyncio.Future[tuple[Reader, asyncio.StreamWriter]]]()
    failure: BaseException = OSError("no way")
    try:
        while left or under_way:
            if left:
                under_way.add(asyncio.ensure_future(left.popleft()()))
            wait_s = delay_s if left else None
            ended, under_way = await asyncio.wait(under_way, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            opened = [way for way in ended if way.exception() is None]
            if opened:
                under_way.update(opened[1:])
                return opened[0].result()
            failure = next((problem for way in ended if (problem := way.exception()) is not None), failure)
        raise failure
    finally:
        for way in under_way:
            way.cancel()
            way.add_done_callback(_close)


def _close(way: asyncio.Future[tuple[Any, asyncio.StreamWriter]]) -> None:
    if not way.cancelled() and way.exception() is None:
        way.result()[1].transport.abort()
