from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from gatewayctl.doctor import gateway, machine, storage
from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding


@pytest.fixture
def look(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `doctor --json` on a sound data directory. -> exit code, findings by check"""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir(mode=0o700)

    def looking(*options: str) -> tuple[int, dict[str, dict[str, str]]]:
        ended = run("doctor", "--json", "--data-dir", str(tmp_path / "data"), *options)
        told = json.loads(ended.stdout)
        assert told["ok"] == (ended.exit_code == 0)
        return ended.exit_code, {finding["check"]: finding for finding in told["findings"]}

    return looking


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.state for finding in findings}


def test_a_sound_set_up_has_nothing_wrong(look: Any) -> None:
    code, found = look()
    assert code == 0, found
    assert {"python", "platform", "packages", "PostgreSQL", "Valkey", "data directory", "gateway"} <= set(found)
    assert found["admin token"]["state"] == found["workers"]["state"] == OK
    assert "PostgreSQL" in found["PostgreSQL"]["seen"]


def test_for_people_each_finding_is_a_line_with_what_to_do(run: Any, admin: Any, tmp_path: Path) -> None:
    admin.status, admin.checks = "degraded", {"database": "down", "redis": "ok", "workers": {"wanted": 2, "ready": 1}}
    ended = run("doctor", "--data-dir", str(tmp_path / "none"))
    assert ended.exit_code == 1
    assert "known tenants go on" in ended.stdout and "-> Look into" in ended.stdout and "1 of 2 ready" in ended.stdout
    assert "2 thing(s) wrong" in ended.stdout and "\x1b" not in ended.stdout


@pytest.mark.parametrize("check", ["database", "redis", "control", "matcher"])
def test_each_part_that_is_away_is_explained(look: Any, admin: Any, check: str) -> None:
    admin.checks[check] = "down"
    code, found = look()
    assert code == 1 and found[check]["state"] == WRONG and found[check]["remedy"]


def test_a_named_gateway_that_is_away_is_wrong(look: Any, free_port: int) -> None:
    code, found = look("--url", f"http://127.0.0.1:{free_port}")
    assert code == 1 and found["gateway"]["state"] == WRONG and found[f"port {free_port}"]["state"] == OK


def test_a_gateway_that_nobody_named_may_be_off(run: Any, free_port: int) -> None:
    from gatewayctl.client import AdminClient

    found = states(gateway.gateway(AdminClient(f"http://127.0.0.1:{free_port}", None), url_was_named=False))
    assert found["gateway"] == WARNING and WRONG not in found.values()


def test_a_port_that_another_server_holds_is_named() -> None:
    from gatewayctl.client import AdminClient

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        taken.close()
        with socket.socket() as bound:  # bound, but nobody listens: the gateway is away and the port is not free
            bound.bind(("127.0.0.1", port))
            found = states(gateway.gateway(AdminClient(f"http://127.0.0.1:{port}", None), url_was_named=False))
    assert found[f"port {port}"] == WRONG


def test_a_server_that_is_no_gateway(look: Any, admin: Any) -> None:
    admin.refuses_with = (200, {"hello": "world"})
    code, found = look()
    assert code == 1 and "not as mitmgate" in found["gateway"]["seen"]


def test_a_wrong_token_is_found(look: Any) -> None:
    code, found = look("--token", "mga_other")
    assert (
        code == 1
        and found["admin token"]["state"] == WRONG
        and "MITMGATE_ADMIN_TOKEN" in found["admin token"]["remedy"]
    )


def test_settings_that_would_not_start_are_found(look: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("server:\n  listn: 127.0.0.1:1\n")
    code, found = look()
    assert code == 1 and "listn" in found["settings"]["seen"]


def test_stores_of_ones_own_need_no_programs(look: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("redis:\n  url: redis://127.0.0.1:6379\n")
    _, found = look()
    assert "Valkey" not in found and "PostgreSQL" in found


def test_an_old_python_and_a_strange_platform() -> None:
    assert machine.python((3, 11, 9)).state == WRONG
    assert machine.python((3, 12, 0)).state == OK
    assert machine.system("freebsd14", "amd64").state == WARNING
    assert machine.system("linux", "aarch64").state == OK


def test_packages_are_compared_with_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "click==0.1 \\\n    --hash=sha256:00\nno-such-package==1\nonly-elsewhere==2 ; sys_platform == 'x' \\\n"
    )
    finding = machine.packages(lock)
    assert finding.state == WRONG
    assert "click is" in finding.seen and "no-such-package is missing" in finding.seen
    assert "only-elsewhere" not in finding.seen
    assert machine.packages(tmp_path / "none").state == WARNING


def test_a_server_program_that_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_SERVERS", (("PostgreSQL", "database.url", ("no_such", "no-such", "bin/x")),))
    (finding,) = machine.server_programs({"database.url": "embedded"})
    assert finding.state == WRONG and finding.remedy


def test_a_data_directory_that_others_can_reach(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.mkdir()
    path.chmod(0o777)
    (path / "admin-token").touch()
    (path / "admin-token").chmod(0o644)
    (path / "dead-letter").mkdir(mode=0o700)
    (path / "dead-letter" / "refused.jsonl").write_text("{}\n")
    found = states(storage.data_directory(path))
    assert found["its mode"] == found["admin-token"] == WRONG and found["refused rows"] == WARNING
    path.chmod(0o711)  # as root makes it, for PostgreSQL's own user
    (path / "admin-token").chmod(0o600)
    assert WRONG not in states(storage.data_directory(path)).values()


def test_a_data_directory_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert states(storage.data_directory(tmp_path / "file"))["data directory"] == WRONG
    assert states(storage.data_directory(tmp_path / "not" / "yet"))["data directory"] == OK


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10})())
    assert states(storage.data_directory(tmp_path))["space"] == WRONG


def test_the_model_is_checked_and_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {finding.check: finding for finding in machine.model()}
    assert found["model"].state == found["embedder"].state == OK, found
    monkeypatch.setitem(sys.modules, "hnswlib", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    found = {finding.check: finding for finding in machine.model(tmp_path)}
    assert found["model"].state == found["embedder"].state == WRONG
    assert found["hnswlib"].state == WARNING and "g++" in found["hnswlib"].remedy
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert "is not the file published" in machine.model(tmp_path)[0].seen
