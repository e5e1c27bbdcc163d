"""What the supervisor tells a worker."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from addons import __main__ as process
from addons.cache import CacheStage
from mitmgate.core.settings import Cache


class Line:
    def __init__(self) -> None:
        self.callbacks: dict[str, Any] = {}
        self.sent: list[Any] = []

    def on(self, op: str, callback: Any) -> None:
        self.callbacks[op] = callback

    def send_nowait(self, message: Any) -> None:
        self.sent.append(message)


def cache_stage(forgotten: list[str], name: str) -> CacheStage:
    stage = CacheStage(Cache(), None, None)  # type: ignore[arg-type]
    stage.forget = lambda tenant_id: forgotten.append(name)  # type: ignore[method-assign]
    return stage


@pytest.mark.parametrize(("fails", "serves"), [(False, "new"), (True, "old")])
def test_the_chain_that_serves_forgets(monkeypatch: pytest.MonkeyPatch, fails: bool, serves: str) -> None:
    """Also after a reload that could not be applied."""
    forgotten: list[str] = []

    def apply(gateway: Any, settings: Any) -> None:
        if fails:
            raise OSError

    monkeypatch.setattr(process, "load_runtime", lambda file: (None, None))
    monkeypatch.setattr(process, "make_chain", lambda services, audits: [cache_stage(forgotten, "new")])
    monkeypatch.setattr(process, "apply_settings", apply)
    line: Any = Line()
    compared: list[int] = []
    services: Any = SimpleNamespace(
        status=SimpleNamespace(tell=None),
        feed=None,
        with_settings=lambda settings: None,
        comparisons=SimpleNamespace(forget=compared.append),
    )
    worker: Any = SimpleNamespace(gateway=SimpleNamespace(audits=None), use_chain=lambda chain: None)
    process.attach(line, services, worker, [cache_stage(forgotten, "old")], Path("settings.json"))
    try:
        line.callbacks["reload"]({})
    except OSError:
        assert fails
    line.callbacks["forget"]({"id": 1, "tenant_id": 7})
    assert compared == [7]
    assert forgotten == [serves] and line.sent == [{"op": "applied", "id": 1}]
