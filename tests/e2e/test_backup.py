"""Backup and restore as an operator does them: beside a gateway under load, and to a machine that has nothing yet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, wait_until
from tests.e2e.served import ROOT
from tests.e2e.upstream import Upstream


def gatewayctl(*words: str, env: dict[str, str] | None = None, cwd: Path) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MITMGATE_")}
    return subprocess.run(
        [sys.executable, "-m", "gatewayctl", *words],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def as_operator(gateway: Gateway) -> dict[str, str]:
    """The environment for a command of its own admin token: the one the tests give a gateway cannot be typed."""
    made = gateway.admin("POST", "/admin/tokens", {"name": "operator", "role": "admin"})
    return {"MITMGATE_ADMIN_TOKEN": made.json()["token"], "MITMGATE_URL": gateway.url}


def folder_in(parent: Path, name: str) -> Path:
    path = parent / name
    path.mkdir(mode=0o711)
    return path


def totals(tenant: Tenant) -> dict[str, Any]:
    return {name: value for name, value in tenant.analytics().items() if name != "by_hour"}


def test_a_backup_under_load_is_restored_on_another_machine(folder: Path, upstream: Upstream) -> None:
    data_dir, file = folder_in(folder, "backed-up"), folder / "taken.zip"
    with Gateway(data_dir, "--no-demo", workers=2, env={}) as gateway:
        gateway.wait_ready()
        tenant = gateway.tenant(upstream.url, upstream_auth={"header": "Authorization", "value": "Bearer of-acme"})
        deleted = gateway.tenant(upstream.url)
        assert deleted.chat("before").status_code == 200
        deleted.admin("DELETE", "")
        for number in range(20):
            assert tenant.chat(f"How many rooms has house number {number}?").status_code == 200
        enough = threading.Event()
        statuses: list[int] = []

        def keep_asking() -> None:
            number = 0
            while not enough.is_set():
                statuses.append(tenant.chat(f"under load {number}").status_code)
                number += 1

        asking = threading.Thread(target=keep_asking)
        asking.start()
        try:
            wait_until(lambda: len(tenant.rows()) > 30)
            taken = gatewayctl("backup", str(file), "--json", "--with-secrets", "--data-dir", str(data_dir), cwd=folder)
            assert taken.returncode == 0, taken.stderr
            more = len(statuses) + 5
            wait_until(lambda: len(statuses) > more)
        finally:
            enough.set()
            asking.join()
        assert set(statuses) == {200}
        tenant.wait_rows(20 + len(statuses))
        refused = gatewayctl("restore", str(file), "--data-dir", str(data_dir), cwd=folder)
        assert refused.returncode == 3 and "in use by another gateway" in refused.stderr
    told = json.loads(taken.stdout)
    in_backup = told["rows"]["usage"]
    assert 31 <= in_backup < 21 + len(statuses)

    # The stopped gateway's backup has everything.
    later = gatewayctl("backup", str(folder / "later.zip"), "--data-dir", str(data_dir), "--json", cwd=folder)
    assert json.loads(later.stdout)["rows"]["usage"] == 21 + len(statuses)
    again = gatewayctl("backup", str(file), "--data-dir", str(data_dir), cwd=folder)
    assert again.returncode == 1 and "there already" in again.stderr

    fresh = folder_in(folder, "restored")
    restored = gatewayctl("restore", str(file), "--data-dir", str(fresh), cwd=folder)
    assert restored.returncode == 0, restored.stderr
    assert "Before its first start" not in restored.stderr
    upstream.reset()
    with Gateway(fresh, "--no-demo", workers=1, env={}) as gateway:
        gateway.wait_ready()
        same = Tenant(gateway, tenant.id, tenant.key)
        assert len(same.rows()) == in_backup - 1
        assert totals(same)["total_requests"] == in_backup - 1
        again = same.chat("How many rooms has house number 1?")
        assert again.headers["x-cache-status"] == "MISS"  # answers are not in a backup
        assert upstream.asked[-1].values("authorization") == ["Bearer of-acme"]
        gone = gateway.client.get("/v1/models", headers=bearer(deleted.key))
        assert gone.status_code == 401
        new = gateway.tenant(upstream.url, name="another")
        assert new.id > deleted.id
        in_use = gatewayctl("restore", str(file), "--data-dir", str(fresh), "--force", "--yes", cwd=folder)
        assert in_use.returncode == 3
    full = gatewayctl("restore", str(file), "--data-dir", str(fresh), cwd=folder)
    assert full.returncode == 1 and "--force" in full.stderr
    nobody = gatewayctl("restore", str(file), "--data-dir", str(fresh), "--force", cwd=folder)
    assert nobody.returncode == 2 and "--yes" in nobody.stderr
    forced = gatewayctl("restore", str(folder / "later.zip"), "--data-dir", str(fresh), "--force", "--yes", cwd=folder)
    assert forced.returncode == 0, forced.stderr
    with Gateway(fresh, "--no-demo", workers=1, env={}) as gateway:
        gateway.wait_ready()
        assert len(Tenant(gateway, tenant.id, tenant.key).rows()) == 20 + len(statuses)


def test_a_backup_without_secrets_says_what_else_is_needed(folder: Path, upstream: Upstream) -> None:
    data_dir, file = folder_in(folder, "other"), folder / "bare.zip"
    with Gateway(data_dir, "--no-demo", workers=1, env={}) as gateway:
        gateway.wait_ready()
        tenant = gateway.tenant(upstream.url)
        taken = gatewayctl("backup", str(file), "--data-dir", str(data_dir), cwd=folder)
    assert taken.returncode == 0, taken.stderr
    assert "pepper and master key are not" in taken.stdout
    pepper = (data_dir / "secrets" / "pepper").read_text().strip()
    for kept in (pepper, tenant.key, (data_dir / "secrets" / "master-key").read_text().strip()):
        assert kept.encode() not in file.read_bytes()

    fresh = folder_in(folder, "without")
    restored = gatewayctl("restore", str(file), "--data-dir", str(fresh), cwd=folder)
    assert restored.returncode == 0 and "pepper and the master key" in restored.stderr
    with Gateway(fresh, "--no-demo", workers=1, env={}) as gateway:
        assert gateway.process.wait(60) == 3
        assert "another pepper" in gateway.output()
    for name in ("pepper", "master-key"):
        (fresh / "secrets" / name).write_text((data_dir / "secrets" / name).read_text())
    with Gateway(fresh, "--no-demo", workers=1, env={}) as gateway:
        gateway.wait_ready()
        assert Tenant(gateway, tenant.id, tenant.key).chat("hello").status_code == 200


@pytest.mark.parametrize("words", [("backup", "x.zip"), ("restore", "nowhere.zip")])
def test_what_is_not_there_is_said(folder: Path, words: tuple[str, ...], tmp_path: Path) -> None:
    ran = gatewayctl(*words, "--data-dir", str(tmp_path / "nothing"), cwd=tmp_path)
    assert ran.returncode == (3 if words[0] == "backup" else 1)
    assert len(ran.stderr.splitlines()) == 1 and ran.stderr.startswith("Error: ")
    assert not (tmp_path / "nothing").exists()
