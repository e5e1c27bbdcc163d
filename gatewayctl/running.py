"""Finds the gateway that runs on a data directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def running_url(data_dir: Path) -> str | None:
    """Where it listens, as far as this user may know; None when none runs there."""
    lock = data_dir / "gateway.lock"
    try:
        if not lock.exists():
            return None
        from mitmgate.services.embedded import locks  # 30 ms, for whoever has a gateway here only

        if not locks.is_held(lock):
            return None
        document = json.loads((data_dir / "run" / "settings.json").read_bytes())
        host, port = document["runtime"]["listen_host"], document["runtime"]["listen_port"]
        scheme = "https" if document["settings"]["server"]["tls_cert"] else "http"
    except (OSError, ValueError, KeyError, TypeError):
        return None
    host = _ANY.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
