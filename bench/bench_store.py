"""What does one request's round trip to the store cost in CPU: our Store against redis-py's own pipeline?

Both send the quota's EVALSHA and the cache's GET in one pipeline to a Valkey of their own, in turns, in one run:

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

ROUNDS = 7
BOUNDS = (100, 3_600_000, 60_000, 300_000, 1_000_000_000)


async def cpu_us(call: Callable[[], Awaitable[object]], calls: int) -> float:
    begun = time.process_time()
    for _ in range(calls):
        await call()
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

    await ours()
    await theirs()
    own, other = [], []
    for _ in range(ROUNDS):
        own.append(await cpu_us(ours, calls))
        other.append(await cpu_us(theirs, calls))
    await store.close()
    await peer.aclose()
    one, two = statistics.median(own), statistics.median(other)
    print(f"our Store        {one:6.1f} µs CPU a round trip")
    print(f"redis-py pipeline{two:6.1f} µs CPU a round trip")
    print(f"ratio            {one / two:6.2f}")


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
