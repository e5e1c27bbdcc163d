"""A gateway as its operator runs it: `gatewayctl serve` as a process of its own, driven over HTTP and signals."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
ADMIN_TOKEN = "an admin token for the tests"
DEMO_KEY = "test-key-123"
PATIENCE_S = 90.0


def free_port() -> int:
    """A port that a server may take a moment later: from below those that outgoing connections are given."""
    while True:
        port = random.randint(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


class Served:
    """Started by the constructor; `wait_ready` waits until it serves. Leaving the context ends all of it."""

    def __init__(
        self, data_dir: Path, *flags: str, port: int | None = None, workers: int = 1, env: dict[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / f"gateway-{time.monotonic_ns()}.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MITMGATE_")}
        # Other tests keep the machine busy: what is looked up late is not what most of them are about.
        inherited["MITMGATE_CACHE__DEADLINE_MS"] = "1000"
        command = [sys.executable, "-m", "gatewayctl", "serve", "--port", str(self.port), "--data-dir", str(data_dir)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*command, "--workers", str(workers), *flags],
                cwd=data_dir,
                env={**inherited, "PYTHONPATH": str(ROOT), "MITMGATE_ADMIN_TOKEN": ADMIN_TOKEN, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            family = children(self.process.pid)
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            wait_until(lambda: not alive(family))

    def wait_ready(self) -> Served:
        wait_until(lambda: self.ready() or self.process.poll() is not None, self.output)
        assert self.process.poll() is None, self.output()
        return self

    def ready(self) -> bool:
        return self.get("/health/ready") == 200

    def get(self, path: str) -> int:
        """The status, 0 without an answer."""
        try:
            return self._ask("GET", path, timeout=10).status_code
        except httpx.TransportError:
            return 0

    def healthy(self) -> bool:
        try:
            return bool(self._ask("GET", "/health", timeout=10).json()["status"] == "ok")
        except (httpx.TransportError, ValueError):
            return False

    def admin(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        return self._ask(method, path, json=body, headers=headers, timeout=30)

    def ask(self, question: str, key: str = DEMO_KEY, **fields: Any) -> httpx.Response:
        body = {"model": "m", "messages": [{"role": "user", "content": question}], **fields}
        headers = {"Authorization": f"Bearer {key}"}
        return self._ask("POST", "/v1/chat/completions", json=body, headers=headers, timeout=60)

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """On a connection of its own. verify: else each call reads the system's authorities, for 25 ms of CPU."""
        return httpx.request(method, self.url + path, verify=False, trust_env=False, **more)

    def output(self) -> str:
        return self.log.read_text(errors="replace")[-20_000:]

    def wait_said(self, words: str) -> None:
        wait_until(lambda: words in self.output(), self.output)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def child(self, words: str) -> int:
        """The pid of the child whose command line has these words."""
        found: list[int] = []  # a second look might miss it: it may just have died
        wait_until(lambda: found.extend(self._find(words)) or found, self.output)
        return found[0]

    def _find(self, words: str) -> list[int]:
        return [pid for pid in children(self.process.pid) if words in command_line(pid)]


def wait_until(reached: Any, said: Any = lambda: "") -> None:
    """Waits for a condition; fails after a minute and a half, telling what was said."""
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, said()
        time.sleep(0.05)


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def children(root: int) -> list[int]:
    """All living processes below one (Linux)."""
    parents = {pid: parent for pid, (parent, state) in _processes().items() if state != "Z"}
    found, todo = [], [root]
    while todo:
        above = todo.pop()
        below = [pid for pid, parent in parents.items() if parent == above]
        found += below
        todo += below
    return found


def alive(pids: list[int]) -> list[int]:
    """Those that have not ended."""
    table = _processes()
    return [pid for pid in pids if pid in table and table[pid][1] != "Z"]


def _processes() -> dict[int, tuple[int, str]]:
    table = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        table[int(folder.name)] = (int(parent), state)
    return table
