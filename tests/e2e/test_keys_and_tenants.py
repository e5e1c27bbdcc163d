"""Who may ask: keys and tenants as they come, change and go, on every worker, also after PostgreSQL was away."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, error_of, stranger, wait_until
from tests.e2e.test_backup import as_operator, gatewayctl
from tests.e2e.upstream import Upstream

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
BY_SCOPE = {
    "chat": ("POST", "/v1/chat/completions", CHAT),
    "embeddings": ("POST", "/v1/embeddings", {"model": "m", "input": "hi"}),
    "models": ("GET", "/v1/models", None),
}


def ask(gateway: Gateway, credential: str, method: str = "GET", path: str = "/v1/models", body: Any = None) -> int:
    return gateway.client.request(method, path, json=body, headers=bearer(credential)).status_code


def in_s(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def token_of(gateway: Gateway, key: str) -> str:
    answer = gateway.client.post("/auth/token", json={"api_key": key})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


# ---- keys come and go


def test_a_key_works_from_its_201_and_never_after_its_204_on_every_worker(tenant: Tenant) -> None:
    for _ in range(5):
        made = tenant.new_key()
        assert tenant.statuses(made["api_key"]) == {200}
        assert tenant.admin("DELETE", f"/keys/{made['id']}").status_code == 204
        assert tenant.statuses(made["api_key"]) == {401}
    assert tenant.statuses(tenant.key) == {200}


def test_a_new_tenants_key_works_with_the_next_request_on_every_worker(gateway: Gateway, upstream: Upstream) -> None:
    for _ in range(3):
        tenant = gateway.tenant(upstream.url)
        assert tenant.statuses(tenant.key) == {200}


def test_rotation_without_grace_ends_every_other_key_at_once(tenant: Tenant) -> None:
    second = tenant.new_key()["api_key"]
    assert tenant.admin("POST", "/rotate-key", {"grace_seconds": 0}).json()["error"]["code"] == "several_keys"
    assert tenant.statuses(tenant.key) == tenant.statuses(second) == {200}
    rotated = tenant.admin("POST", "/rotate-key", {"grace_seconds": 0, "all": True})
    assert rotated.status_code == 200 and len(rotated.json()["keys"]) == 2
    assert tenant.statuses(tenant.key) == tenant.statuses(second) == {401}
    for key in rotated.json()["keys"]:
        assert tenant.statuses(key["api_key"]) == {200}


def test_one_key_of_several_is_rotated_on_every_worker_at_once(tenant: Tenant) -> None:
    second = tenant.new_key(scopes=["embeddings"])
    rotated = tenant.admin("POST", f"/keys/{second['id']}/rotate", {"grace_seconds": 0})
    assert rotated.status_code == 200 and rotated.json()["scopes"] == ["embeddings"]
    assert tenant.statuses(second["api_key"]) == {401}
    assert tenant.statuses(rotated.json()["api_key"]) == {403}  # as narrow as the old one
    assert tenant.statuses(tenant.key) == {200}


def test_rotation_with_grace_ends_the_old_key_when_it_has_passed(tenant: Tenant) -> None:
    rotated = tenant.admin("POST", "/rotate-key", {"grace_seconds": 3}).json()
    assert datetime.fromisoformat(rotated["expires_old_at"]) > datetime.now(UTC)
    assert tenant.statuses(tenant.key, 8) == tenant.statuses(rotated["api_key"], 8) == {200}
    wait_until(lambda: datetime.now(UTC) > datetime.fromisoformat(rotated["expires_old_at"]))
    assert tenant.statuses(tenant.key, 8) == {401}
    assert tenant.statuses(rotated["api_key"], 8) == {200}


def test_a_key_ends_when_it_expires(tenant: Tenant) -> None:
    made = tenant.new_key(expires_at=in_s(3))
    key = made["api_key"]
    assert ask(tenant.gateway, key) == 200
    wait_until(lambda: datetime.now(UTC) > datetime.fromisoformat(made["expires_at"]))
    answer = tenant.gateway.client.get("/v1/models", headers=bearer(key))
    assert (answer.status_code, error_of(answer)["code"]) == (401, "token_expired")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert tenant.gateway.client.post("/auth/token", json={"api_key": key}).status_code == 401


def test_a_key_may_be_given_an_end_and_be_brought_back(tenant: Tenant) -> None:
    made = tenant.new_key()
    tenant.admin("PATCH", f"/keys/{made['id']}", {"expires_at": in_s(-5)})
    assert tenant.statuses(made["api_key"], 8) == {401}
    tenant.admin("PATCH", f"/keys/{made['id']}", {"expires_at": None})
    assert tenant.statuses(made["api_key"], 8) == {200}


def test_a_key_shows_when_it_was_last_used(tenant: Tenant) -> None:
    made = tenant.new_key()
    assert made["last_used_at"] is None
    assert ask(tenant.gateway, made["api_key"]) == 200
    wait_until(lambda: tenant.admin("GET", f"/keys/{made['id']}").json()["last_used_at"] is not None)


# ---- what a key may do


@pytest.mark.parametrize("scope", BY_SCOPE)
def test_a_scope_opens_its_endpoint_and_no_other(tenant: Tenant, upstream: Upstream, scope: str) -> None:
    key = tenant.new_key(scopes=[scope])["api_key"]
    for name, request in BY_SCOPE.items():
        assert ask(tenant.gateway, key, *request) == (200 if name == scope else 403)
    assert ask(tenant.gateway, key, "GET", "/v1/files") == 403
    assert len(upstream.asked) == 1


def test_several_scopes_and_any(tenant: Tenant) -> None:
    two = tenant.new_key(scopes=["chat", "models"])["api_key"]
    assert [ask(tenant.gateway, two, *request) for request in BY_SCOPE.values()] == [200, 403, 200]
    anything = tenant.new_key(scopes=["any"])["api_key"]
    assert [ask(tenant.gateway, anything, *request) for request in BY_SCOPE.values()] == [200, 200, 200]


def test_a_token_has_the_scopes_of_its_key(tenant: Tenant) -> None:
    token = token_of(tenant.gateway, tenant.new_key(scopes=["models"])["api_key"])
    assert [ask(tenant.gateway, token, *request) for request in BY_SCOPE.values()] == [403, 403, 200]


def test_changed_scopes_hold_with_the_next_request(tenant: Tenant) -> None:
    made = tenant.new_key(scopes=["chat"])
    assert tenant.statuses(made["api_key"], 8) == {403}
    assert tenant.admin("PATCH", f"/keys/{made['id']}", {"scopes": ["models"]}).status_code == 200
    assert tenant.statuses(made["api_key"], 8) == {200}


def test_a_model_must_be_allowed_to_tenant_and_key(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, allowed_models=["m", "n"])
    key = tenant.new_key(allowed_models=["n", "o"])["api_key"]
    statuses = {model: tenant.chat(headers=bearer(key), model=model).status_code for model in ("m", "n", "o")}
    assert statuses == {"m": 403, "n": 200, "o": 403}
    assert tenant.chat(model="m").status_code == 200
    assert [asked.json["model"] for asked in upstream.asked] == ["n", "m"]


def test_a_request_without_a_model_does_not_get_round_allowed_models(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, allowed_models=["m"])
    answer = tenant.post("/v1/chat/completions", json={"messages": CHAT["messages"]})
    assert (answer.status_code, error_of(answer)["code"]) == (403, "model_not_allowed")
    form = tenant.post("/v1/audio/transcriptions", files={"file": b"x"}, data={"model": "other"})
    assert form.status_code == 403
    in_path = tenant.post("/openai/deployments/other/chat/completions?api-version=1", json={**CHAT, "model": "m"})
    assert in_path.status_code == 403
    assert not upstream.asked


def test_default_model_and_aliases(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(
        upstream.url, default_model="small", model_aliases={"gpt": "big"}, allowed_models=["small", "big"]
    )
    for body in ({"messages": []}, {"messages": [], "model": "gpt"}, {"messages": [], "model": "big"}):
        assert tenant.post("/v1/chat/completions", json=body).status_code == 200
    # The alias and what it stands for are one question, so the third is answered from the cache.
    assert [asked.json["model"] for asked in upstream.asked] == ["small", "big"]
    assert [row["model"] for row in tenant.wait_rows(3)] == ["small", "big", "big"]


def test_a_keys_own_limit_is_below_its_tenants(tenant: Tenant) -> None:
    key = tenant.new_key(limits={"rate_limit_per_hour": 2})["api_key"]
    answers = [tenant.gateway.client.get("/v1/models", headers=bearer(key)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "key" in error_of(answers[2])["message"] and 0 < int(answers[2].headers["retry-after"]) <= 3600
    assert ask(tenant.gateway, tenant.key) == 200


def test_a_key_that_keeps_exceeding_is_blocked_and_its_tenant_is_not(strict: Gateway, upstream: Upstream) -> None:
    tenant = strict.tenant(upstream.url)
    key = tenant.new_key(limits={"rate_limit_per_hour": 1})["api_key"]
    statuses = [ask(strict, key) for _ in range(8)]
    assert statuses == [200, *[429] * 5, 403, 403]
    assert ask(strict, tenant.key) == 200
    assert tenant.admin("POST", "/unblock").status_code == 200
    assert ask(strict, key) == 429


# ---- tenants


def test_a_blocked_tenant_is_refused_on_every_worker_until_unblocked(tenant: Tenant, upstream: Upstream) -> None:
    token = token_of(tenant.gateway, tenant.key)
    blocked = tenant.admin("POST", "/block", {"reason": "unpaid"})
    assert (blocked.json()["status"], blocked.json()["block_reason"]) == ("blocked", "unpaid")
    assert tenant.statuses(tenant.key) == tenant.statuses(token, 8) == {403}
    answer = tenant.chat()
    assert error_of(answer)["code"] == "tenant_blocked" and "retry-after" not in answer.headers
    assert "unpaid" not in answer.text
    assert tenant.gateway.client.post("/auth/token", json={"api_key": tenant.key}).status_code == 403
    assert not upstream.asked
    assert tenant.admin("POST", "/unblock").json()["status"] == "active"
    assert tenant.statuses(tenant.key) == {200}


def test_a_block_for_a_time_says_how_long_and_ends_by_itself(tenant: Tenant) -> None:
    assert tenant.admin("POST", "/block", {"seconds": 2}).status_code == 200
    answer = tenant.chat()
    assert answer.status_code == 403 and 1 <= int(answer.headers["retry-after"]) <= 3
    wait_until(lambda: tenant.chat().status_code == 200)
    assert tenant.admin("GET").json()["status"] == "active"


def test_a_deleted_tenant_is_gone_on_every_worker(tenant: Tenant) -> None:
    token = token_of(tenant.gateway, tenant.key)
    assert tenant.admin("DELETE").status_code == 204
    assert tenant.statuses(tenant.key) == tenant.statuses(token, 8) == {401}
    assert tenant.admin("GET").status_code == 404
    assert tenant.gateway.client.post("/auth/token", json={"api_key": tenant.key}).status_code == 401


def test_a_tenants_new_backend_holds_with_the_next_request(tenant: Tenant, upstream: Upstream) -> None:
    assert tenant.admin("PATCH", body={"backend_url": f"{upstream.url}/elsewhere"}).status_code == 200
    assert tenant.statuses(tenant.key, 8) == {200}
    assert {asked.target for asked in upstream.asked} == {"/elsewhere/v1/models"}


# ---- tokens


def test_a_token_is_good_until_its_key_is_revoked(tenant: Tenant) -> None:
    made = tenant.new_key()
    token = token_of(tenant.gateway, made["api_key"])
    assert tenant.statuses(token) == {200}
    assert tenant.admin("DELETE", f"/keys/{made['id']}").status_code == 204
    assert tenant.statuses(token) == {401}


def test_a_token_is_good_until_its_key_is_rotated_away(tenant: Tenant) -> None:
    token = token_of(tenant.gateway, tenant.key)
    assert tenant.admin("POST", "/rotate-key").status_code == 200
    assert tenant.statuses(token, 8) == {401}


def test_a_tokens_claims_are_those_of_the_contract(tenant: Tenant) -> None:
    answer = tenant.gateway.client.post("/auth/token", json={"api_key": tenant.key}).json()
    header, claims, _ = (_decoded(part) for part in answer["token"].split("."))
    assert header["alg"] == "HS256" and header["kid"]
    assert {"iss", "aud", "sub", "key_id", "jti", "exp"} <= set(claims)
    assert claims["sub"] == str(tenant.id) and isinstance(claims["key_id"], int)
    assert (answer["token_type"].lower(), answer["expires_in"]) == ("bearer", 3600)


def _decoded(part: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}
    return parsed


def test_a_token_expires(strict: Gateway, upstream: Upstream) -> None:
    tenant = strict.tenant(upstream.url)
    token = token_of(strict, tenant.key)
    assert ask(strict, token) == 200
    with strict.new_client(address=stranger()) as client:
        wait_until(lambda: client.get("/v1/models", headers=bearer(token)).status_code == 401)
        answer = client.get("/v1/models", headers=bearer(token))
        assert error_of(answer)["code"] == "token_expired"
        assert answer.headers["www-authenticate"]


def test_a_token_outlives_a_restart_of_its_worker(rough: Gateway, upstream: Upstream) -> None:
    tenant = rough.tenant(upstream.url)
    token = token_of(rough, tenant.key)
    for words in ("--worker 0", "--worker 1"):
        rough.kill(words)
        rough.wait_healthy()
    assert tenant.statuses(token) == {200}


# ---- wrong credentials

WRONG: dict[str, dict[str, str]] = {
    "none": {},
    "empty": {"Authorization": ""},
    "scheme alone": {"Authorization": "Bearer"},
    "nonsense": {"Authorization": "Bearer nope"},
    "another scheme": {"Authorization": "Digest username=x"},
    "key of a wrong checksum": {"Authorization": "Bearer mg_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"},
    "key never made": {"x-api-key": "mg_0000000000000000000000000000002PB1AM"},
    "admin token": {"Authorization": "Bearer an admin token for the tests"},
    "non-ASCII": {"x-api-key": "sch\xf6n"},
    "long": {"x-api-key": "x" * 20_000},
    "broken Basic": {"Proxy-Authorization": "Basic !!!"},
    "something like a token": {"Authorization": "Bearer a.b.c"},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_credential_is_a_401_that_says_how_to_sign_in(gateway: Gateway, upstream: Upstream, name: str) -> None:
    headers = [(key.encode(), value.encode("latin-1")) for key, value in WRONG[name].items()]
    with gateway.new_client(address=stranger()) as client:
        for path in ("/v1/chat/completions", "/v1/messages"):
            answer = client.post(path, json=CHAT, headers=headers)
            assert answer.status_code == 401
            assert error_of(answer)["type"] == "authentication_error"
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert not upstream.asked


def test_forged_tokens_are_401(tenant: Tenant, upstream: Upstream) -> None:
    genuine = token_of(tenant.gateway, tenant.key)
    other = token_of(tenant.gateway, tenant.gateway.tenant(upstream.url).key)
    header, claims, signature = genuine.split(".")

    def encoded(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    facts = _decoded(claims)
    forged = {
        "alg none": f"{encoded({**_decoded(header), 'alg': 'none'})}.{claims}.",
        "alg NONE, signed": f"{encoded({**_decoded(header), 'alg': 'NONE'})}.{claims}.{signature}",
        "another tenant's claims": f"{header}.{other.split('.')[1]}.{signature}",
        "another sub": f"{header}.{encoded({**facts, 'sub': '1'})}.{signature}",
        "later exp": f"{header}.{encoded({**facts, 'exp': facts['exp'] + 9999})}.{signature}",
        "no signature": f"{header}.{claims}.",
        "unknown kid": f"{encoded({**_decoded(header), 'kid': 'x'})}.{claims}.{signature}",
        "kid a path": f"{encoded({**_decoded(header), 'kid': '../../dev/null'})}.{claims}.{signature}",
        "half": genuine[: len(genuine) // 2],
    }
    with tenant.gateway.new_client(address=stranger()) as client:
        statuses = {name: client.get("/v1/models", headers=bearer(token)).status_code for name, token in forged.items()}
    assert set(statuses.values()) == {401}, statuses
    assert ask(tenant.gateway, genuine) == 200


def test_a_tenants_key_is_no_admin_token(tenant: Tenant) -> None:
    with tenant.gateway.new_client(address=stranger()) as client:
        for credential in (tenant.key, token_of(tenant.gateway, tenant.key)):
            answer = client.get("/admin/tenants", headers=bearer(credential))
            assert answer.status_code == 401 and "www-authenticate" in answer.headers


# ---- several credentials


def both(tenant: Tenant, first: str, second: str) -> httpx.Response:
    with tenant.gateway.new_client(address=stranger()) as client:
        return client.get("/v1/models", headers={**bearer(first), "x-api-key": second})


def test_credentials_of_two_tenants_are_401(tenant: Tenant, upstream: Upstream) -> None:
    other = tenant.gateway.tenant(upstream.url)
    for first, second in ((tenant.key, other.key), (token_of(tenant.gateway, tenant.key), other.key)):
        answer = both(tenant, first, second)
        assert (answer.status_code, error_of(answer)["code"]) == (401, "ambiguous_credential")
    in_query = tenant.gateway.client.get(f"/v1/models?key={other.key}", headers=bearer(tenant.key))
    assert in_query.status_code == 401
    assert not upstream.asked
    assert not tenant.rows() and not other.rows()


def test_two_credentials_of_one_tenant_are_one(tenant: Tenant) -> None:
    for second in (tenant.key, tenant.new_key()["api_key"], token_of(tenant.gateway, tenant.key)):
        assert both(tenant, tenant.key, second).status_code == 200


def test_a_foreign_credential_beside_a_valid_one_goes_nowhere(tenant: Tenant, upstream: Upstream) -> None:
    assert both(tenant, "sk-proj-somebodys-vendor-key", tenant.key).status_code == 200
    assert b"somebodys" not in upstream.asked[0].head


def test_one_of_ours_that_is_not_good_spoils_a_valid_one(tenant: Tenant) -> None:
    revoked = tenant.new_key()
    expired_token = token_of(tenant.gateway, revoked["api_key"])
    assert tenant.admin("DELETE", f"/keys/{revoked['id']}").status_code == 204
    for bad in (revoked["api_key"], expired_token, WRONG["key never made"]["x-api-key"]):
        assert both(tenant, tenant.key, bad).status_code == 401


# ---- many failures


def test_after_thirty_failures_an_address_waits_but_a_valid_credential_passes(tenant: Tenant) -> None:
    address = stranger()

    def guess(number: int) -> httpx.Response:
        with tenant.gateway.new_client(address=address) as client:  # a connection of its own, so any worker
            return client.get("/v1/models", headers=bearer(f"nope-{number}"))

    answers = [guess(number) for number in range(34)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429] * 4
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert error_of(answers[-1])["type"] == "rate_limit_error"
    with tenant.gateway.new_client(address=address) as client:
        assert client.get("/v1/models", headers=bearer(tenant.key)).status_code == 200
        assert client.post("/auth/token", json={"api_key": "nope"}).status_code == 429
        assert client.post("/auth/token", json={"api_key": tenant.key}).status_code == 200
    with tenant.gateway.new_client(address=stranger()) as client:
        assert client.get("/v1/models", headers=bearer("nope")).status_code == 401


# ---- PostgreSQL away


def test_keys_work_on_while_postgresql_is_away_and_changes_hold_from_their_answer_on(
    rough: Gateway, upstream: Upstream
) -> None:
    tenant = rough.tenant(upstream.url)
    doomed = tenant.new_key()
    rough.kill("postgres/data")
    assert tenant.statuses(tenant.key, 8) == {200}  # down or just back
    made = _until(201, lambda: tenant.admin("POST", "/keys", {}))
    assert tenant.statuses(made.json()["api_key"]) == {200}
    rough.kill("postgres/data")
    _until(204, lambda: tenant.admin("DELETE", f"/keys/{doomed['id']}"))
    assert tenant.statuses(doomed["api_key"]) == {401}


def _until(status: int, change: Any) -> httpx.Response:
    """Asks for the change again until it is made. While PostgreSQL is away the answer is a typed 503."""
    answers: list[httpx.Response] = []

    def made() -> bool:
        answers.append(change())
        return bool(answers[-1].status_code == status)

    wait_until(made)
    for refused in answers[:-1]:
        assert refused.status_code == 503, refused.text
        assert error_of(refused)["code"] and "retry-after" in refused.headers
    return answers[-1]


def test_keys_and_admin_tokens_by_the_command_line(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url)
    env = as_operator(gateway)

    def ran(*words: str, code: int = 0) -> Any:
        done = gatewayctl(*words, "--json", env=env, cwd=gateway.data_dir)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    key = ran("keys", "create", str(tenant.id), "--name", "ci", "--limit", "5", "--scope", "chat")
    changed = ran("keys", "update", str(tenant.id), str(key["id"]), "--limit", "7", "--model", "m", "--clear", "scopes")
    assert changed["limits"] == {"rate_limit_per_hour": 7}
    assert (changed["allowed_models"], changed["scopes"]) == (["m"], ["any"])
    assert ran("keys", "update", str(tenant.id), str(key["id"]), "--clear", "limit")["limits"] != changed["limits"]
    ran("keys", "update", str(tenant.id), str(key["id"]), code=2)

    token = ran("tokens", "create", "--name", "board", "--role", "viewer")
    board = {"MITMGATE_ADMIN_TOKEN": token["token"], "MITMGATE_URL": gateway.url}
    assert token["id"] in [each["id"] for each in ran("tokens", "list")["data"]]
    assert gatewayctl("tenants", "list", env=board, cwd=gateway.data_dir).returncode == 0
    assert gatewayctl("keys", "create", str(tenant.id), env=board, cwd=gateway.data_dir).returncode == 1
    ran("tokens", "revoke", str(token["id"]), "--yes")
    assert gatewayctl("tenants", "list", env=board, cwd=gateway.data_dir).returncode == 1
    ran("tokens", "revoke", str(token["id"]), "--yes", code=5)
