from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mitmgate.core.keys import hash_key
from tests.integration.admin.conftest import Admin


async def test_a_key_is_shown_once_and_stored_hashed(admin: Admin) -> None:
    tenant = await admin.tenant()
    path = f"/tenants/{tenant['id']}/keys"
    wanted = {
        "name": "ci",
        "scopes": ["chat", "embeddings", "chat"],
        "limits": {"rate_limit_per_hour": 7},
        "allowed_models": ["m"],
        "expires_at": "2100-01-01T00:00:00+02:00",
    }
    answer = await admin("POST", path, wanted)
    assert answer.status_code == 201
    made = answer.json()
    key = made.pop("api_key")
    assert made["scopes"] == ["chat", "embeddings"]
    assert made["limits"] == {"rate_limit_per_hour": 7}
    assert datetime.fromisoformat(made["expires_at"]) == datetime(2099, 12, 31, 22, tzinfo=UTC)
    assert (made["prefix"], made["last_used_at"]) == (key[:9], None)
    assert (await admin("GET", f"{path}/{made['id']}")).json() == made
    listed = await admin("GET", path)
    assert listed.json()["data"][1] == made
    assert key not in listed.text
    row = await admin.pool.fetchrow("SELECT * FROM api_keys WHERE id = $1", made["id"])
    assert row["hash"] == hash_key(admin.control.secrets.pepper, key)
    assert key not in str(await admin.pool.fetch("SELECT * FROM audit_log"))


async def test_keys_page_by_cursor(admin: Admin) -> None:
    path = f"/tenants/{(await admin.tenant())['id']}/keys"
    for number in range(4):
        await admin("POST", path, {"name": f"k{number}"})
    names, cursor = [], ""
    while cursor is not None:
        answer = (await admin("GET", f"{path}?limit=2{cursor}")).json()
        names += [key["name"] for key in answer["data"]]
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
    assert names == ["default", "k0", "k1", "k2", "k3"]


async def test_patch_and_revoke(admin: Admin) -> None:
    tenant = await admin.tenant()
    path = f"/tenants/{tenant['id']}/keys"
    made = (await admin("POST", path, {"limits": {"rate_limit_per_hour": 7}, "allowed_models": ["m"]})).json()
    one = f"{path}/{made['id']}"
    shown = (await admin("PATCH", one, {"name": "n", "scopes": ["models"], "allowed_models": None})).json()
    assert (shown["name"], shown["scopes"], shown["allowed_models"]) == ("n", ["models"], None)
    assert shown["limits"] == {"rate_limit_per_hour": 7}
    assert (await admin("PATCH", one, {"limits": None})).json()["limits"] == {"rate_limit_per_hour": None}
    before = len(admin.applied)
    assert (await admin("DELETE", one)).status_code == 204
    assert len(admin.applied) == before + 1
    for method in ("GET", "DELETE"):
        assert (await admin(method, one)).status_code == 404
    assert (await admin("PATCH", one, {"name": "n"})).status_code == 404
    assert made["prefix"] not in (await admin("GET", f"/tenants/{tenant['id']}")).json()["key_prefixes"]


async def test_a_key_belongs_to_its_tenant_alone(admin: Admin) -> None:
    one, two = await admin.tenant("one"), await admin.tenant("two")
    made = (await admin("POST", f"/tenants/{one['id']}/keys")).json()
    foreign = f"/tenants/{two['id']}/keys/{made['id']}"
    assert (await admin("GET", foreign)).status_code == 404
    assert (await admin("PATCH", foreign, {"name": "stolen"})).status_code == 404
    assert (await admin("DELETE", foreign)).status_code == 404
    assert (await admin("GET", f"/tenants/{one['id']}/keys/{made['id']}")).json()["name"] == "key"
    assert len((await admin("GET", f"/tenants/{two['id']}/keys")).json()["data"]) == 1


@pytest.mark.parametrize("grace", [0, 60])
async def test_rotation_ends_the_others_after_the_grace(admin: Admin, grace: int) -> None:
    tenant = await admin.tenant()
    path = f"/tenants/{tenant['id']}"
    await admin("PATCH", f"{path}/keys/1", {"scopes": ["chat"], "name": "only"})
    answer = await admin("POST", f"{path}/rotate-key", {"grace_seconds": grace})
    assert answer.status_code == 200
    rotated = answer.json()
    assert set(rotated) == {"api_key", "expires_old_at"}
    ends = datetime.fromisoformat(rotated["expires_old_at"])
    rows = await admin.pool.fetch("SELECT *, now() AS now FROM api_keys ORDER BY id")
    old, new = rows
    assert (new["scopes"], new["name"], new["expires_at"], new["revoked_at"]) == (["chat"], "only", None, None)
    assert new["hash"] == hash_key(admin.control.secrets.pepper, rotated["api_key"])
    assert old["expires_at"] == ends
    assert (old["revoked_at"] is not None) == (grace == 0)
    assert abs(ends - old["now"] - timedelta(seconds=grace)) < timedelta(seconds=30)
    prefixes = (await admin("GET", path)).json()["key_prefixes"]
    assert prefixes == ([rotated["api_key"][:9]] if grace == 0 else [old["prefix"], new["prefix"]])


async def test_a_second_rotation_prolongs_nothing(admin: Admin) -> None:
    path = f"/tenants/{(await admin.tenant())['id']}/rotate-key"
    first = (await admin("POST", path, {"grace_seconds": 60})).json()["expires_old_at"]
    await admin("POST", path, {"grace_seconds": 6000})
    kept = await admin.pool.fetchval("SELECT expires_at FROM api_keys ORDER BY id LIMIT 1")
    assert kept == datetime.fromisoformat(first)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["all"]}, "scopes.0"),
        ({"limits": {"rate_limit_per_hour": 0}}, "limits.rate_limit_per_hour"),
        ({"limits": {"tokens_per_minute": 5}}, "limits.tokens_per_minute"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": 5}, "expires_at"),
        ({"expires_at": "2001-01-01"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"name": ""}, "name"),
        ({"prefix": "x"}, "prefix"),
    ],
)
async def test_a_wrong_field_of_a_key_is_named(admin: Admin, body: dict[str, object], field: str) -> None:
    answer = await admin("POST", f"/tenants/{(await admin.tenant())['id']}/keys", body)
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == field


async def test_a_wrong_grace_is_refused(admin: Admin) -> None:
    path = f"/tenants/{(await admin.tenant())['id']}/rotate-key"
    for grace in (-1, 1.5, "5", 2**80):
        assert (await admin("POST", path, {"grace_seconds": grace})).json()["error"]["param"] == "grace_seconds"
