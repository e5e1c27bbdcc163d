"""A support question is answered from one screen: every end of a request tells how it came about."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, wait_until
from tests.e2e.served import ROOT
from tests.e2e.upstream import MODELS, Asked, Upstream, completion, llm

CLIENT = "203.0.113.9"


@pytest.fixture(scope="module")
def balanced(folder: Path, upstream_settings: dict[str, str]) -> Iterator[Gateway]:
    """A gateway that trusts the load balancer at 127.0.0.1."""
    (data_dir := folder / "balanced").mkdir(mode=0o711)
    proxies = {"MITMGATE_SERVER__TRUSTED_PROXIES": '["127.0.0.1", "::1"]'}
    with Gateway(data_dir, "--no-demo", env={**proxies, **upstream_settings}) as served:
        served.wait_ready()
        yield served


@pytest.fixture
def tenant(balanced: Gateway, upstream: Upstream) -> Tenant:
    return balanced.tenant(upstream.url)


def command(gateway: Gateway, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    """Of one who may only read."""
    token = gateway.admin("POST", "/admin/tokens", {"name": "support", "role": "viewer"}).json()["token"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "MITMGATE_URL": gateway.url, "MITMGATE_ADMIN_TOKEN": token}
    words = [sys.executable, "-P", "-m", "gatewayctl", *arguments]
    return subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def logs(gateway: Gateway, *arguments: str) -> str:
    ended = command(gateway, "logs", *arguments)
    printed, said = ended.communicate(timeout=60)
    assert ended.returncode == 0, said
    return printed


def told(gateway: Gateway, request_id: str) -> dict[str, Any]:
    """One request's story as the admin API tells it, once its row has arrived."""
    wait_until(lambda: gateway.admin("GET", f"/admin/usage/{request_id}").status_code == 200)
    story: dict[str, Any] = gateway.admin("GET", f"/admin/usage/{request_id}").json()
    return story


# ---- how it ended


def test_a_retry(tenant: Tenant, upstream: Upstream) -> None:
    async def busy_once(asked: Asked) -> None:
        if asked.number == 1:
            await asked.answer({"error": {}}, "503 Busy", [("Retry-After", "0")])
        else:
            await llm(asked)

    upstream.script = busy_once
    secret = "a word that no story tells"
    answer = tenant.chat(secret, headers={"X-Request-Id": "order 7/2", "X-Forwarded-For": CLIENT})
    story = told(tenant.gateway, answer.headers["x-request-id"])
    first, second = story["attempts_detail"]
    assert (first["status"], first["error"], first["reused"]) == (503, "upstream_error", False)
    assert (second["status"], second["error"], second["reused"], second["connect_ms"]) == (200, None, True, None)
    assert first["connect_ms"] > 0 and first["at_ms"] + first["ms"] <= second["at_ms"] + 0.02
    assert second["at_ms"] + second["ms"] <= story["latency_ms"] + 0.02
    assert (story["tenant_name"], story["client_address"], story["cache_detail"]) == (
        tenant.admin("GET").json()["name"],
        CLIENT,
        "scope empty",
    )
    for given in (story["request_id"], story["request_id"][:18], "order 7/2"):
        printed = logs(tenant.gateway, given)
        assert story["request_id"] in printed and f"from {CLIENT}" in printed and "asked 2 times" in printed
        assert "503 upstream_error" in printed and "kept" in printed
        assert secret not in printed
    assert secret not in json.dumps(story)


def test_a_hit(tenant: Tenant) -> None:
    first = tenant.chat()
    wait_until(lambda: tenant.chat().headers["x-cache-status"] == "HIT")
    hit = told(tenant.gateway, tenant.chat().headers["x-request-id"])
    assert (hit["cache_kind"], hit["similarity"], hit["attempts_detail"]) == ("exact", 1.0, [])
    assert hit["cache_stored_by"] == first.headers["x-request-id"] and hit["cache_age_s"] >= 0
    printed = "".join(logs(tenant.gateway, hit["request_id"]).split())
    assert f"exacthit,similarity1.000,ofentry{hit['cache_entry']},storedbyrequest{hit['cache_stored_by']}" in printed
    assert [row["request_id"] for row in tenant.rows()][-1] in logs(
        tenant.gateway, "--cache", "exact", "--tenant", str(tenant.id)
    )


def test_a_refusal(balanced: Gateway, upstream: Upstream) -> None:
    tenant = balanced.tenant(upstream.url, allowed_models=["m"])
    refused = tenant.chat(model="n")
    assert refused.status_code == 403
    story = told(balanced, refused.headers["x-request-id"])
    assert (story["error"], story["attempts"], story["attempts_detail"]) == ("model_not_allowed", 0, [])
    assert story["model"] == "n"
    printed = logs(balanced, refused.headers["x-request-id"])
    assert "model_not_allowed" in printed and "not asked" in printed
    assert "403" in logs(balanced, "--status", "4xx", "--tenant", str(tenant.id))


def test_an_upstream_whose_name_is_none(balanced: Gateway) -> None:
    answer = balanced.tenant("https://nowhere.invalid").chat()
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_name_unresolved")
    story = told(balanced, answer.headers["x-request-id"])
    assert {attempt["error"] for attempt in story["attempts_detail"]} == {"upstream_name_unresolved"}
    assert "The upstream's name could not be resolved." in logs(balanced, story["request_id"])


def test_an_upstream_that_is_not_there(balanced: Gateway) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        tenant = balanced.tenant(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        answer = tenant.chat()
    assert answer.status_code == 502
    story = told(balanced, answer.headers["x-request-id"])
    assert [attempt["error"] for attempt in story["attempts_detail"]] == ["upstream_unreachable"] * 3
    assert all(attempt["connect_ms"] is None and attempt["status"] is None for attempt in story["attempts_detail"])
    assert "upstream_unreachable: The upstream could not be reached." in logs(balanced, story["request_id"])


def test_a_client_that_goes_away(tenant: Tenant, upstream: Upstream) -> None:
    reached = threading.Event()

    async def hold(asked: Asked) -> None:
        reached.set()
        await asked.until_gone()

    upstream.script = hold
    body = json.dumps({"model": "m", "messages": []}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {tenant.key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with tenant.gateway.connect() as connection:
        connection.sendall(head.encode() + body)
        assert reached.wait(30)
    story = told(tenant.gateway, tenant.wait_rows(1)[0]["request_id"])
    (attempt,) = story["attempts_detail"]
    assert (story["status"], attempt["error"], attempt["status"]) == (499, "client_closed", None)
    assert "The client went away" in logs(tenant.gateway, story["request_id"])


# ---- whose address it was


def test_an_address_that_a_client_claims_is_not_believed(tenant: Tenant) -> None:
    def address(client: httpx.Client, *values: str) -> str:
        headers = [("Authorization", f"Bearer {tenant.key}"), *(("X-Forwarded-For", value) for value in values)]
        answer = client.get("/v1/models", headers=headers)
        return str(told(tenant.gateway, answer.headers["x-request-id"])["client_address"])

    balancer = tenant.gateway.client
    assert address(balancer, f"1.1.1.1, {CLIENT}") == CLIENT
    assert address(balancer, "1.1.1.1", "[2001:db8::5]:443") == "2001:db8::5"
    assert address(balancer, "rubbish") == address(balancer) == "127.0.0.1"
    with tenant.gateway.new_client(address="127.0.7.7") as stranger:
        assert address(stranger, CLIENT) == "127.0.7.7"


def test_failed_logins_count_for_the_client_and_not_for_its_balancer(tenant: Tenant) -> None:
    def fail(forwarded_for: str, key: str = "mg_wrong") -> int:
        headers = {**bearer(key), "X-Forwarded-For": forwarded_for}
        return tenant.gateway.client.get("/v1/models", headers=headers).status_code

    # What the client writes itself, left of the balancer's word, gives it no fresh account.
    assert [fail(f"10.9.8.{number}, 198.51.100.77") for number in range(31)] == [401] * 30 + [429]
    assert fail("198.51.100.78") == 401
    assert fail("198.51.100.77", tenant.key) == 200
    # An IPv6 client counts by its /64.
    assert [fail(f"2001:db8:7::{number:x}") for number in range(31)] == [401] * 30 + [429]
    assert fail("2001:db8:7:1::1") == 401


# ---- what may be used


def test_lists_have_the_models_that_may_be_used(balanced: Gateway, upstream: Upstream) -> None:
    listed = {**MODELS, "data": [{**MODELS["data"][0], "id": name} for name in ("m", "n", "o")]}
    page = {"data": [{"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"} for name in "mno"]}  # fmt: skip  # noqa: E501
    page |= {"has_more": False, "first_id": "m", "last_id": "o"}

    async def list_models(asked: Asked) -> None:
        await asked.answer(page if asked.values("anthropic-version") else listed)

    upstream.script = list_models
    tenant = balanced.tenant(upstream.url, allowed_models=["m", "n"])
    key = tenant.new_key(allowed_models=["n", "o"])["api_key"]
    for credential, names in ((tenant.key, ["m", "n"]), (key, ["n"])):
        with openai.OpenAI(base_url=f"{balanced.url}/v1", api_key=credential, max_retries=0) as client:
            assert [model.id for model in client.models.list()] == names
            with pytest.raises(openai.NotFoundError):
                client.models.retrieve("o")
        with anthropic.Anthropic(base_url=balanced.url, api_key=credential, max_retries=0) as other:
            assert [model.id for model in other.models.list()] == names
            with pytest.raises(anthropic.NotFoundError):
                other.models.retrieve("o")
    assert {coding for asked in upstream.asked for coding in asked.values("accept-encoding")} == {"identity"}
    free = balanced.tenant(upstream.url)
    assert free.request("GET", "/v1/models").content == json.dumps(listed).encode()


def test_a_list_that_is_not_read_whole_is_not_shown(balanced: Gateway, upstream: Upstream) -> None:
    async def endless(asked: Asked) -> None:
        await asked.begin("application/json")
        with suppress(ConnectionError):
            for number in range(200):
                await asked.chunk(b'{"data": [' * (not number) + b'{"id": "secret", "x": "%s"},' % (b"y" * 65_536))

    upstream.script = endless
    answer = balanced.tenant(upstream.url, allowed_models=["m"]).request("GET", "/v1/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_answer_too_large")
    assert b"secret" not in answer.content


def test_a_key_is_blocked_before_its_tenant(strict: Gateway, upstream: Upstream) -> None:
    tenant = strict.tenant(upstream.url)
    made = tenant.new_key(limits={"rate_limit_per_hour": 1})
    key = made["api_key"]
    asked = [strict.client.get("/v1/models", headers=bearer(key)) for _ in range(8)]
    assert [answer.status_code for answer in asked] == [200, *[429] * 5, 403, 403]
    assert asked[-1].json()["error"]["code"] == "key_blocked"
    shown = tenant.admin("GET", f"/keys/{made['id']}").json()
    until = datetime.fromisoformat(shown["blocked_until"])
    assert 200 < (until - datetime.now(UTC)).total_seconds() <= 300
    listed = {each["id"]: each["blocked_until"] for each in tenant.admin("GET", "/keys").json()["data"]}
    assert listed[made["id"]] and sum(map(bool, listed.values())) == 1
    tenant.admin("POST", "/unblock")
    assert tenant.admin("GET", f"/keys/{made['id']}").json()["blocked_until"] is None
    assert tenant.request("GET", "/v1/models").status_code == 200


# ---- following


def test_following_over_a_restart_loses_and_doubles_nothing(folder: Path, upstream: Upstream) -> None:
    (data_dir := folder / "followed").mkdir(mode=0o711)
    upstream.script = lambda asked: asked.answer(completion("fine"))
    asked: list[str] = []

    def ask(tenant: Tenant) -> None:
        asked.extend(tenant.chat(f"question {number}").headers["x-request-id"] for number in range(20))

    with Gateway(data_dir, "--no-demo") as first:
        first.wait_ready()
        tenant = first.tenant(upstream.url)
        ask(tenant)
        tenant.wait_rows(20)
        following = command(first, "logs", "--follow", "--json", "--limit", "5", preexec_fn=_interruptible)
        seen: list[str] = []
        errors: list[str] = []
        readers = [
            threading.Thread(target=lambda: seen.extend(following.stdout or ()), daemon=True),
            threading.Thread(target=lambda: errors.extend(following.stderr or ()), daemon=True),
        ]
        for reader in readers:
            reader.start()
        wait_until(lambda: len(seen) == 5)
        ask(tenant)
    with Gateway(data_dir, "--no-demo", port=first.port) as second:
        wait_until(lambda: len(errors) == 1)
        second.wait_ready()
        ask(Tenant(second, tenant.id, tenant.key))
        wait_until(lambda: len(seen) >= 45, lambda: f"{len(seen)} lines")
        following.send_signal(signal.SIGINT)
        assert following.wait(30) == 130
    for reader in readers:
        reader.join(30)
    ids = [json.loads(line)["request_id"] for line in seen]
    assert sorted(ids) == sorted(asked[15:]) and len(errors) == 1 and "waiting" in errors[0]


def _interruptible() -> None:
    """Where the tests run in the background, SIGINT is ignored from the start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_watching_shows_what_ends(tenant: Tenant) -> None:
    watching = command(tenant.gateway, "stats", str(tenant.id), "--watch", "0.5", "--json", preexec_fn=_interruptible)
    counted = 0
    asking = True
    assert watching.stdout is not None
    for line in watching.stdout:
        if asking:
            for _ in range(7):
                tenant.chat("the same")
            asking = False
        counted += json.loads(line)["requests"]
        if counted >= 7:
            break
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=30)
    assert (watching.returncode, counted) == (130, 7)


# ---- what the vendor said


def test_a_vendors_error(tenant: Tenant, upstream: Upstream) -> None:
    async def refuse(asked: Asked) -> None:
        error = {
            "message": "No\nsuch model: sk-proj-abcdefghijklmnop\x07",
            "type": "invalid_request_error",
            "code": "x_y",
        }
        await asked.answer({"error": error}, "404 Not Found", [("X-Request-ID", "req_vendor/1")])

    upstream.script = refuse
    answer = tenant.chat()
    assert answer.json()["error"]["code"] == "x_y"
    story = told(tenant.gateway, answer.headers["x-request-id"])
    assert (story["status"], story["vendor_error_code"], story["upstream_request_id"]) == (404, "x_y", "req_vendor/1")
    assert story["vendor_error_message"] == "No such model: sk-***"
    printed = logs(tenant.gateway, "req_vendor/1")
    assert story["request_id"] in printed and "x_y: No such model" in printed


def test_a_5xx_that_is_no_json_keeps_its_status_and_text(tenant: Tenant, upstream: Upstream) -> None:
    async def crash(asked: Asked) -> None:
        page = b"<html><head><title>503</title></head><body>Our\r\ndatabase is away</body></html>" + b"x" * 9000
        await asked.answer(page, "503 Busy", [("CF-Ray", "8f1-FRA"), ("Retry-After", "0")], kind="text/html")

    upstream.script = crash
    answer = tenant.chat()
    assert answer.status_code == 502 and "database" not in answer.text
    story = told(tenant.gateway, answer.headers["x-request-id"])
    assert (story["status"], story["error"], story["upstream_request_id"]) == (503, "upstream_error", "8f1-FRA")
    assert story["vendor_error_message"].startswith("503 Our database is away x")
    assert len(story["vendor_error_message"]) == 500
    assert {attempt["upstream_request_id"] for attempt in story["attempts_detail"]} == {"8f1-FRA"}


def test_our_own_answers_to_anthropics_clients_have_their_request_id(tenant: Tenant, upstream: Upstream) -> None:
    refused = tenant.post("/v1/messages", content=b"{", headers={"Content-Type": "application/json"})
    assert refused.headers["request-id"] == refused.headers["x-request-id"]
    nobody = tenant.gateway.client.post("/v1/messages", json={}, headers={"X-Api-Key": "mg_none"})
    assert nobody.status_code == 401 and nobody.headers["request-id"] == nobody.headers["x-request-id"]
    assert "request-id" not in tenant.chat(model=5).headers

    async def answer(asked: Asked) -> None:
        await asked.answer({"type": "message"}, headers=[("request-id", "req_theirs")])

    upstream.script = answer
    theirs = tenant.message()
    assert theirs.headers["request-id"] == "req_theirs"
    assert told(tenant.gateway, theirs.headers["x-request-id"])["upstream_request_id"] == "req_theirs"
