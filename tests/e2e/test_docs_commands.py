"""Every `gatewayctl` line of docs and deploy is run as it stands there, but for names, ids and the question first."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Gateway
from tests.e2e.served import wait_until
from tests.e2e.test_backup import as_operator, gatewayctl
from tests.unit.gatewayctl.test_docs import commands

ELSEWHERE = {"serve", "mock-llm"}  # run for as long as they are let: test_readme
ASKS_FIRST = ("keys revoke", "tenants purge", "tenants rotate-key", "restore --force")
OFFLINE = ("upstreams test",)  # its upstream is a vendor's, out of reach here: it has to say so
# What needs something of another's goes after it.
ORDER = (
    "tenants create",
    "keys create",
    "keys find",
    "keys rotate",
    "backup",
    "restore mitmgate",
    "restore",
    "secrets",
    "tenants purge",
)


def place(line: str) -> int:
    return next((at for at, start in enumerate(ORDER) if line.startswith(start)), len(ORDER))


@pytest.fixture(scope="module")
def operator(folder: Path) -> Iterator[tuple[Gateway, dict[str, str], dict[str, str]]]:
    """A gateway, the environment of its operator, and what the lines' names and ids are there."""
    (data_dir := folder / "docs").mkdir(mode=0o711)
    (data_dir / "config.yaml").write_text("cache:\n  mode: exact\n")
    (data_dir / "questions.txt").write_text("What makes bread rise?\nWhy does bread rise?\n")
    (data_dir / "pairs.jsonl").write_text('{"a": "What makes bread rise?", "b": "Why does bread rise?", "same": 1}\n')
    with Gateway(data_dir, "--no-demo", env={}) as gateway:
        gateway.wait_ready()
        acme = gateway.admin("POST", "/admin/tenants", {"name": "acme", "backend_url": "https://api.openai.com"}).json()
        gone = gateway.admin("POST", "/admin/tenants", {"name": "gone", "backend_url": "https://api.openai.com"}).json()
        key = gateway.admin("POST", f"/admin/tenants/{acme['id']}/keys", {"name": "old"}).json()
        assert gateway.admin("DELETE", f"/admin/tenants/{gone['id']}").status_code == 204
        names = {"TENANT": "acme", "BACKUP.zip": "mitmgate-monday.zip", "12": str(key["id"]), "7": str(gone["id"])}
        names["mg_AbCdEf"] = key["prefix"]
        names["REQUEST_ID"] = refused_request(gateway, key["api_key"])
        env = {**as_operator(gateway), "MITMGATE_DATA_DIR": str(data_dir), "OPENAI_API_KEY": "sk-of-nobody"}
        yield gateway, env, names


def refused_request(gateway: Gateway, api_key: str) -> str:
    """The id of a request that has its row."""
    with gateway.new_client() as client:
        answer = client.post("/v1/chat/completions", content=b"{", headers={"Authorization": f"Bearer {api_key}"})
    request_id = answer.headers["x-request-id"]
    wait_until(lambda: gateway.admin("GET", f"/admin/usage/{request_id}").status_code == 200)
    return str(request_id)


@pytest.mark.parametrize("line", sorted((each for each in commands() if each not in ELSEWHERE), key=place))
def test_a_line_of_the_docs(operator: tuple[Gateway, dict[str, str], dict[str, str]], line: str) -> None:
    gateway, env, names = operator
    words = [names.get(word, word) for word in shlex.split(line)]
    if line.startswith("restore --force"):  # of a gateway that does not run: the one restored before
        env = {**env, "MITMGATE_DATA_DIR": str(gateway.data_dir / "fresh")}
    if line.startswith(ASKS_FIRST):
        words.append("--yes")
    if line.startswith("restore"):
        (gateway.data_dir / "fresh").mkdir(mode=0o711, exist_ok=True)
    ran = gatewayctl(*words, env=env, cwd=gateway.data_dir)
    said = ran.stdout + ran.stderr
    assert "Traceback" not in said
    assert ran.returncode in ((0, 1) if line.startswith(OFFLINE) else (0,)), said
