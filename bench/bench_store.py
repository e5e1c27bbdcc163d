"""What does one request's round trip to the store cost in CPU: our Store against redis-py's own pipeline?

Both send the quota's EVALSHA and the cache's GET in one pipeline to a Valkey of their own, one call after the other and
some at once, in turns, in one run:

    python bench/bench_store.py [CALLS]
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis.asyncio

from mitmgate.services.embedded import EmbeddedValkey
from mitmgate.services.quota import RESERVE, scope_keys
from mitmgate.services.redis import Store

ROUNDS = 5
AT_ONCE = (1, 4, 16)
BOUNDS = (100, 3_600_000, 60_000, 300_000, 1_000_000_000)


async def cpu_us(call: Callable[[], Awaitable[object]], calls: int, at_once: int) -> float:
    begun = time.process_time()
    for _ in range(calls // at_once):
        if at_once == 1:
            await call()
        else:
            await asyncio.gather(*(call() for _ in range(at_once)))
    return (time.process_time() - begun) / calls * 1e6


async def compare(url: str, calls: int) -> None:
    store, peer = Store(url, scripts=[RESERVE]), redis.asyncio.Redis.from_url(url)
    entry = "x:{1}:" + "0" * 64
    await peer.set(entry, os.urandom(1000))
    commands = [RESERVE.command(scope_keys(1), BOUNDS), ("GET", entry)]

    async def ours() -> None:
        await store.pipeline(commands)

    async def theirs() -> None:
        pipeline = peer.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        await pipeline.execute()

    print("CPU µs a round trip    our Store    redis-py    ratio")
    for at_once in AT_ONCE:
        await cpu_us(ours, at_once, at_once)
        await cpu_us(theirs, at_once, at_once)
        own, other = [], []
        for _ in range(ROUNDS):
            own.append(await cpu_us(ours, calls, at_once))
            other.append(await cpu_us(theirs, calls, at_once))
        one, two = statistics.median(own), statistics.median(other)
        print(f"{at_once:3} at once         {one:12.1f}{two:12.1f}{one / two:9.2f}")
    await store.close()
    await peer.aclose()


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with tempfile.TemporaryDirectory(prefix="mitmgate-bench-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedValkey(Path(folder))
        server.start()
        try:
            asyncio.run(compare(server.url, calls))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
