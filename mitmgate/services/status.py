"""How the gateway is: what the supervisor tells every worker, for `/health`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mitmgate import __version__


class Status:
    """The supervisor's last word, and what this worker itself knows of the stores it uses."""

    def __init__(self, database_ok: Callable[[], bool], redis_ok: Callable[[], bool]) -> None:
        self._database_ok = database_ok
        self._redis_ok = redis_ok
        self._told: dict[str, Any] = {}
        self._was_ready = False
        self.draining = False

    def tell(self, message: dict[str, Any]) -> None:
        """Takes a status message of the supervisor."""
        self._told = message["status"]
        self._was_ready = self._was_ready or message.get("whole_once") is True

    def ready(self) -> bool:
        """True from when workers, control and matcher all serve; losing one later degrades, only draining ends it."""
        return self._was_ready and not self.draining

    def health(self) -> dict[str, object]:
        """The body of `GET /health`."""
        told = self._told
        workers = told.get("workers", {})
        checks: dict[str, object] = {
            "database": "ok" if self._database_ok() and told.get("database", "ok") == "ok" else "down",
            "redis": "ok" if self._redis_ok() and told.get("redis", "ok") == "ok" else "down",
            "journal": told.get("journal", "ok"),
            "control": told.get("control", "down"),
            "matcher": told.get("matcher", "down"),
            "verifier": told.get("verifier", "ok"),
            "classifier": told.get("classifier", "ok"),
            "cache": told.get("cache", "ok"),
            "workers": workers,
        }
        whole = (
            all(state == "ok" for state in checks.values() if state is not workers)
            and workers.get("ready") == workers.get("wanted")
            and not self.draining
        )
        return {"status": "ok" if whole else "degraded", "version": __version__, "checks": checks}
