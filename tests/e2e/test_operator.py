"""An operator's commands at a gateway that speaks TLS with a certificate of a private authority."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.e2e.certificates import Authority
from tests.e2e.harness import Gateway
from tests.e2e.test_backup import gatewayctl

Ran = CompletedProcess[str]


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder, "operators")


@pytest.fixture(scope="module")
def secure(folder: Path, authority: Authority) -> Iterator[Gateway]:
    (data_dir := folder / "operator").mkdir(mode=0o711)
    certificate, key = authority.issue("gateway.example.internal", "127.0.0.1")
    env = {"MITMGATE_SERVER__TLS_CERT": str(certificate), "MITMGATE_SERVER__TLS_KEY": str(key)}
    with Gateway(data_dir, "--no-demo", workers=1, trust=authority.client_context, env=env) as gateway:
        gateway.wait_said("serves")
        yield gateway


@pytest.fixture(scope="module")
def ask(secure: Gateway, folder: Path) -> Callable[..., Ran]:
    made = secure.admin("POST", "/admin/tokens", {"name": "operator", "role": "admin"})
    token = {"MITMGATE_ADMIN_TOKEN": made.json()["token"]}
    return lambda *words, **env: gatewayctl(*words, env={**token, **env}, cwd=folder)


def test_the_own_listener_is_trusted(secure: Gateway, ask: Callable[..., Ran]) -> None:
    for words in (("--data-dir", str(secure.data_dir)), ("--url", secure.url)):
        ran = ask(*words, "tenants", "list", "--json")
        assert ran.returncode == 0 and json.loads(ran.stdout)["data"] == [], ran.stderr


def test_the_doctor_finds_it_well(secure: Gateway, ask: Callable[..., Ran]) -> None:
    ran = ask("doctor", "--json", "--data-dir", str(secure.data_dir))
    found = {finding["check"]: finding for finding in json.loads(ran.stdout)["findings"]}
    assert found["gateway"]["state"] == found["admin token"]["state"] == "ok", ran.stdout
    assert "kill" not in ran.stdout


def test_the_wrong_directory_names_the_right_one(secure: Gateway, ask: Callable[..., Ran], folder: Path) -> None:
    ran = ask("tenants", "list", "--data-dir", str(folder / "empty"), "--url", secure.url, MITMGATE_ADMIN_TOKEN="")
    assert ran.returncode == 1 and f"--data-dir {secure.data_dir}" in ran.stderr, ran.stderr


def test_keys_are_narrow_after_a_rotation(secure: Gateway, ask: Callable[..., Ran]) -> None:
    def asked(*words: str) -> Ran:
        return ask("--data-dir", str(secure.data_dir), *words)

    assert asked("tenants", "create", "acme", "--backend", "https://api.example.com", "--limit", "100").returncode == 0
    narrow = asked("keys", "create", "acme", "--name", "ci", "--scope", "chat", "--limit", "500", "--expires", "90d")
    assert narrow.returncode == 0 and "above its tenant's" in narrow.stderr
    several = asked("tenants", "rotate-key", "acme", "--yes")
    assert several.returncode == 1 and "--all" in several.stderr
    before = json.loads(asked("keys", "list", "acme", "--json").stdout)["data"]
    assert asked("tenants", "rotate-key", "acme", "--all", "--yes").returncode == 0
    after = json.loads(asked("keys", "list", "acme", "--json").stdout)["data"]
    rights = ("name", "scopes", "limits", "expires_at")
    assert [[key[right] for right in rights] for key in after] == [[key[right] for right in rights] for key in before]
    found = json.loads(asked("keys", "find", before[1]["prefix"], "--json").stdout)["data"]
    assert [(key["tenant_name"], key["status"]) for key in found] == [("acme", "revoked")]
