"""Who gets in, and as what."""

from __future__ import annotations

import httpx
import pytest

from mitmgate.control.admission import Door
from mitmgate.core.failures import FailureLimiter
from mitmgate.core.keys import hash_key, make_admin_token, make_key
from mitmgate.services.queries import queries
from tests.integration.admin.conftest import Admin

READS = ["/tenants", "/keys?prefix=mg_", "/tokens", "/usage", "/health", "/docs", "/openapi.json"]


async def test_without_a_token_nothing_is_told(admin: Admin) -> None:
    for method, path in [("GET", "/tenants"), ("POST", "/tenants"), ("GET", "/nowhere"), ("OPTIONS", "/tenants")]:
        for wrong in (
            "",
            "Bearer",
            "Bearer nope",
            f"Bearer {make_key()}",
            f"Bearer {make_admin_token()}",
            "Basic bm9wZQ==",
        ):
            answer = await admin(method, path, headers={"Authorization": wrong, "X-Mitmgate-Client": wrong or "none"})
            assert answer.status_code == 401, (method, path, wrong)
            assert "www-authenticate" in answer.headers
            assert answer.json()["error"]["type"] == "authentication_error"


async def test_a_tenants_key_opens_nothing(admin: Admin) -> None:
    key = (await admin.tenant())["api_key"]
    answer = await admin("GET", "/tenants", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 401


async def test_roles(admin: Admin) -> None:
    tenant = await admin.tenant()
    tokens = {}
    for role in ("admin", "viewer"):
        answer = await admin("POST", "/tokens", {"name": role, "role": role})
        assert answer.status_code == 201
        made = answer.json()
        assert set(made) == {"id", "name", "role", "prefix", "created_at", "token"}
        assert made["token"].startswith("mga_")
        tokens[role] = admin.with_token(made["token"])
    earlier = make_admin_token()  # of a role that earlier versions gave
    hashed = hash_key(admin.control.secrets.pepper, earlier)
    await admin.pool.execute(queries.insert_admin_token, "metrics", "metrics", "mga_", hashed)
    tokens["metrics"] = admin.with_token(earlier)
    listed = (await admin("GET", "/tokens")).text
    assert 'token"' not in listed
    for path in [*READS, f"/tenants/{tenant['id']}", f"/tenants/{tenant['id']}/analytics"]:
        assert (await tokens["admin"]("GET", path)).status_code == 200, path
        assert (await tokens["viewer"]("GET", path)).status_code == 200, path
        assert (await tokens["metrics"]("GET", path)).status_code == 403, path
    for method, path in [
        ("POST", "/tenants"),
        ("PUT", f"/tenants/{tenant['id']}"),
        ("PATCH", f"/tenants/{tenant['id']}"),
        ("DELETE", f"/tenants/{tenant['id']}"),
        ("POST", f"/tenants/{tenant['id']}/rotate-key"),
        ("POST", f"/tenants/{tenant['id']}/block"),
        ("POST", "/tokens"),
        ("DELETE", "/tokens/1"),
    ]:
        for role in ("viewer", "metrics"):
            answer = await tokens[role](method, path, {})
            assert (answer.status_code, answer.json()["error"]["type"]) == (403, "permission_error")
    made = await tokens["admin"]("POST", "/tenants", {"name": "by token", "backend_url": "https://api.example.com"})
    assert made.status_code == 201
    actor = await admin.pool.fetchval("SELECT actor FROM audit_log ORDER BY id DESC LIMIT 1")
    assert actor == "admin (token 1)"


async def test_a_deleted_token_opens_nothing(admin: Admin) -> None:
    made = (await admin("POST", "/tokens", {"name": "x", "role": "admin"})).json()
    theirs = admin.with_token(made["token"])
    assert (await theirs("GET", "/tenants")).status_code == 200
    assert (await admin("DELETE", f"/tokens/{made['id']}")).status_code == 204
    assert (await theirs("GET", "/tenants")).status_code == 401
    assert (await admin("DELETE", f"/tokens/{made['id']}")).status_code == 404
    assert (await admin("GET", "/tokens")).json() == {"data": [], "next_cursor": None}
    stored = await admin.pool.fetch("SELECT * FROM admin_tokens")
    assert made["token"] not in str(stored)


@pytest.mark.parametrize(("body", "field"), [({"name": "x", "role": "root"}, "role"), ({"role": "admin"}, "name")])
async def test_a_wrong_field_of_a_token_is_named(admin: Admin, body: dict[str, str], field: str) -> None:
    answer = await admin("POST", "/tokens", body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, field)


async def test_guesses_are_limited_by_client_and_never_refuse_a_valid_token(admin: Admin) -> None:
    guess = {"Authorization": "Bearer guess", "X-Mitmgate-Client": "203.0.113.5"}
    seen = [(await admin("GET", "/tenants", headers=guess)).status_code for _ in range(32)]
    assert seen[:30] == [401] * 30
    assert seen[31] == 429
    limited = await admin("GET", "/tenants", headers=guess)
    assert int(limited.headers["retry-after"]) > 0
    assert (await admin("GET", "/tenants", headers={"X-Mitmgate-Client": "203.0.113.5"})).status_code == 200
    other = {**guess, "X-Mitmgate-Client": "203.0.113.6"}
    assert (await admin("GET", "/tenants", headers=other)).status_code == 401


async def test_a_viewer_sees_no_secret(admin: Admin) -> None:
    tenant = await admin.tenant(upstream_auth={"header": "x-api-key", "value": "sk-of-the-vendor"})
    token = (await admin("POST", "/tokens", {"name": "v", "role": "viewer"})).json()["token"]
    viewer = admin.with_token(token)
    for path in (
        "/tenants",
        f"/tenants/{tenant['id']}",
        f"/tenants/{tenant['id']}/keys",
        "/tokens",
        "/usage",
        "/health",
    ):
        text = (await viewer("GET", path)).text
        for secret in ("sk-of-the-vendor", tenant["api_key"], token, admin.control.secrets.admin_token):
            assert secret not in text


async def test_a_door_that_breaks_lets_nobody_in() -> None:
    async def inside(scope: object, receive: object, send: object) -> None:
        raise AssertionError("let in")

    async def broken(token: str) -> None:
        raise RuntimeError("broken")

    transport = httpx.ASGITransport(Door(inside, "the-token", "the-workers", broken, FailureLimiter()))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.get("/admin/tenants", headers={"Authorization": "Bearer mga_x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "admission_failed")
