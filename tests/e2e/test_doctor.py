"""The doctor beside a gateway that runs: what it finds is made to happen to real processes."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import open_folder
from tests.e2e.served import ROOT, Served, children, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

TOKEN = "mga_of-these-tests"


@pytest.fixture(scope="module")
def shared_gateway() -> Iterator[Served]:
    with open_folder() as folder, Served(folder, "--demo", env={"MITMGATE_ADMIN_TOKEN": TOKEN}) as served:
        yield served.wait_ready()


@pytest.fixture
def gateway(shared_gateway: Served) -> Served:
    """Whole again after the test before."""
    wait_until(shared_gateway.healthy, shared_gateway.output)
    return shared_gateway


def findings(gateway: Served) -> dict[str, Any]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MITMGATE_")}
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "gatewayctl", "doctor", "--json", "--data-dir", str(gateway.data_dir)],
        cwd=gateway.data_dir,
        env={**inherited, "PYTHONPATH": str(ROOT), "MITMGATE_ADMIN_TOKEN": TOKEN, "MITMGATE_URL": gateway.url},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert ended.returncode in (0, 1) and not ended.stderr, ended.stderr
    return {finding["check"]: finding for finding in json.loads(ended.stdout)["findings"]}


def test_what_it_finds_of_a_running_gateway(gateway: Served) -> None:
    found = findings(gateway)
    assert {"PostgreSQL server", "secrets", "Valkey memory", "open files", "database files"} <= set(found)
    assert {"gateway's clock", "accounting"} <= set(found)
    wrong = [each for each in found.values() if each["state"] == "wrong"]
    assert not wrong, wrong

    worker = gateway.child("--worker 0")
    before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    few = len(os.listdir(f"/proc/{worker}/fd")) + 1
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (few, before[1]))
    full = findings(gateway)["open files"]
    resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
    assert full["state"] == "wrong" and f"process {worker} has" in full["seen"]
    assert "LimitNOFILE" in full["remedy"]

    pepper = gateway.data_dir / "secrets" / "pepper"
    ours = pepper.read_bytes()
    pepper.write_text("another pepper than the database's\n")
    try:
        assert "another pepper" in findings(gateway)["secrets"]["seen"]
    finally:
        pepper.write_bytes(ours)


def test_rows_that_wait_while_postgresql_hangs(gateway: Served) -> None:
    wanted = {
        "name": "busy",
        "backend_url": "http://127.0.0.1:1",
        "allow_private_upstream": True,
        "rate_limit_per_hour": 1_000_000,
        "upstream_retries": 0,
    }
    made = httpx.post(
        f"{gateway.url}/admin/tenants", json=wanted, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
    )
    key = made.json()["api_key"]
    postgres = gateway.child("postgres/data")
    every = [postgres, *children(postgres)]
    for pid in every:
        os.kill(pid, signal.SIGSTOP)
    try:
        with httpx.Client(base_url=gateway.url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
            for _ in range(1100):
                failed = client.post("/v1/chat/completions", json={"model": "m", "messages": []})
                assert failed.status_code == 502  # refused requests would share rows
        found: dict[str, Any] = {}

        def warned() -> bool:
            found.clear()
            found.update(findings(gateway))
            return bool(found.get("accounting", {}).get("state") == "warning")

        wait_until(warned, gateway.output)
        assert "rows wait for PostgreSQL" in found["accounting"]["seen"]
        assert found["database"]["state"] == "wrong"
    finally:
        for pid in every:
            os.kill(pid, signal.SIGCONT)
    wait_until(lambda: findings(gateway).get("accounting", {}).get("state") == "ok", gateway.output)
