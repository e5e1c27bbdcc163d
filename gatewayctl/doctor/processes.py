"""How many files the gateway's processes may open: each connection of a client and to an upstream is one."""

from __future__ import annotations

import os
import re
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding

_BESIDE: Final = 256  # what a worker keeps open beside its requests: stores, idle connections, logs
_NEARLY: Final = 0.9
_LIMIT: Final = re.compile(r"^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)", re.MULTILINE)
_REMEDY: Final = (
    "Start it with more: ulimit -n 65536 in the shell, LimitNOFILE=65536 in the systemd unit, or"
    " --ulimit nofile=65536 for a container; or lower limits.max_in_flight."
)


def open_files(data_dir: Path, max_in_flight: int) -> list[Finding]:
    """Of the gateway that runs on this data directory; else what one that is started from here would have."""
    needed = 2 * max_in_flight + _BESIDE
    running = [counted for pid in _family(data_dir) if (counted := _counted(pid)) is not None]
    if not running:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # a start takes all it may
        return [_judge(hard if hard != resource.RLIM_INFINITY else sys.maxsize, needed, "a gateway started from here")]
    full = [counted for counted in running if counted[1] >= _NEARLY * counted[2]]
    if full:
        pid, used, most = max(full, key=lambda counted: counted[1] / counted[2])
        seen = f"process {pid} has {used} of {most} files open: new clients have to wait"
        return [Finding("open files", WRONG, seen, _REMEDY)]
    return [_judge(min(most for _, _, most in running), needed, "each process of the gateway")]


def _judge(most: int, needed: int, who: str) -> Finding:
    shown = "any number of" if most == sys.maxsize else str(most)
    seen = f"{who} may open {shown} files"
    if most < needed:
        return Finding("open files", WARNING, f"{seen}; limits.max_in_flight may take {needed}", _REMEDY)
    return Finding("open files", OK, seen)


def _family(data_dir: Path) -> list[int]:
    """The processes that hold the data directory; children are those with the lock that they inherit."""
    from mitmgate.services.embedded import locks

    lock = data_dir / "children.lock"
    return locks.holders(lock) if lock.exists() else []


def _counted(pid: int) -> tuple[int, int, int] | None:
    """(pid, open files, most); None of a process that may not be looked into."""
    with suppress(OSError):
        found = _LIMIT.search(Path(f"/proc/{pid}/limits").read_text())
        if found is not None:
            most = sys.maxsize if found[1] == "unlimited" else int(found[1])
            return pid, len(os.listdir(f"/proc/{pid}/fd")), most
    return None
