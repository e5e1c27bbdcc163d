"""Gateways of other data directories are found by their processes, and named in errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewayctl.running import data_dir_of, elsewhere, running_at
from mitmgate.services.embedded import locks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@contextmanager
def gateway_on(folder: Path, port: int, module: str = "mitmgate.control") -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a gateway's, the lock it inherits included."""
    (folder / "run").mkdir(parents=True)
    runtime = {"listen_host": "127.0.0.1", "listen_port": port}
    document = {"settings": {"server": {"tls_cert": None}}, "runtime": runtime}
    (folder / "run" / "settings.json").write_text(json.dumps(document))
    lock = locks.take(folder / "gateway.lock")
    assert lock is not None
    program = "print(flush=True); import time; time.sleep(600)"
    command = [sys.executable, "-c", program, module, str(folder / "run" / "settings.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=(lock,)) as process:
        try:
            assert process.stdout is not None and process.stdout.readline()
            os.close(lock)
            yield process
        finally:
            process.kill()


def test_a_gateway_on_another_directory_is_found(tmp_path: Path, free_port: int) -> None:
    state = tmp_path / "state"
    with gateway_on(state, free_port) as process:
        said = elsewhere(tmp_path / "default", free_port)
        assert said == f"a gateway runs on {state} at http://127.0.0.1:{free_port} (--data-dir {state})"
        assert str(state) in elsewhere(tmp_path / "default", None)
        assert str(state) not in elsewhere(tmp_path / "default", free_port + 1)
        assert str(state) not in elsewhere(state, None)
        (tmp_path / "link").symlink_to(state)
        assert str(state) not in elsewhere(tmp_path / "link", None)
        assert data_dir_of(process.pid) == state
        found = running_at(free_port)
        assert found is not None and found.data_dir == state
    assert running_at(free_port) is None and data_dir_of(process.pid) is None


def test_other_processes_with_such_an_argument_are_none(tmp_path: Path, free_port: int) -> None:
    with gateway_on(tmp_path / "state", free_port, module="vi"):
        assert str(tmp_path) not in elsewhere(tmp_path / "default", None)


def test_errors_name_it(run: Any, tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state"
    monkeypatch.delenv("MITMGATE_URL")
    monkeypatch.setattr("gatewayctl.session.DEFAULT_URL", f"http://127.0.0.1:{free_port}")
    with gateway_on(state, free_port):
        away = run("--data-dir", str(tmp_path / "other"), "tenants", "list")
        assert away.exit_code == 4 and f"--data-dir {state}" in away.stderr
        assert len(away.stderr.splitlines()) == 1


@pytest.mark.parametrize("token", [None, "mga_of_another_gateway"])
def test_a_missing_or_wrong_token_names_it(
    run: Any, admin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    state = tmp_path / "state"
    monkeypatch.delenv("MITMGATE_ADMIN_TOKEN")
    (tmp_path / "default").mkdir()
    if token:
        (tmp_path / "default" / "admin-token").write_text(token)
    with gateway_on(state, int(admin.url.rpartition(":")[2])):
        refused = run("--data-dir", str(tmp_path / "default"), "tenants", "list")
    assert refused.exit_code == 1 and f"--data-dir {state}" in refused.stderr and "mga_" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [("tenants", "list"), ("config", "show"), ("doctor",), ("backup", "x.zip")])
def test_the_directory_may_be_named_before_the_command(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MITMGATE_ADMIN_TOKEN")
    (tmp_path / "named").mkdir(mode=0o700)
    (tmp_path / "named" / "admin-token").write_text("mga_test_token\n")
    before = run("--data-dir", str(tmp_path / "named"), *words)
    after = run(*words, "--data-dir", str(tmp_path / "named"))
    assert (before.exit_code, before.stderr) == (after.exit_code, after.stderr)
    assert str(tmp_path / "named") in before.output or words[0] == "tenants"
    assert words[0] != "tenants" or before.exit_code == 0
