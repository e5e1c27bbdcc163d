"""The data directory: made, locked against a second gateway, and cleared of what a killed one left running."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Final

from mitmgate.services.embedded import EmbeddedServerError, locks
from mitmgate.supervisor.errors import CannotStart

_ELSEWHERE: Final = "matcher"
_PRIVATE: Final = ("run", "journal", "dead-letter")
_LEFTOVERS_END_S: Final = 5.0
_LONGEST_ADDRESS: Final = 100  # bytes; a Unix socket's path has 104 or 108


class DataDirectory:
    """Claimed by the constructor for as long as this process lives.

    `children_lock` is a descriptor to hand to every child: while one of them lives the lock is held, so that holding it
    proves that no child of an earlier gateway is left, on the port or in the journals.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            _make(path)
            lock = locks.take(path / "gateway.lock")
            if lock is None:
                pids = ", ".join(map(str, locks.holders(path / "gateway.lock"))) or "unknown"
                raise CannotStart(f"the data directory {path} is in use by another gateway (pid {pids})")
            self._lock = lock
            self.children_lock = locks.take_from_leftovers(path / "children.lock", _LEFTOVERS_END_S)
            self.matcher_socket = _socket_folder(path / "run") / "matcher.sock"
        except EmbeddedServerError as error:
            raise CannotStart(str(error)) from None
        except OSError as error:
            raise CannotStart(f"the data directory {path} cannot be used: {error.strerror}: {error.filename}") from None

    @property
    def settings_file(self) -> Path:
        return self.path / "run" / "settings.json"

    def write_settings(self, document: bytes) -> None:
        """Replaces the effective settings, whole or not at all. They name hosts and users: 0600."""
        half = self.settings_file.with_name(f".settings.json.{secrets.token_hex(4)}")
        try:
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(document)
            half.rename(self.settings_file)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise CannotStart(f"{self.settings_file} cannot be written: {error.strerror}") from None

    def release(self) -> None:
        """Gives it back; the embedded servers must have ended."""
        _remove_elsewhere(self.path / "run" / _ELSEWHERE)
        os.close(self.children_lock)
        os.close(self._lock)


def _socket_folder(run: Path) -> Path:
    """That folder or, where its path is too long for a socket's, a temporary one that a link in it remembers."""
    _remove_elsewhere(run / _ELSEWHERE)  # of a gateway that was killed
    if len(os.fsencode(run / "matcher.sock")) <= _LONGEST_ADDRESS:
        return run
    elsewhere = Path(tempfile.mkdtemp(prefix="mitmgate-", dir="/tmp"))
    (run / _ELSEWHERE).symlink_to(elsewhere)
    return elsewhere


def _remove_elsewhere(link: Path) -> None:
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()


def _make(path: Path) -> None:
    root = os.geteuid() == 0
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777
    if root and mode & 0o011 != 0o011:
        path.chmod(mode | 0o011)  # PostgreSQL refuses to be root, and its user must get through to its own folder
    for name in _PRIVATE:
        (path / name).mkdir(mode=0o700, exist_ok=True)
        (path / name).chmod(0o700)
    for half in (path / "run").glob(".settings.json.*"):
        half.unlink()
