"""The data directory: whose it is, who may read it, how much room there is, what was left in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding

_ENOUGH_BYTES: Final = 2 * 1024**3
_LITTLE_BYTES: Final = 256 * 1024**2
_PRIVATE: Final = ("admin-token", "secrets", "run", "journal", "dead-letter")


def data_directory(path: Path) -> list[Finding]:
    """All that can be told of a data directory, or of the place where it would be made."""
    if not path.exists():
        parent = next(each for each in path.parents if each.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            return [Finding("data directory", WRONG, f"{path} cannot be made in {parent}", _ANOTHER)]
        return [Finding("data directory", OK, f"{path} will be made at the first start"), _space(parent)]
    if not path.is_dir():
        return [Finding("data directory", WRONG, f"{path} is not a directory", _ANOTHER)]
    return [_owner(path), _mode(path), *_private(path), _space(path), *_dead_letter(path)]


_ANOTHER: Final = "Name another one: --data-dir or MITMGATE_DATA_DIR."


def _owner(path: Path) -> Finding:
    owner = path.stat().st_uid
    if owner != os.geteuid() and os.geteuid() != 0:
        remedy = f"Run as user {owner}, the gateway's, or name another one: --data-dir or MITMGATE_DATA_DIR."
        return Finding("data directory", WRONG, f"{path} belongs to user {owner}, you are user {os.geteuid()}", remedy)
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return Finding("data directory", WRONG, f"{path} cannot be written", f"chmod u+rwx {path}")
    return Finding("data directory", OK, str(path))


def _mode(path: Path) -> Finding:
    mode = path.stat().st_mode & 0o777
    if mode & 0o022:
        return Finding("its mode", WRONG, f"others may write into it ({mode:04o})", f"chmod go-w {path}")
    return Finding("its mode", OK, f"{mode:04o}")


def _private(path: Path) -> list[Finding]:
    """A finding for each secret that others could read."""
    found = []
    for name in _PRIVATE:
        place = path / name
        try:
            mode = place.stat().st_mode & 0o777
        except OSError:
            continue
        if mode & 0o077:
            found.append(Finding(name, WRONG, f"others may get at {place} ({mode:04o})", f"chmod go-rwx {place}"))
    return found


def _space(path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    seen = f"{free / 1024**3:.1f} GiB free"
    remedy = "Make room on that file system: a full disk loses usage rows and stops PostgreSQL."
    if free < _LITTLE_BYTES:
        return Finding("space", WRONG, seen, remedy)
    return Finding("space", WARNING, seen, remedy) if free < _ENOUGH_BYTES else Finding("space", OK, seen)


def _dead_letter(path: Path) -> list[Finding]:
    try:
        files = [each for each in (path / "dead-letter").iterdir() if each.is_file() and each.stat().st_size]
    except OSError:
        return []
    if not files:
        return []
    seen = f"PostgreSQL refused usage rows; they are in {len(files)} file(s) of {path / 'dead-letter'}"
    return [Finding("refused rows", WARNING, seen, "Read why in the gateway's log, then move the files away.")]
