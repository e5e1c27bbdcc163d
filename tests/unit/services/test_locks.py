"""Who looks whether a gateway runs neither counts as one nor keeps one from starting."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from mitmgate.services.embedded import locks


def test_held_is_what_somebody_has_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not locks.is_held(path) and not path.exists()
    taken = locks.take(path)
    assert taken is not None
    assert locks.is_held(path) and locks.take(path) is None
    os.close(taken)
    assert not locks.is_held(path)


def test_who_looks_is_not_taken_for_a_holder(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    path.touch()
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert not locks.is_held(path)


def test_a_start_waits_until_a_look_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.lock"
    path.touch()
    other = path.open("rb")
    fcntl.flock(other, fcntl.LOCK_SH)
    monkeypatch.setattr("mitmgate.services.embedded.locks.time.sleep", lambda _: other.close())
    taken = locks.take(path)
    assert taken is not None
    os.close(taken)
