"""Starts servers to measure, and reads what a whole process tree has used (Linux)."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60.0
ROLES = {
    " addons --settings": "workers",
    "mitmgate.control": "control",
    "gatewayctl serve": "supervisor",
    "valkey-server": "valkey",
    "postgres": "postgres",
    "mitmdump": "mitmdump",
}


def free_port() -> int:
    """A port that a server may take a moment later: from below those that outgoing connections are given."""
    while True:
        port = random.randint(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


@contextmanager
def started(command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> Iterator[int]:
    """Runs the command until the block ends. -> its pid"""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_port(port: int, log: Path) -> None:
    """Returns once somebody accepts connections there."""

    def accepts() -> bool:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True

    wait_until(accepts, log)


def wait_until(reached: Callable[[], bool], log: Path) -> None:
    """Waits for a condition; what the network raises meanwhile means: not yet. Ends the program after a minute."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if reached():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"a server did not become ready:\n{log.read_text(errors='replace')}")


def cpu_us(root: int) -> Counter[str]:
    """User and system time of the process and all below it, by role; of those that have ended, under their parent."""
    table: dict[int, tuple[int, int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        # proc_pid_stat(5): the parent is field 4; utime, stime, cutime and cstime are 14 to 17
        table[int(folder.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    below: dict[int, list[int]] = {}
    for pid, (parent, _) in table.items():
        below.setdefault(parent, []).append(pid)
    used: Counter[str] = Counter()
    todo = [(root, "")]
    while todo:
        pid, above = todo.pop()
        role = role_of(pid) or above
        used[role] += round(table[pid][1] * TICK_US)
        todo += [(child, role) for child in below.get(pid, [])]
    return used


def role_of(pid: int) -> str:
    """What the process does in the gateway, by its command line; empty: the same as its parent."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
    return next((role for words, role in ROLES.items() if words in line), "")
