from __future__ import annotations

import base64
from typing import Any

import pytest

from mitmgate.core.keys import hash_key
from mitmgate.core.sealing import unseal
from tests.integration.admin.conftest import Admin, settings


async def test_a_new_tenant_is_shown_whole_and_its_key_once(admin: Admin) -> None:
    made = await admin.tenant("  acme ", rate_limit_per_hour=5, tags=["gold"])
    key = made.pop("api_key")
    assert key.startswith("mg_")
    shown = (await admin("GET", f"/tenants/{made['id']}")).json()
    assert shown == {name: value for name, value in made.items() if name != "warnings"}
    assert made["warnings"] is None
    assert shown["name"] == "acme"
    assert shown["status"] == "active"
    assert shown["key_prefixes"] == [key[:9]]
    assert shown["upstream_format"] == "openai"
    assert shown["upstream_auth"] is None and shown["upstream_retries"] is None
    assert shown["cache"] == {
        "mode": None,
        "ttl_s": None,
        "max_bytes": None,
        "max_temperature": 1.0,
        "threshold": None,
        "max_wrong": None,
        "audit_share": None,
    }
    assert shown["created_at"].endswith(("Z", "+00:00"))
    assert key not in (await admin("GET", "/tenants")).text
    stored = await admin.pool.fetchval("SELECT hash FROM api_keys")
    assert stored == hash_key(admin.control.secrets.pepper, key)


async def test_the_upstream_credential_is_sealed_and_never_shown(admin: Admin) -> None:
    secret = "Bearer sk-the-vendors"
    made = await admin.tenant(upstream_auth={"header": "Authorization", "value": secret})
    assert made["upstream_auth"] == {"header": "Authorization", "set": True}
    row = await admin.pool.fetchrow("SELECT * FROM tenants")
    assert b"sk-the" not in row["upstream_auth_sealed"]
    opened = unseal(
        admin.control.secrets.master_keys, row["upstream_auth_sealed"], b"tenant:%d:upstream_auth" % made["id"]
    )
    assert opened == secret
    for path in ("/tenants", f"/tenants/{made['id']}"):
        assert "sk-the" not in (await admin("GET", path)).text
    audit = await admin.pool.fetch("SELECT * FROM audit_log")
    assert "sk-the" not in str(audit)


async def test_patch_changes_only_what_it_names(admin: Admin) -> None:
    made = await admin.tenant(
        tags=["a"], cache={"mode": "off", "ttl_s": 60}, upstream_auth={"header": "x-api-key", "value": "v"}
    )
    path = f"/tenants/{made['id']}"
    answer = await admin("PATCH", path, {"cache": {"ttl_s": 5}, "default_model": "m"})
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["cache"] == {
        "mode": "off",
        "ttl_s": 5,
        "max_bytes": None,
        "max_temperature": 1.0,
        "threshold": None,
        "max_wrong": None,
        "audit_share": None,
    }
    assert (shown["default_model"], shown["tags"]) == ("m", ["a"])
    assert shown["upstream_auth"] == {"header": "x-api-key", "set": True}
    shown = (await admin("PATCH", path, {"upstream_auth": None, "tags": None, "cache": None})).json()
    assert (shown["upstream_auth"], shown["tags"], shown["cache"]["mode"]) == (None, [], None)


async def test_retries_of_a_tenants_own(admin: Admin) -> None:
    made = await admin.tenant(upstream_retries=0)
    path = f"/tenants/{made['id']}"
    assert made["upstream_retries"] == 0
    assert (await admin("PATCH", path, {"upstream_retries": 10})).json()["upstream_retries"] == 10
    assert (await admin("PATCH", path, {"default_model": "m"})).json()["upstream_retries"] == 10
    assert (await admin("GET", path)).json()["upstream_retries"] == 10
    assert (await admin("PATCH", path, {"upstream_retries": 11})).status_code == 422
    assert (await admin("PATCH", path, {"upstream_retries": None})).json()["upstream_retries"] is None
    await admin("PATCH", path, {"upstream_retries": 3})
    replaced = await admin("PUT", path, {"name": "other", "backend_url": "https://api.example.com"})
    assert replaced.json()["upstream_retries"] is None


async def test_put_replaces_and_keeps_the_block(admin: Admin) -> None:
    made = await admin.tenant(tags=["a"], rate_limit_per_hour=3, upstream_auth={"header": "x-api-key", "value": "v"})
    path = f"/tenants/{made['id']}"
    await admin("POST", f"{path}/block", {"reason": "unpaid"})
    shown = (await admin("PUT", path, {"name": "other", "backend_url": "https://api.example.com"})).json()
    assert (shown["name"], shown["rate_limit_per_hour"], shown["tags"], shown["upstream_auth"]) == (
        "other",
        1000,
        [],
        None,
    )
    assert (shown["status"], shown["block_reason"]) == ("blocked", "unpaid")
    shown = (await admin("PATCH", path, {"status": "active"})).json()
    assert (shown["status"], shown["block_reason"]) == ("active", None)


async def test_a_deleted_tenant_is_gone_and_its_name_free(admin: Admin) -> None:
    made = await admin.tenant()
    path = f"/tenants/{made['id']}"
    gone = await admin("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    for method, more in (("GET", ""), ("DELETE", ""), ("GET", "/keys"), ("POST", "/unblock"), ("POST", "/rotate-key")):
        assert (await admin(method, path + more)).status_code == 404, (method, more)
    assert (await admin("PATCH", path, {"tags": []})).status_code == 404
    assert (await admin("GET", "/tenants")).json() == []
    await admin.tenant()


async def test_names_are_unique_among_live_tenants(admin: Admin) -> None:
    await admin.tenant("acme")
    other = await admin.tenant("other")
    body = {"name": "acme", "backend_url": "https://api.example.com"}
    for method, path in (("POST", "/tenants"), ("PUT", f"/tenants/{other['id']}")):
        answer = await admin(method, path, body)
        assert answer.status_code == 409
        assert answer.json()["error"]["param"] == "name"


async def test_the_list_pages_by_its_link_header(admin: Admin) -> None:
    made = [(await admin.tenant(f"t{number}"))["id"] for number in range(5)]
    seen, path, pages = [], "/tenants?limit=2", 0
    while path:
        answer = await admin("GET", path)
        seen += [tenant["id"] for tenant in answer.json()]
        pages += 1
        link = answer.links.get("next")
        path = link["url"].removeprefix("/admin") if link else ""
    assert (seen, pages) == (made, 3)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "cursor=!!", "cursor=W10", "cursor=WyJhIl0", "cursor=%00"]
)
async def test_a_bad_limit_or_cursor_is_refused_by_name(admin: Admin, query: str) -> None:
    answer = await admin("GET", f"/tenants?{query}")
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["param"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"zzz_new": 1}, "zzz_new"),
        ({"rate_limit_per_hour": -1}, "rate_limit_per_hour"),
        ({"rate_limit_per_hour": 0}, "rate_limit_per_hour"),
        ({"rate_limit_per_hour": 2**70}, "rate_limit_per_hour"),
        ({"rate_limit_per_hour": "5"}, "rate_limit_per_hour"),
        ({"rate_limit_per_hour": True}, "rate_limit_per_hour"),
        ({"rate_limit_per_hour": 1.5}, "rate_limit_per_hour"),
        ({"rate_limit_per_hour": None}, "rate_limit_per_hour"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": 5}, "name"),
        ({"status": "deleted"}, "status"),
        ({"upstream_format": "ollama"}, "upstream_format"),
        ({"allow_private_upstream": "yes"}, "allow_private_upstream"),
        ({"allowed_models": []}, "allowed_models"),
        ({"allowed_models": ["a", ""]}, "allowed_models.1"),
        ({"model_aliases": {"a": 1}}, "model_aliases.a"),
        ({"upstream_auth": {"header": "Authorization"}}, "upstream_auth.value"),
        ({"upstream_auth": {"header": "Content-Length", "value": "1"}}, "upstream_auth.header"),
        ({"upstream_auth": {"header": "x y", "value": "1"}}, "upstream_auth.header"),
        ({"upstream_auth": {"header": "x", "value": "a\r\nb: c"}}, "upstream_auth.value"),
        ({"cache": {"mode": "fuzzy"}}, "cache.mode"),
        ({"cache": {"threshold": 1.1}}, "cache.threshold"),
        ({"cache": {"max_wrong": -0.1}}, "cache.max_wrong"),
        ({"cache": {"audit_share": 1.1}}, "cache.audit_share"),
        ({"cache": {"audit_share": "0.5"}}, "cache.audit_share"),
        ({"cache": {"thresholds": 0.9}}, "cache.thresholds"),
        ({"cache": {"ttl_s": 0}}, "cache.ttl_s"),
        ({"cache": {"max_temperature": 3}}, "cache.max_temperature"),
        ({"upstream_retries": 11}, "upstream_retries"),
        ({"upstream_retries": -1}, "upstream_retries"),
        ({"upstream_retries": "2"}, "upstream_retries"),
        ({"upstream_retries": True}, "upstream_retries"),
        ({"upstream_retries": 1.5}, "upstream_retries"),
        ({"tags": {"a": "b"}}, "tags"),
        ({"backend_url": "ftp://x"}, "backend_url"),
        ({"backend_url": "https://user:pw@api.example.com"}, "backend_url"),
        ({"backend_url": "https://"}, "backend_url"),
        ({"backend_url": "not a url"}, "backend_url"),
    ],
)
async def test_a_wrong_field_is_named(admin: Admin, body: dict[str, object], field: str) -> None:
    answer = await admin("POST", "/tenants", {"name": "x", "backend_url": "https://api.example.com", **body})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["param"] == field
    assert field.split(".")[0] in error["message"]
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert await admin.pool.fetchval("SELECT count(*) FROM tenants") == 0


async def test_every_wrong_field_is_listed(admin: Admin) -> None:
    answer = await admin("POST", "/tenants", {"name": "", "rate_limit_per_hour": 0, "zzz": 1})
    details = answer.json()["error"]["details"]
    assert {detail["field"] for detail in details} == {"name", "backend_url", "rate_limit_per_hour", "zzz"}
    assert all(detail["message"] for detail in details)


@pytest.mark.parametrize(
    "body", [b"{nope", b"", b"\xff\xfe\xfd", b"[" * 100_000, b'{"a":' + b"9" * 10_000 + b"}", b"[]", b"null"]
)
async def test_what_is_no_object_is_refused(admin: Admin, body: bytes) -> None:
    answer = await admin("POST", "/tenants", content=body)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


async def test_a_lone_surrogate_is_refused(admin: Admin) -> None:
    answer = await admin("POST", "/tenants", content=rb'{"name":"a\ud800","backend_url":"https://api.example.com"}')
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "name"
    answer = await admin("POST", "/tenants", content=rb'{"name":"a","\udfff":1}')
    assert answer.status_code == 422


async def test_a_huge_body_is_refused(admin: Admin) -> None:
    answer = await admin("POST", "/tenants", content=b" " * (1024 * 1024 + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("id", ["x", "0", "-1", str(2**63), "1e3", "%00", "9" * 5000])
async def test_an_id_that_is_none_is_refused(admin: Admin, id: str) -> None:
    for path in (f"/tenants/{id}", f"/tenants/1/keys/{id}", f"/tenants/{id}/analytics"):
        assert (await admin("GET", path)).status_code in (404, 422)


@pytest.mark.parametrize(
    ("url", "private", "status"),
    [
        ("https://inside.example.com", False, 422),
        ("https://inside.example.com", True, 201),
        ("https://127.0.0.1", False, 422),
        ("http://127.0.0.1:9000", True, 201),
        ("http://api.example.com", False, 422),
        ("https://169.254.169.254", True, 422),
        ("https://meta.example.com", True, 422),
        ("https://[::ffff:169.254.169.254]", True, 422),
        ("https://0x7f.1", False, 422),
    ],
)
async def test_where_an_upstream_may_be(admin: Admin, url: str, private: bool, status: int) -> None:
    body = {"name": "x", "backend_url": url, "allow_private_upstream": private}
    answer = await admin("POST", "/tenants", body)
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["error"]["param"] == "backend_url"


async def test_an_unknown_name_is_accepted_with_a_warning(admin: Admin) -> None:
    made = await admin.tenant(backend_url="https://nowhere.example")
    assert "nowhere.example" in made["warnings"][0]


async def test_taking_the_private_network_away_checks_the_upstream_again(admin: Admin) -> None:
    made = await admin.tenant(backend_url="https://inside.example.com", allow_private_upstream=True)
    answer = await admin("PATCH", f"/tenants/{made['id']}", {"allow_private_upstream": False})
    assert answer.json()["error"]["param"] == "backend_url"


async def test_hosts_outside_the_configured_list_are_refused(admin: Admin) -> None:
    upstream = type(admin.control.settings.upstream)(allowed_hosts=("*.openai.com",))
    admin.control.settings = settings(upstream=upstream)
    answer = await admin("POST", "/tenants", {"name": "x", "backend_url": "https://api.example.com"})
    assert answer.status_code == 422
    assert "allowed_hosts" in answer.json()["error"]["message"]


async def test_block_and_unblock(admin: Admin) -> None:
    path = f"/tenants/{(await admin.tenant())['id']}"
    shown = (await admin("POST", f"{path}/block", {"seconds": 60, "reason": "unpaid"})).json()
    assert (shown["status"], shown["block_reason"]) == ("blocked", "unpaid")
    assert shown["blocked_until"]
    shown = (await admin("POST", f"{path}/block")).json()
    assert (shown["status"], shown["blocked_until"]) == ("blocked", None)
    shown = (await admin("POST", f"{path}/unblock")).json()
    assert (shown["status"], shown["block_reason"]) == ("active", None)


async def test_the_gateways_own_block_shows_and_is_lifted(admin: Admin) -> None:
    made = await admin.tenant()
    admin.blocks.seconds[made["id"]] = 120
    shown = (await admin("GET", "/tenants")).json()[0]
    assert (shown["status"], bool(shown["blocked_until"])) == ("blocked", True)
    assert (await admin("POST", f"/tenants/{made['id']}/unblock")).json()["status"] == "active"
    assert admin.blocks.seconds == {}
    admin.blocks.healthy = False
    assert (await admin("GET", "/tenants")).status_code == 200
    assert (await admin("POST", f"/tenants/{made['id']}/unblock")).json()["error"]["code"] == "limiter_unavailable"


async def test_every_change_is_audited_and_applied_before_the_answer(admin: Admin) -> None:
    id = (await admin.tenant())["id"]
    await admin("PATCH", f"/tenants/{id}", {"tags": ["x"]})
    await admin("POST", f"/tenants/{id}/block", {"seconds": 5})
    await admin("POST", f"/tenants/{id}/unblock")
    await admin("DELETE", f"/tenants/{id}")
    rows = await admin.pool.fetch("SELECT actor, address, action, target_id FROM audit_log ORDER BY id")
    verbs = ["create", "update", "block", "unblock", "delete"]
    assert [tuple(row) for row in rows] == [("admin-token", "198.51.100.1", f"tenant.{verb}", id) for verb in verbs]
    versions = [version for _, version in admin.applied]
    assert [tenant for tenant, _ in admin.applied] == [id] * 5
    assert versions == sorted(set(versions))
    assert await admin.pool.fetchval("SELECT version FROM tenants") == versions[-1]


async def test_a_change_that_workers_did_not_confirm_is_stored_and_says_so(admin: Admin) -> None:
    made = await admin.tenant()
    admin.missing = 1
    answer = await admin("PATCH", f"/tenants/{made['id']}", {"tags": ["x"]})
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "not_applied_everywhere"
    admin.missing = 0
    assert (await admin("GET", f"/tenants/{made['id']}")).json()["tags"] == ["x"]


async def test_what_was_made_but_not_confirmed_is_taken_back_so_that_the_call_may_be_repeated(admin: Admin) -> None:
    admin.missing = 1
    body = {"name": "new", "backend_url": "https://api.example.com/v1"}
    refused = await admin("POST", "/tenants", body)
    assert refused.status_code == 503 and refused.headers["retry-after"] == "1"
    assert "taken back" in refused.json()["error"]["message"]
    admin.missing = 0
    made = (await admin("POST", "/tenants", body)).json()
    admin.missing = 1
    assert (await admin("POST", f"/tenants/{made['id']}/keys", {"name": "k"})).status_code == 503
    grace = await admin("POST", f"/tenants/{made['id']}/rotate-key", {"grace_seconds": 60})
    assert grace.status_code == 503 and "taken back" in grace.json()["error"]["message"]
    admin.missing = 0
    (only,) = (await admin("GET", f"/tenants/{made['id']}/keys")).json()["data"]
    assert only["name"] == "default" and only["expires_at"] is only["replaced_at"] is None


async def test_a_rotation_that_was_not_confirmed_is_repeated_with_the_same_rights(admin: Admin) -> None:
    made = await admin.tenant()
    (default,) = (await admin("GET", f"/tenants/{made['id']}/keys")).json()["data"]
    await admin("PATCH", f"/tenants/{made['id']}/keys/{default['id']}", {"scopes": ["chat"]})
    for grace_s in (60, 0):
        admin.missing = 1
        assert (await admin("POST", f"/tenants/{made['id']}/rotate-key", {"grace_seconds": grace_s})).status_code == 503
    admin.missing = 0
    assert (await admin("POST", f"/tenants/{made['id']}/rotate-key")).status_code == 200
    (only,) = (await admin("GET", f"/tenants/{made['id']}/keys")).json()["data"]
    assert only["scopes"] == ["chat"]


async def test_errors_have_openais_shape_for_unknown_paths_and_methods(admin: Admin) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("POST", "/health", 405), ("GET", "/tenants/", 404)):
        answer = await admin(method, path)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_a_405_names_all_methods_of_the_path(admin: Admin) -> None:
    made = await admin.tenant()
    for method, path, allow in (
        ("PATCH", "/tenants", "GET, HEAD, POST"),
        ("OPTIONS", f"/tenants/{made['id']}", "DELETE, GET, HEAD, PATCH, PUT"),
        ("GET", f"/tenants/{made['id']}/block", "POST"),
        ("HEAD", f"/tenants/{made['id']}/block", "POST"),
    ):
        answer = await admin(method, path)
        assert (answer.status_code, answer.headers.get_list("allow")) == (405, [allow]), path


async def test_the_documents_need_no_other_host_and_a_browser_may_sign_in(admin: Admin) -> None:
    document = (await admin("GET", "/openapi.json")).json()
    assert "/admin/tenants/{tenant_id}/analytics" in document["paths"]
    assert "HTTPValidationError" not in str(document)
    basic = base64.b64encode(f"me:{admin.control.secrets.admin_token}".encode()).decode()
    page = await admin("GET", "/docs", headers={"Authorization": f"Basic {basic}"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in page.text.replace("https://", "").replace("http://", "")
    assert "<script" not in page.text
    assert (await admin("GET", "/tenants", headers={"Authorization": f"Basic {basic}"})).status_code == 401
    unasked = await admin("GET", "/docs", headers={"Authorization": ""})
    assert unasked.status_code == 401
    assert "Basic" in unasked.headers["www-authenticate"]


async def test_tenants_are_listed_by_their_tags(admin: Admin) -> None:
    await admin.tenant("none")
    await admin.tenant("one", tags=["team=search", "env=prod"])
    await admin.tenant("two", tags=["team=search", "env=test"])
    await admin.tenant("three", tags=["team=se", "vip"])

    async def listed(*tags: str, **more: Any) -> list[str]:
        answer = await admin("GET", "/tenants", params={"tag": list(tags), **more})
        assert answer.status_code == 200, answer.text
        return [tenant["name"] for tenant in answer.json()]

    assert await listed("team=search") == ["one", "two"]
    assert await listed("team=search", "env=test") == ["two"]
    assert await listed("team") == ["one", "two", "three"]
    assert await listed("team=se") == ["three"]
    assert await listed("vip") == ["three"]
    assert await listed("team=%", "te_m") == []
    answer = await admin("GET", "/tenants", params={"tag": ["team"], "limit": 2})
    following = answer.headers["link"].partition(">")[0].removeprefix("</admin")
    assert [tenant["name"] for tenant in (await admin("GET", following)).json()] == ["three"]
    assert (await admin("GET", "/tenants?tag=%00")).status_code == 422


async def test_a_name_may_be_a_number(admin: Admin) -> None:
    made = await admin("POST", "/tenants", {"name": " 502 ", "backend_url": "https://api.example.com"})
    assert made.status_code == 201 and made.json()["name"] == "502"


async def test_a_default_model_that_may_not_be_used_is_warned_of(admin: Admin) -> None:
    wanted = {"name": "odd", "backend_url": "https://api.example.com", "default_model": "a", "allowed_models": ["b"]}
    made = (await admin("POST", "/tenants", wanted)).json()
    assert "default_model is none of allowed_models" in made["warnings"][0]
    one = f"/tenants/{made['id']}"
    assert (await admin("PATCH", one, {"model_aliases": {"a": "b"}})).json()["warnings"] is None
    assert (await admin("PATCH", one, {"model_aliases": None})).json()["warnings"]
    assert (await admin("PATCH", one, {"allowed_models": None})).json()["warnings"] is None


@pytest.mark.parametrize(
    ("header", "value", "warned"),
    [
        ("Authorization", "Bearer sk-1", False),
        ("authorization", "Basic dXNlcjpw", False),
        ("Authorization", "sk-1", True),
        ("x-api-key", "sk-1", False),
    ],
)
async def test_a_credential_is_stored_as_it_is_given(admin: Admin, header: str, value: str, warned: bool) -> None:
    tenant = await admin.tenant(upstream_auth={"header": header, "value": value})
    assert bool(tenant["warnings"]) == warned
    patched = await admin("PATCH", f"/tenants/{tenant['id']}", {"upstream_auth": {"header": header, "value": value}})
    assert bool(patched.json()["warnings"]) == warned and value not in patched.text
    sealed = await admin.pool.fetchval("SELECT upstream_auth_sealed FROM tenants")
    context = b"tenant:%d:upstream_auth" % tenant["id"]
    assert unseal(admin.control.secrets.master_keys, sealed, context) == value
