"""Finds the gateways that run on this machine: on a data directory, or at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_SETTINGS: Final = "/run/settings.json"  # of a data directory; an argument of each process of a gateway


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway: where a client of this machine reaches it, and its listener's certificate, if it speaks TLS."""

    data_dir: Path
    url: str
    port: int
    certificate: Path | None


def running_on(data_dir: Path) -> Running | None:
    """The gateway of that data directory, as far as this user may know; None when none runs there."""
    lock = data_dir / "gateway.lock"
    try:
        if not lock.exists():
            return None
        from mitmgate.services.embedded import locks  # 30 ms, for whoever has a gateway here only

        if not locks.is_held(lock):
            return None
        document = json.loads((data_dir / "run" / "settings.json").read_bytes())
        host, port = document["runtime"]["listen_host"], document["runtime"]["listen_port"]
        certificate = document["settings"]["server"]["tls_cert"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    host = _ANY.get(host, host)
    address = f"[{host}]" if ":" in host else host
    scheme = "https" if certificate else "http"
    return Running(data_dir, f"{scheme}://{address}:{port}", port, Path(certificate) if certificate else None)


def elsewhere(data_dir: Path, port: int | None) -> str:
    """Which gateway runs on another data directory of this machine, and how to name it; nothing where there is none.

    port: only one that listens there, or of which that cannot be seen.
    """
    found = []
    for folder in sorted(set(_data_directories())):
        if folder == data_dir or _same(folder, data_dir):
            continue
        running = running_on(folder)
        if running is not None and port is not None and running.port != port:
            continue
        where = f" at {running.url}" if running is not None else ""
        found.append(f"a gateway runs on {folder}{where} (--data-dir {folder})")
    return "; ".join(found[:3])


def running_at(port: int) -> Running | None:
    """The gateway that listens there, by data directories of this user's and root's alone: others could make one up."""
    for folder in set(_data_directories()):
        with suppress(OSError):
            if folder.stat().st_uid in (0, os.geteuid()):
                running = running_on(folder)
                if running is not None and running.port == port:
                    return running
    return None


def data_dir_of(pid: int) -> Path | None:
    """The data directory of a gateway's process, by the locks that it holds; None where that cannot be seen."""
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            held = link.readlink()
            if held.name in ("gateway.lock", "children.lock"):
                return held.parent
    return None


def _data_directories() -> Iterator[Path]:
    """Of every gateway whose processes' command lines can be read, other users' too."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = os.fsdecode(file.read_bytes()).split("\0")
            if any(word in ("mitmgate.control", "mitmgate.matcher", "addons") for word in words):
                yield from (Path(word.removesuffix(_SETTINGS)) for word in words if word.endswith(_SETTINGS))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
