from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

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


async def several(admin: Admin) -> tuple[str, list[dict[str, Any]]]:
    """A tenant with three narrow keys. -> its path, the keys"""
    path = f"/tenants/{(await admin.tenant())['id']}"
    await admin("PATCH", f"{path}/keys/1", {"name": "a", "scopes": ["models"], "limits": {"rate_limit_per_hour": 3}})
    await admin("POST", f"{path}/keys", {"name": "b", "scopes": ["chat"], "allowed_models": ["m"]})
    await admin("POST", f"{path}/keys", {"name": "c", "scopes": ["embeddings"], "expires_at": "2100-01-01"})
    return path, (await admin("GET", f"{path}/keys")).json()["data"]


RIGHTS = ("name", "scopes", "limits", "allowed_models")


def rights(key: dict[str, Any]) -> list[Any]:
    return [key[name] for name in RIGHTS]


async def test_several_keys_are_not_replaced_by_one(admin: Admin) -> None:
    path, old = await several(admin)
    before = len(admin.applied)
    for body in (None, {"grace_seconds": 60}, {"all": False}):
        refused = await admin("POST", f"{path}/rotate-key", body)
        assert refused.status_code == 409
        assert (refused.json()["error"]["code"], refused.json()["error"]["param"]) == ("several_keys", "all")
    assert (await admin("GET", f"{path}/keys")).json()["data"] == old and len(admin.applied) == before


@pytest.mark.parametrize("grace", [0, 60])
async def test_all_keys_are_replaced_each_with_its_own_rights(admin: Admin, grace: int) -> None:
    path, old = await several(admin)
    before = len(admin.applied)
    answer = await admin("POST", f"{path}/rotate-key", {"grace_seconds": grace, "all": True})
    assert answer.status_code == 200 and set(answer.json()) == {"expires_old_at", "keys"}
    assert len(admin.applied) == before + 1
    new = answer.json()["keys"]
    assert [rights(key) for key in new] == [rights(key) for key in old]
    assert [key["replaces"] for key in new] == [key["id"] for key in old]
    assert new[2]["expires_at"] == old[2]["expires_at"] and new[0]["expires_at"] is None
    assert len({key["api_key"] for key in new}) == 3
    listed = (await admin("GET", f"{path}/keys")).json()["data"]
    assert [key["id"] for key in listed if key["replaced_at"] is None] == [key["id"] for key in new]
    assert len(listed) == (6 if grace else 3)
    again = await admin("POST", f"{path}/rotate-key", {"all": True})
    assert [each["replaces"] for each in again.json()["keys"]] == [key["id"] for key in new]
    assert len((await admin("GET", f"{path}/keys")).json()["data"]) == 3  # what waited for its end has ended, too


async def test_all_of_one_key_lists_it(admin: Admin) -> None:
    path = f"/tenants/{(await admin.tenant())['id']}"
    rotated = (await admin("POST", f"{path}/rotate-key", {"all": True})).json()
    assert [key["api_key"] for key in rotated["keys"]] == [rotated["api_key"]]


async def test_a_tenant_without_a_key_has_none_to_rotate(admin: Admin) -> None:
    path = f"/tenants/{(await admin.tenant())['id']}"
    await admin("PATCH", f"{path}/keys/1", {"scopes": ["models"], "expires_at": "2001-01-01"})
    refused = await admin("POST", f"{path}/rotate-key", {"all": True})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_key")


@pytest.mark.parametrize("grace", [0, 60])
async def test_one_key_of_several_is_rotated(admin: Admin, grace: int) -> None:
    path, old = await several(admin)
    one = old[1]
    before = len(admin.applied)
    answer = await admin("POST", f"{path}/keys/{one['id']}/rotate", {"grace_seconds": grace} if grace else None)
    assert answer.status_code == 200 and len(admin.applied) == before + 1
    new = answer.json()
    assert rights(new) == rights(one) and new["replaces"] == one["id"] and new["api_key"].startswith(new["prefix"])
    listed = {key["id"]: key for key in (await admin("GET", f"{path}/keys")).json()["data"]}
    assert (one["id"] in listed) == (grace > 0)
    assert listed[old[0]["id"]] == old[0] and listed[old[2]["id"]] == old[2]
    again = await admin("POST", f"{path}/keys/{one['id']}/rotate")
    expected = (409, "key_replaced") if grace else (404, "key_not_found")
    assert (again.status_code, again.json()["error"]["code"]) == expected
    if grace:  # given another end, it is a key like others again
        await admin("PATCH", f"{path}/keys/{one['id']}", {"expires_at": None})
        assert (await admin("POST", f"{path}/keys/{one['id']}/rotate")).status_code == 200


async def test_a_key_that_has_ended_is_not_rotated(admin: Admin) -> None:
    path, old = await several(admin)
    other = await admin.tenant("other")
    id = old[0]["id"]
    assert (await admin("POST", f"/tenants/{other['id']}/keys/{id}/rotate")).status_code == 404
    await admin("PATCH", f"{path}/keys/{id}", {"expires_at": "2001-01-01"})
    refused = await admin("POST", f"{path}/keys/{id}/rotate")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "key_expired")
    assert (await admin("POST", f"{path}/keys/{id}/rotate", {"grace": 5})).json()["error"]["param"] == "grace"


async def test_rotations_that_are_not_confirmed_are_taken_back(admin: Admin) -> None:
    path, old = await several(admin)
    admin.missing = 1
    for call, body in (
        (f"{path}/rotate-key", {"grace_seconds": 60, "all": True}),
        (f"{path}/keys/{old[2]['id']}/rotate", {"grace_seconds": 60}),
    ):
        assert (await admin("POST", call, body)).status_code == 503
        assert (await admin("GET", f"{path}/keys")).json()["data"] == old


async def test_a_limit_above_the_tenants_is_warned_of(admin: Admin) -> None:
    path = f"/tenants/{(await admin.tenant(rate_limit_per_hour=100))['id']}/keys"
    made = (await admin("POST", path, {"limits": {"rate_limit_per_hour": 101}})).json()
    assert len(made["warnings"]) == 1 and "101" in made["warnings"][0] and "100" in made["warnings"][0]
    one = f"{path}/{made['id']}"
    assert "warnings" not in (await admin("PATCH", one, {"limits": {"rate_limit_per_hour": 100}})).json()
    assert (await admin("PATCH", one, {"limits": {"rate_limit_per_hour": 5000}})).json()["warnings"]
    assert "warnings" not in (await admin("GET", one)).json()
    assert "warnings" not in (await admin("PATCH", one, {"name": "n"})).json()


async def test_a_key_is_found_by_what_may_be_shown_of_it(admin: Admin) -> None:
    path, (a, b, _) = await several(admin)
    other = await admin.tenant("other")
    await admin("DELETE", f"{path}/keys/{a['id']}")
    await admin("PATCH", f"{path}/keys/{b['id']}", {"expires_at": "2001-01-01"})

    async def found(prefix: str) -> list[tuple[Any, ...]]:
        answer = await admin("GET", f"/keys?prefix={prefix}")
        assert answer.status_code == 200, answer.text
        return [(key["id"], key["tenant_name"], key["status"]) for key in answer.json()["data"]]

    assert await found(a["prefix"]) == [(a["id"], "acme", "revoked")]
    assert await found(b["prefix"]) == [(b["id"], "acme", "expired")]
    assert len(await found("mg_")) == 4
    await admin("DELETE", f"/tenants/{other['id']}")
    (newest, *_) = await found("mg_")
    assert newest[1:] == ("other", "revoked")
    assert await found("nothing") == []
    for wrong in ("", "mg_AbCdEfG", "mg_" + "K" * 36, "a%20b", "%00"):
        answer = await admin("GET", f"/keys?prefix={wrong}")
        assert answer.status_code == 422 and answer.json()["error"]["param"] == "prefix"
        assert "KKKK" not in answer.text


async def test_the_demos_key_is_off_without_the_demo(admin: Admin) -> None:
    tenant = await admin.tenant()
    await admin.pool.execute("UPDATE tenants SET is_demo = true WHERE id = $1", tenant["id"])
    path = f"/tenants/{tenant['id']}"
    for demo, status in ((False, "off"), (True, "active")):
        admin.control.demo = demo
        (key,) = (await admin("GET", f"{path}/keys")).json()["data"]
        assert key["status"] == (await admin("GET", f"{path}/keys/{key['id']}")).json()["status"] == status
        assert (await admin("GET", path)).json()["status"] == status
        assert (await admin("GET", "/tenants")).json()[0]["status"] == status
        assert (await admin("GET", f"/keys?prefix={key['prefix']}")).json()["data"][0]["status"] == status


async def test_a_role_that_nothing_answers_to_is_not_given(admin: Admin) -> None:
    refused = await admin("POST", "/tokens", {"name": "scraper", "role": "metrics"})
    assert refused.status_code == 422 and refused.json()["error"]["param"] == "role"
    stored = "INSERT INTO admin_tokens (name, role, prefix, hash) VALUES ('old', 'metrics', 'mga_', 'x'::bytea)"
    await admin.pool.execute(stored)
    assert [token["role"] for token in (await admin("GET", "/tokens")).json()["data"]] == ["metrics"]
    assert '"metrics"' not in (await admin("GET", "/openapi.json")).text


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
