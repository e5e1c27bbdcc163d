"""Secrets changed under a gateway in use: JWT secrets, the master key, the pepper."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from tests.e2e.harness import Gateway, bearer
from tests.e2e.test_backup import as_operator, folder_in, gatewayctl
from tests.e2e.upstream import Upstream

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
OLD_PEPPER, NEW_PEPPER = "the pepper that it was before", "the pepper that it is now"
OLD_JWT, NEW_JWT = "old:" + "o" * 32, "new:" + "n" * 32


def env(**variables: Any) -> dict[str, str]:
    return {
        f"MITMGATE_{name}": value if isinstance(value, str) else json.dumps(value) for name, value in variables.items()
    }


def begun(data_dir: Path, variables: dict[str, str]) -> Gateway:
    return Gateway(data_dir, "--no-demo", workers=1, env=variables)


def rotate_master(gateway: Gateway) -> Any:
    ran = gatewayctl("secrets", "rotate-master", "--json", env=as_operator(gateway), cwd=gateway.data_dir)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def token_of(gateway: Gateway, key: str) -> str:
    with gateway.new_client() as client:
        answer = client.post("/auth/token", json={"api_key": key})
        if answer.status_code != 200:
            answer = client.post("/auth/token", headers=bearer(key))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return str(body.get("access_token") or body["token"])


def test_every_secret_is_changed_and_nobody_notices(folder: Path, upstream: Upstream) -> None:
    data_dir = folder_in(folder, "rotated")
    before = env(MASTER_KEY=OLD, AUTH__PEPPER=OLD_PEPPER, AUTH__SECRETS=[OLD_JWT])
    with begun(data_dir, before) as gateway:
        gateway.wait_ready()
        auth = {"header": "Authorization", "value": "Bearer of-acme"}
        key, id = (tenant := gateway.tenant(upstream.url, upstream_auth=auth)).key, tenant.id
        admin_token = gateway.admin("POST", "/admin/tokens", {"name": "ops", "role": "viewer"}).json()["token"]
        old_token = token_of(gateway, key)
        assert tenant.chat("one").status_code == 200

    # Without the old ones beside them, new secrets are refused in words.
    for alone, said in (
        (env(MASTER_KEY=NEW, AUTH__PEPPER=OLD_PEPPER), "another master key"),
        (env(MASTER_KEY=OLD, AUTH__PEPPER=NEW_PEPPER), "another pepper"),
    ):
        with begun(data_dir, alone) as gateway:
            assert gateway.process.wait(60) == 3
            assert said in gateway.output()

    both = env(
        MASTER_KEY=f"{NEW} {OLD}",
        AUTH__PEPPER=NEW_PEPPER,
        AUTH__OLD_PEPPERS=[OLD_PEPPER],
        AUTH__SECRETS=[NEW_JWT, OLD_JWT],
    )
    with begun(data_dir, both) as gateway:
        gateway.wait_ready()
        for credential in (key, old_token):
            answer = gateway.client.post(
                "/v1/chat/completions",
                json={"model": "m", "messages": [{"role": "user", "content": os.urandom(8).hex()}]},
                headers=bearer(credential),
            )
            assert answer.status_code == 200, answer.text
            assert upstream.asked[-1].values("authorization") == ["Bearer of-acme"]
        new_key = gateway.admin("POST", f"/admin/tenants/{id}/keys", {"name": "under the new pepper"}).json()["api_key"]
        new_token = token_of(gateway, key)
        with gateway.new_client() as client:
            assert client.get("/admin/tenants", headers=bearer(admin_token)).status_code == 200
            assert client.get("/v1/models", headers=bearer("mg_" + "0" * 36)).status_code == 401
        assert [(done["sealed"], done["total"]) for done in (rotate_master(gateway), rotate_master(gateway))] == [
            (1, 1),
            (0, 1),
        ]

    after = env(MASTER_KEY=NEW, AUTH__PEPPER=NEW_PEPPER, AUTH__SECRETS=[NEW_JWT])
    with begun(data_dir, after) as gateway:
        gateway.wait_ready()

        def status(credential: str) -> int:
            with gateway.new_client() as client:
                return client.get("/v1/models", headers=bearer(credential)).status_code

        assert status(new_key) == status(new_token) == 200
        assert status(key) == status(old_token) == 401  # their pepper and their secret are gone
        asked = gateway.client.post(
            "/v1/chat/completions",
            json={"model": "m", "messages": [{"role": "user", "content": "last"}]},
            headers=bearer(new_key),
        )
        assert asked.status_code == 200
        assert upstream.asked[-1].values("authorization") == ["Bearer of-acme"]

    with begun(data_dir, before) as gateway:
        assert gateway.process.wait(60) == 3


def test_a_master_key_that_still_seals_is_not_let_go(folder: Path, upstream: Upstream) -> None:
    data_dir = folder_in(folder, "unrotated")
    with begun(data_dir, env(MASTER_KEY=f"{OLD} {NEW}")) as gateway:
        gateway.wait_ready()
        gateway.tenant(upstream.url, upstream_auth={"header": "Authorization", "value": "Bearer of-acme"})
    with begun(data_dir, env(MASTER_KEY=NEW)) as gateway:
        assert gateway.process.wait(60) == 3
        assert "1 upstream credentials are sealed with master key" in gateway.output()
        assert "rotate-master" in gateway.output()
