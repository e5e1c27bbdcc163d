"""When the gateway says that it is ready, and when that it is degraded."""

from __future__ import annotations

from typing import Any

import pytest

from mitmgate.services.status import Status


def told(**changes: Any) -> dict[str, Any]:
    workers = {"wanted": 2, "ready": 2}
    whole = {"database": "ok", "redis": "ok", "workers": workers, "control": "ok", "matcher": "ok"}
    return {"op": "status", "status": {**whole, **changes}, "whole_once": not changes}


@pytest.mark.parametrize(
    "missing",
    [
        {"control": "down"},
        {"matcher": "down"},
        {"verifier": "down"},
        {"classifier": "down"},
        {"cache": "wrong hits"},
        {"workers": {"wanted": 2, "ready": 1}},
    ],
    ids=str,
)
def test_ready_once_all_are_there_and_only_degraded_when_one_is_lost(missing: dict[str, Any]) -> None:
    status = Status(lambda: True, lambda: True)
    assert not status.ready()
    status.tell(told(**missing))
    assert not status.ready()
    status.tell(told())
    assert status.ready() and status.health()["status"] == "ok"
    status.tell(told(**missing))
    assert status.ready()
    again = Status(lambda: True, lambda: True)  # of a worker started meanwhile
    again.tell({**told(**missing), "whole_once": True})
    assert again.ready()
    health = status.health()
    assert health["status"] == "degraded" and missing.items() <= health["checks"].items()  # type: ignore[attr-defined]
    status.draining = True
    assert not status.ready()
