"""Finds the gateway that runs on a data directory."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Final

_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def running_url(data_dir: Path) -> str | None:
    """Where it listens, as far as this user may know; None when none runs there."""
    try:
        if not _is_locked(data_dir / "gateway.lock"):
            return None
        document = json.loads((data_dir / "run" / "settings.json").read_bytes())
        host, port = document["runtime"]["listen_host"], document["runtime"]["listen_port"]
        scheme = "https" if document["settings"]["server"]["tls_cert"] else "http"
    except (OSError, ValueError, KeyError, TypeError):
        return None
    host = _ANY.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _is_locked(lock: Path) -> bool:
    """A gateway holds its lock for as long as it lives. Only a share of it is asked for, and given back at once."""
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
