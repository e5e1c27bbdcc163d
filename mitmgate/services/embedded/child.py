"""A server as a child process that neither outlives its gateway nor is ever shared by two.

Below the server's folder two locks replace every guess about pids. `gateway.lock` belongs to the gateway alone: a
second one is refused at once. `server.lock` is handed to the server and whatever that forks: when it can be taken, none
of them is left, and what their pid files and sockets say is stale.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mitmgate.services.embedded import guard, locks
from mitmgate.services.embedded.errors import EmbeddedServerError
from mitmgate.services.embedded.programs import Wheel, reachable_program

PR_SET_PDEATHSIG = 1  # linux/prctl.h
OS_USERS = ("postgres", "nobody")  # whom to become when started as root; nobody exists everywhere
ORPHANS_END_S = 10.0  # servers of a gateway that has gone were told to end and may be writing their last checkpoint
LEFT_BEHIND_END_S = 0.5  # what a killed server of our own left behind
LOG_BYTES = 10 << 20  # a longer log is put aside at the next start
# A socket's path has at most 103 bytes on macOS, 107 on Linux; `,` `:` `?` mean something to PostgreSQL and in URLs.
PLAIN_PATH = re.compile(rb"[A-Za-z0-9_./@+ -]{1,80}")
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class OsUser:
    """Whom a server becomes."""

    name: str
    uid: int
    gid: int


class ServerProcess(ABC):
    """One embedded server below the folder `base`.

    Start it from the main thread: on Linux the death signal is sent when the starting *thread* ends.
    """

    title: str  # what operators call it
    stop_signal: signal.Signals  # ends it in good order, without waiting for its clients
    last_resort: signal.Signals = signal.SIGKILL  # when that took too long
    stop_s = 20.0

    def __init__(self, base: Path) -> None:
        self.base = base.resolve()  # the kernel names open files so, and servers change directory
        self.data = self.base / "data"
        self.run = self.base / "run"
        self.log = self.base / "server.log"
        self._user: OsUser | None = None  # None: stay who we are
        self._gateway_lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._log_from = 0

    def start(self, timeout_s: float = 60.0) -> None:
        """Starts the server and waits until it answers; does nothing while it is alive. After a failure call `stop`."""
        if self.alive():
            return
        self.launch()
        deadline = time.monotonic() + timeout_s
        while not self.ready():
            if not self.alive() or time.monotonic() > deadline:
                self._end(self.last_resort)
                raise self.failure()
            time.sleep(0.01)

    def launch(self) -> None:
        """Starts the server without waiting for it: it answers once `ready` says so."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("an embedded server must be started from the main thread")
        try:
            self._launch()
        except OSError as error:
            raise EmbeddedServerError(f"{self.title} cannot be started in {self.base}: {error}") from error

    def failure(self) -> EmbeddedServerError:
        """The error for a server that was launched and did not become ready, with what it wrote about it."""
        return EmbeddedServerError(f"{self.title} did not start; the end of {self.log}:\n{self._log_tail()}")

    def _launch(self) -> None:
        again = self._gateway_lock is not None
        if not again:
            self._claim()
        self._end(signal.SIGKILL)  # reaps it, too
        server_lock = locks.take_from_leftovers(
            self.base / "server.lock", LEFT_BEHIND_END_S if again else ORPHANS_END_S
        )
        try:
            arguments = self._prepare(server_lock)
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
            with open(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
                self._log_from = os.fstat(log.fileno()).st_size
                self._process = self._spawn(arguments, self.stop_signal, server_lock, log)
        finally:
            os.close(server_lock)  # from here on only the server has it
        if _libc is None:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, str(self._process.pid), str(int(self.stop_signal))],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )

    def alive(self) -> bool:
        """Whether the server's process runs (reaps it when it has ended)."""
        return self._process is not None and self._process.poll() is None

    @abstractmethod
    def ready(self) -> bool:
        """Whether the server that we started takes connections."""

    def stop(self) -> None:
        """Ends the server in good order and gives the folder back; may be called at any time, and again."""
        self._end(self.stop_signal)
        if self.run.is_symlink():
            shutil.rmtree(self.run.resolve(), ignore_errors=True)
            self.run.unlink()
        if self._gateway_lock is not None:
            os.close(self._gateway_lock)
            self._gateway_lock = None

    @abstractmethod
    def _prepare(self, server_lock: int) -> list[str | Path]:
        """Makes what the server needs below `base` and returns its command line."""

    def _program(self, wheel: Wheel, server_lock: int) -> Path:
        def runs(program: Path) -> bool:
            try:
                return self._spawn([program, "--version"], signal.SIGKILL, server_lock).wait() == 0
            except PermissionError:
                return False

        if self._user is None:
            return wheel.home / wheel.program
        return reachable_program(wheel, self.base, runs)

    def _own(self, folder: Path) -> None:
        """Makes a folder that only the server's OS user may enter."""
        folder.mkdir(exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        if self._user:
            os.chown(folder, self._user.uid, self._user.gid)

    def _spawn(
        self,
        arguments: Sequence[str | Path],
        death_signal: int,
        server_lock: int,
        output: IO[bytes] | int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        parent = os.getpid()

        def in_child() -> None:
            # After setuid, which would clear it; and our own death may have come before it was set.
            if _libc is not None and (_libc.prctl(PR_SET_PDEATHSIG, int(death_signal)) or os.getppid() != parent):
                os._exit(1)

        return subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},  # no PG*, LD_* or TZ of the caller's
            umask=0o077,
            start_new_session=True,  # Ctrl-C goes to the gateway alone, which drains before it stops us
            pass_fds=(server_lock,),
            preexec_fn=in_child,
            user=self._user.uid if self._user else None,
            group=self._user.gid if self._user else None,
            extra_groups=[] if self._user else None,
        )

    def _claim(self) -> None:
        """Makes the folder ours: takes the gateway's lock and sees that the server's OS user can enter."""
        self.base.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = locks.take(self.base / "gateway.lock")
        if lock is None:
            pids = ", ".join(map(str, locks.holders(self.base / "gateway.lock"))) or "unknown"
            raise EmbeddedServerError(f"{self.base} is in use by another gateway (pid {pids})")
        try:
            self._user = _user_for(self.data) if os.geteuid() == 0 else None
            self.base.chmod(0o711 if self._user else 0o700)
            self._make_run()
            if self._user and self._spawn(["/bin/sh", "-c", 'cd -- "$1"', "sh", self.run], signal.SIGKILL, lock).wait():
                raise EmbeddedServerError(
                    f"{self._closed_folder()} is closed to the OS user {self._user.name}, as whom {self.title} must run"
                    " (it refuses to be root): choose another data directory, or let others enter this one (chmod o+x)"
                )
        except BaseException:
            os.close(lock)
            raise
        self._gateway_lock = lock

    def _make_run(self) -> None:
        """The sockets' folder: where its path cannot serve as an address, a link to a temporary one."""
        if self.run.is_symlink():  # of a gateway that was killed
            shutil.rmtree(self.run.resolve(), ignore_errors=True)
            self.run.unlink()
        if PLAIN_PATH.fullmatch(os.fsencode(self.run)):
            self._own(self.run)
            return
        elsewhere = Path(tempfile.mkdtemp(prefix="mitmgate-", dir="/tmp"))
        self._own(elsewhere)
        if self.run.exists():
            shutil.rmtree(self.run)
        self.run.symlink_to(elsewhere)

    @property
    def _socket_folder(self) -> Path:
        return Path(os.readlink(self.run)) if self.run.is_symlink() else self.run

    def _closed_folder(self) -> Path:
        closed = (folder for folder in reversed(self.run.parents) if not folder.stat().st_mode & 0o001)
        return next(closed, self.base)

    def _end(self, how: signal.Signals) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
        if self._process is None:
            return
        for each, patience_s in ((how, self.stop_s), (self.last_resort, 5.0), (signal.SIGKILL, None)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.send_signal(each)
                self._process.wait(patience_s)
                break
        self._process = None

    def _log_tail(self) -> str:
        with open(self.log, "rb") as log:
            log.seek(max(self._log_from, os.fstat(log.fileno()).st_size - 2000))
            return log.read().decode(errors="replace").strip() or "(nothing was written)"


def _user_for(data: Path) -> OsUser:
    """Whoever owns the data already, unless that is root."""
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return OsUser(f"with id {owner.st_uid}", owner.st_uid, owner.st_gid)
    for name in OS_USERS:
        with contextlib.suppress(KeyError):
            known = pwd.getpwnam(name)
            return OsUser(name, known.pw_uid, known.pw_gid)
    raise EmbeddedServerError(
        f"neither of the OS users {' and '.join(OS_USERS)} exists; start as a normal user instead"
    )
