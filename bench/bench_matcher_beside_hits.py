"""Do 500 distinct misses a second raise the latency of exact hits beside them?

    python bench/bench_matcher_beside_hits.py [--rounds 7] [--seconds 6] [--misses 500] [--hits 100]

A gateway with its own PostgreSQL and Valkey. Hits are asked at a fixed rate and timed from when they were due, in three
cases that take turns: alone; beside misses of a tenant whose cache has mode exact, which shows what forwarding and
storing cost; and beside misses that are looked up in other words, too. What the matcher adds is the ratio of the last
two.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
from bench_request_path import BENCH, start_gateway, tenant_key
from load import fresh
from processes import cpu_us, free_port, started, wait_port

CONNECTIONS: Final = 32
CASES: Final = ("alone", "exact", "semantic")


class Connection(asyncio.Protocol):
    """One request at a time; anything but 200 ends the measurement."""

    def __init__(self) -> None:
        self._answer = b""
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def ask(self, request: bytes) -> None:
        self._answered = asyncio.get_running_loop().create_future()
        self._answer = b""
        self._transport.write(request)
        await self._answered

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        if not blank or self._answered is None or self._answered.done():
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._answered.set_exception(RuntimeError(head.decode("latin-1")))
        elif len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]):
            self._answered.set_result(None)

    def connection_lost(self, problem: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError("the server closed a connection under load"))


@dataclass
class Rate:
    """Requests at a fixed rate over a few connections, timed from when they were due."""

    per_s: float
    requests: Iterator[bytes]
    took_ms: list[float] = field(default_factory=list)
    sent: int = 0

    async def run(self, port: int, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        free: asyncio.Queue[Connection] = asyncio.Queue()
        made = [(await loop.create_connection(Connection, "127.0.0.1", port)) for _ in range(CONNECTIONS)]
        for _, connection in made:
            free.put_nowait(connection)

        async def one(due_s: float) -> None:
            connection = await free.get()
            await connection.ask(next(self.requests))
            self.took_ms.append(1000 * (loop.time() - due_s))
            free.put_nowait(connection)

        begun_s = loop.time()
        async with asyncio.TaskGroup() as group:
            for number in range(round(self.per_s * seconds)):
                due_s = begun_s + number / self.per_s
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                group.create_task(one(due_s))
                self.sent += 1
        self.last_s = loop.time() - begun_s
        for transport, _ in made:
            transport.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--misses", type=float, default=500.0)
    parser.add_argument("--hits", type=float, default=100.0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mitmgate-bench-")))
        folder.chmod(0o711)
        upstream = free_port()
        stack.enter_context(
            started([sys.executable, str(BENCH / "static_upstream.py"), str(upstream)], folder / "upstream.log")
        )
        wait_port(upstream, folder / "upstream.log")
        hit, forward, _ = start_gateway(stack, folder, upstream, options.workers)
        auth = next(forward.requests).partition(b"Authorization: ")[2].partition(b"\r\n")[0].decode()
        exact = tenant_key(hit.port, upstream, "exact", {"mode": "exact"})
        numbers = count()
        modes = {
            "exact": fresh(f"Authorization: Bearer {exact}\r\n", numbers),
            "semantic": fresh(f"Authorization: {auth}\r\n", numbers),
        }
        p50: dict[str, list[float]] = {case: [] for case in CASES}
        p99: dict[str, list[float]] = {case: [] for case in CASES}
        cpu: dict[str, list[float]] = {case: [] for case in CASES}
        late: dict[str, list[float]] = {case: [] for case in CASES}
        for number in range(options.rounds + 1):
            for case in CASES:
                hits = Rate(options.hits, hit.requests)
                misses = [Rate(options.misses, modes[case])] if case in modes else []

                async def both(rates: list[Rate]) -> None:
                    await asyncio.gather(*(rate.run(hit.port, options.seconds) for rate in rates))

                before = cpu_us(hit.pid).total()
                asyncio.run(both([hits, *misses]))
                if number:  # the first round warms up
                    p50[case].append(float(np.percentile(hits.took_ms, 50)))
                    p99[case].append(float(np.percentile(hits.took_ms, 99)))
                    cpu[case].append((cpu_us(hit.pid).total() - before) / 1e6 / options.seconds)
                    late[case].append(max(rate.last_s for rate in (hits, *misses)) / options.seconds)
                time.sleep(2.0)
        print(f"{options.hits:.0f} hits/s beside {options.misses:.0f} misses/s, {options.rounds} rounds in turns")
        for case in CASES:
            ratio, of_exact = (
                statistics.median(one / other for one, other in zip(p99[case], p99[base], strict=True))
                for base in ("alone", "exact")
            )
            print(
                f"  {case:9} p50 {statistics.median(p50[case]):6.2f} ms, p99 {statistics.median(p99[case]):7.2f} ms,"
                f" p99 of alone {ratio:5.2f}, of exact {of_exact:5.2f};"
                f" {statistics.median(cpu[case]):.2f} cores, lasted {statistics.median(late[case]):.2f} of its time"
            )


if __name__ == "__main__":
    main()
