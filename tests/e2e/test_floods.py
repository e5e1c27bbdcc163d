"""Floods next to good traffic: the good requests are answered, no worker is replaced, the memory comes back."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, wait_until
from tests.e2e.served import ROOT
from tests.e2e.upstream import Asked, LoopThread, Upstream
from tests.integration.proxy.test_turns import FLOODS

SECONDS_EACH = 3.0
CONNECTIONS = 8
GOOD_THREADS = 4
GOOD_SHARE = 0.995
MEMORY_BACK_S = 12
MEMORY_SLACK_BYTES = 32 << 20  # a worker: what good traffic itself leaves, arenas in pieces
AT_ONCE = ["requests", "PING", "chunks of one byte", "DATA of one byte", "blank lines", "WINDOW_UPDATE"]


class Good:
    """Asks without a pause on several threads, until it is ended."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._going = True
        self.took_s: list[float] = []
        self.failed: list[str] = []
        self._pool = ThreadPoolExecutor(GOOD_THREADS)
        self._work = [self._pool.submit(self._ask, number) for number in range(GOOD_THREADS)]

    def _ask(self, thread: int) -> None:
        number = 0
        while self._going:
            with self._tenant.gateway.new_client() as client:
                for _ in range(20):  # some on a connection, then another connection
                    number += 1
                    body = {"model": "m", "messages": [{"role": "user", "content": f"{thread} {number}"}]}
                    begun = time.monotonic()
                    try:
                        answer = client.post("/v1/chat/completions", json=body, headers=bearer(self._tenant.key))
                    except httpx.TransportError as problem:
                        self.failed.append(repr(problem))
                        break
                    self.took_s.append(time.monotonic() - begun)
                    if answer.status_code != 200:
                        self.failed.append(answer.text)
                    time.sleep(0.02)

    def end(self) -> None:
        self._going = False
        for work in self._work:
            work.result()


async def in_tiny_chunks(asked: Asked) -> None:
    asked.writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\n:\r\n" * 400_000
        + b"0\r\n\r\n"
    )
    await asked.writer.drain()


@pytest.mark.long
def test_floods_next_to_good_traffic(folder: Path, loop_thread: LoopThread, tmp_path: Path) -> None:
    home = folder / "floods"
    home.mkdir()
    upstream, flooding = Upstream(loop_thread), Upstream(loop_thread, in_tiny_chunks)
    with Gateway(home, "--no-demo", workers=2) as gateway:
        gateway.wait_ready()
        tenant, bad = gateway.tenant(upstream.url), gateway.tenant(flooding.url)
        for number in range(200):
            tenant.chat(f"before {number}")
        workers, memory = gateway.workers(), gateway.memory_bytes()
        good = Good(tenant)

        def flood(name: str, connections: int) -> subprocess.Popen[bytes]:
            file = tmp_path / name.replace("/", " ")
            file.write_bytes(FLOODS[name].replace(b"/hit", b"/nix"))
            arguments = [str(gateway.port), str(SECONDS_EACH), str(connections), str(file)]
            return subprocess.Popen([sys.executable, "-m", "tests.e2e.flooder", *arguments], cwd=ROOT)

        for names in itertools.batched(FLOODS, 3):
            for process in [flood(name, CONNECTIONS) for name in names]:
                assert process.wait(60) == 0
            sys.stdout.write(f"{names}: {len(good.took_s)} good so far, {len(good.failed)} failed\n")
        for process in [flood(name, 4) for name in AT_ONCE]:
            assert process.wait(60) == 0
        sys.stdout.write(f"all at once: {len(good.took_s)} good so far, {len(good.failed)} failed\n")
        with ThreadPoolExecutor(4) as pool:
            for answer in pool.map(lambda n: bad.chat(f"flood me {n}", stream=True), range(4)):
                assert answer.status_code == 200
        sys.stdout.write(f"upstream: {len(good.took_s)} good so far, {len(good.failed)} failed\n")
        good.end()
        took_s = sorted(good.took_s)
        p99_s = took_s[int(len(took_s) * 0.99)]
        sys.stdout.write(f"{len(took_s)} good requests, {len(good.failed)} failed, p99 {p99_s:.3f} s\n")
        assert len(good.failed) <= (1 - GOOD_SHARE) * len(took_s), good.failed[:5]
        assert gateway.workers() == workers, gateway.output()

        def grown() -> dict[int, int]:
            now = gateway.memory_bytes()
            return {pid: now[pid] - memory[pid] for pid in workers if now[pid] - memory[pid] > MEMORY_SLACK_BYTES}

        until = time.monotonic() + MEMORY_BACK_S
        while grown() and time.monotonic() < until:
            time.sleep(0.5)
        sys.stdout.write(f"memory before {memory}, after {gateway.memory_bytes()}\n")
        assert not grown(), (memory, gateway.memory_bytes())
        wait_until(gateway.healthy)
    upstream.close()
    flooding.close()
