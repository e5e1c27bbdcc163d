"""File locks that prove who is alive.

A pid file only names a number: the process may be a zombie, or another one that was given the same number since. A
flock belongs to an open file instead, is inherited over fork and exec, and the kernel gives it back when the last
process that holds it has gone. So a lock that can be taken is proof that nobody is left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from mitmgate.services.embedded.errors import EmbeddedServerError

POLL_S = 0.02
LOOKED_S = 0.1  # is_held has a lock for microseconds
KILLED_S = 5.0  # how long a process may take to go after SIGKILL: it writes out nothing, but frees its memory


def take(path: Path) -> int | None:
    """The descriptor of the lock, or None when another process holds it. Closing it gives the lock back."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    patient_until = time.monotonic() + LOOKED_S
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return fd
            except BlockingIOError:
                if time.monotonic() >= patient_until:
                    os.close(fd)
                    return None
            time.sleep(POLL_S)
    except OSError:
        os.close(fd)
        raise


def is_held(path: Path) -> bool:
    """Whether a process has taken the lock; others who look do not count. Raises OSError for who may not look."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def take_from_leftovers(path: Path, patience_s: float) -> int:
    """The descriptor of a lock whose holders have lost their owner: they get `patience_s` to end, then SIGKILL."""
    patient_until = time.monotonic() + patience_s
    while True:
        if (fd := take(path)) is not None:
            return fd
        now = time.monotonic()
        if now >= patient_until + KILLED_S:
            raise EmbeddedServerError(
                f"an earlier server still holds {path} (pids {_listed(path)}) and cannot be ended"
            )
        if now >= patient_until:
            for pid in holders(path):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                except PermissionError:
                    raise EmbeddedServerError(f"{path} is held by pid {pid}, which belongs to another user") from None
        time.sleep(POLL_S)


def holders(path: Path) -> list[int]:
    """Pids of the other processes that have this file open, as far as this user may see them."""
    path = path.resolve()  # as the kernel names it: a data directory may be reached by a link
    if Path("/proc/self/fd").exists():
        found = set()
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                if os.readlink(link) == str(path):
                    found.add(int(link.parts[2]))
            except OSError:  # it ended meanwhile, or is not ours to look into
                pass
    else:
        lsof = shutil.which("lsof", path="/usr/sbin:/usr/bin:/bin")
        said = subprocess.run([lsof, "-t", str(path)], capture_output=True, text=True).stdout if lsof else ""
        found = {int(word) for word in said.split()}
    return sorted(found - {os.getpid()})


def _listed(path: Path) -> str:
    return ", ".join(map(str, holders(path))) or "unknown"
