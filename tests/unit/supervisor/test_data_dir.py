"""The data directory: ours alone, private, and refused with a line that says why."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mitmgate.supervisor.data_dir import DataDirectory
from mitmgate.supervisor.errors import CannotStart


def test_is_made_with_private_folders(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "a" / "b")
    data.release()
    for name in ("run", "journal", "dead-letter"):
        assert stat.S_IMODE((data.path / name).stat().st_mode) == 0o700


def test_a_second_gateway_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    code = f"""
from pathlib import Path
from mitmgate.supervisor.data_dir import DataDirectory
from mitmgate.supervisor.errors import CannotStart
try:
    DataDirectory(Path({str(tmp_path)!r}))
except CannotStart as error:
    print(error)
"""
    root = str(Path(__file__).parents[3])
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": root})
    assert f"in use by another gateway (pid {os.getpid()})" in said.stdout
    data.release()
    DataDirectory(tmp_path).release()


def test_waits_for_what_a_killed_gateway_left_and_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mitmgate.supervisor.data_dir._LEFTOVERS_END_S", 0.05)
    DataDirectory(tmp_path).release()
    with open(tmp_path / "children.lock", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        orphan = subprocess.Popen(["sleep", "600"], pass_fds=(lock.fileno(),))
    DataDirectory(tmp_path).release()
    assert orphan.wait() == -9


def test_the_settings_are_replaced_whole_and_private(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    data.write_settings(b"first")
    data.write_settings(b"second")
    assert data.settings_file.read_bytes() == b"second"
    assert stat.S_IMODE(data.settings_file.stat().st_mode) == 0o600
    assert [path.name for path in data.settings_file.parent.iterdir()] == ["settings.json"]
    data.release()


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="cannot be used"):
        DataDirectory(tmp_path / "file")


def test_the_matchers_socket_has_a_path_that_serves_as_an_address(tmp_path: Path) -> None:
    near = DataDirectory(tmp_path / "a")
    assert near.matcher_socket == near.path / "run" / "matcher.sock" or len(str(tmp_path)) > 80
    near.release()
    far = DataDirectory(tmp_path / ("b" * 100))
    folder = far.matcher_socket.parent
    assert len(os.fsencode(far.matcher_socket)) <= 100
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "left").touch()
    os.close(far.children_lock)  # as a kill does
    os.close(far._lock)
    again = DataDirectory(far.path)
    assert not folder.exists() and again.matcher_socket.parent.is_dir()
    again.release()
    assert not again.matcher_socket.parent.exists()
