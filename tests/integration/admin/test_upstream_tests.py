"""An upstream tried on real sockets: each step's failure made to happen, and told without the credential."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mitmgate.control import upstream_tests
from mitmgate.core.settings import Upstream
from tests.e2e.certificates import Authority
from tests.integration.admin.conftest import Admin

CREDENTIAL = "sk-proj-Zq8sPfT3nV5xLw2k"
AUTH = {"header": "Authorization", "value": f"Bearer {CREDENTIAL}"}
WHOLE = {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "pong"}}]}
STEPS = ["dns", "address", "tcp", "tls", "credential", "model"]


def answering(status: int, body: Any, **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Vendor:
    """Answers each request with the next of the answers (the last again and again), and keeps what it was asked."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[bytes, bytes]] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if b"content-length" in line),
                    0,
                )
                self.asked.append((head, await reader.readexactly(length)))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is None:
                    await asyncio.sleep(60)
                else:
                    writer.write(answer)
                    if b"Content-Length" not in answer:
                        writer.close()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(vendor: Vendor, tls: ssl.SSLContext | None = None) -> AsyncIterator[Vendor]:
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0, ssl=tls)
    vendor.port = server.sockets[0].getsockname()[1]
    try:
        yield vendor
    finally:
        server.close()


async def tried(admin: Admin, url: str, model: str | None = "gpt-x", **tenant: Any) -> dict[str, Any]:
    """The answer of a test of a new tenant's upstream, its steps by name."""
    wanted = {"backend_url": url, "allow_private_upstream": True, "upstream_auth": AUTH, **tenant}
    made = await admin.tenant(**wanted)
    answer = await admin("POST", f"/tenants/{made['id']}/test-upstream", {"model": model})
    assert answer.status_code == 200, answer.text
    assert CREDENTIAL not in answer.text
    told: dict[str, Any] = answer.json()
    assert [step["name"] for step in told["steps"]] == STEPS
    states = {step["name"]: step["state"] for step in told["steps"]}
    assert told["ok"] == ("failed" not in states.values())
    return {**told, "states": states, "details": {step["name"]: step["detail"] for step in told["steps"]}}


def failed_at(told: dict[str, Any]) -> str:
    failed = [name for name, state in told["states"].items() if state == "failed"]
    assert len(failed) == 1, told
    return failed[0]


async def test_an_upstream_that_works(admin: Admin) -> None:
    async with listening(Vendor(answering(200, WHOLE))) as vendor:
        told = await tried(admin, f"http://127.0.0.1:{vendor.port}/base/v1")
        assert told["ok"] and told["model"] == "gpt-x"
        assert told["states"] == {**dict.fromkeys(STEPS, "ok"), "tls": "skipped"}
        assert all(step["ms"] >= 0 for step in told["steps"] if step["state"] == "ok")
        head, body = vendor.asked[0]
        assert head.startswith(b"POST /base/v1/chat/completions HTTP/1.1\r\n")
        assert f"Authorization: Bearer {CREDENTIAL}".encode() in head
        assert json.loads(body) == {
            "model": "gpt-x",
            "messages": [{"role": "user", "content": "ping"}],
            "max_tokens": 1,
        }


async def test_anthropics_format(admin: Admin) -> None:
    async with listening(Vendor(answering(200, {"type": "message", "content": []}))) as vendor:
        auth = {"header": "x-api-key", "value": CREDENTIAL}
        told = await tried(admin, f"http://127.0.0.1:{vendor.port}", upstream_format="anthropic", upstream_auth=auth)
        assert told["ok"]
        head = vendor.asked[0][0].lower()
        assert head.startswith(b"post /v1/messages ") and b"anthropic-version: 2023-06-01" in head


async def test_which_model_is_asked(admin: Admin) -> None:
    async with listening(Vendor(answering(200, WHOLE))) as vendor:
        url = f"http://127.0.0.1:{vendor.port}"
        told = await tried(admin, url, None, name="a", default_model="short", model_aliases={"short": "long"})
        assert told["model"] == "long" and json.loads(vendor.asked[-1][1])["model"] == "long"
        assert (await tried(admin, url, None, name="b", allowed_models=["m1", "m2"]))["model"] == "m1"
        made = await admin.tenant("c", allowed_models=["m1"])
        refused = await admin("POST", f"/tenants/{made['id']}/test-upstream", {"model": "other"})
        assert refused.status_code == 422 and refused.json()["error"]["code"] == "model_not_allowed"


async def test_without_a_model_the_list_of_models_is_asked_for(admin: Admin) -> None:
    listed = {"data": [{"id": f"model-{number}"} for number in range(7)]}
    async with listening(Vendor(answering(200, listed))) as vendor:
        told = await tried(admin, f"http://127.0.0.1:{vendor.port}", None)
        assert told["ok"] and told["model"] is None and told["states"]["model"] == "skipped"
        assert "model-0, model-1" in told["details"]["model"] and "2 more" in told["details"]["model"]
        assert vendor.asked[0][0].startswith(b"GET /v1/models ")


async def test_models_that_want_the_newer_limit_get_it(admin: Admin) -> None:
    wants = {"error": {"message": "Unsupported parameter: use 'max_completion_tokens' instead.", "param": "max_tokens"}}
    async with listening(Vendor(answering(400, wants), answering(200, WHOLE))) as vendor:
        assert (await tried(admin, f"http://127.0.0.1:{vendor.port}"))["ok"]
        assert [json.loads(body).get("max_completion_tokens") for _, body in vendor.asked] == [None, 16]


@pytest.mark.parametrize(
    ("status", "body", "step", "said"),
    [
        (
            401,
            {"error": {"message": f"Wrong: {CREDENTIAL}", "code": "invalid_api_key"}},
            "credential",
            "invalid_api_key",
        ),
        (403, {"error": {"message": "Your region is not served.", "type": "permission_error"}}, "credential", "403"),
        (404, {"error": {"message": "The model gpt-x is unknown.", "code": "no_model"}}, "model", "gpt-x is unknown"),
        (429, {"error": {"message": f"Limit of {CREDENTIAL[:12]}*** reached"}}, "model", "quotes the credential"),
        (429, {"error": {"message": "You exceeded your quota.", "type": "insufficient_quota"}}, "model", "your quota"),
        (500, b"<html>a stack trace</html>", "model", "the upstream failed"),
        (301, b"", "model", "redirects"),
        (200, {"hello": "world"}, "model", "not in the format openai"),
        (200, b"not json", "model", "not in the format openai"),
    ],
)
async def test_what_an_answer_says_of_credential_and_model(
    admin: Admin, status: int, body: Any, step: str, said: str
) -> None:
    async with listening(Vendor(answering(status, body, Location="http://elsewhere/"))) as vendor:
        told = await tried(admin, f"http://127.0.0.1:{vendor.port}")
        assert failed_at(told) == step and said in told["details"][step]
        assert "stack trace" not in str(told) and len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"220 smtp.example.com ESMTP\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "no answer within"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "closed before"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2 << 20), "longer than"),
        (None, "no answer within 0.3 s"),
    ],
)
async def test_answers_that_are_none(admin: Admin, answer: bytes | None, said: str) -> None:
    upstream = replace(admin.control.settings.upstream, first_byte_s=0.15, idle_s=0.15)
    admin.control.settings = replace(admin.control.settings, upstream=upstream)
    async with listening(Vendor(answer)) as vendor:
        told = await tried(admin, f"http://127.0.0.1:{vendor.port}")
        assert failed_at(told) == "model" and said in told["details"]["model"]


async def test_a_name_that_does_not_resolve(admin: Admin) -> None:
    told = await tried(admin, "https://nowhere.example.com")
    assert failed_at(told) == "dns" and "nowhere.example.com does not resolve" in told["details"]["dns"]
    assert set(told["states"].values()) == {"failed", "skipped"}


async def test_an_address_that_is_refused_only_now(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await admin.tenant(backend_url="https://api.example.com")

    async def rebound(host: str) -> list[str]:
        return ["10.1.2.3"]

    admin.control.resolve = rebound
    told = (await admin("POST", f"/tenants/{made['id']}/test-upstream")).json()
    address = next(step for step in told["steps"] if step["name"] == "address")
    assert address["state"] == "failed" and "10.1.2.3 is a private address" in address["detail"]
    assert "allow_private_upstream would permit it" in address["detail"]


async def test_a_port_where_nobody_listens(admin: Admin) -> None:
    async with listening(Vendor(None)) as vendor:
        port = vendor.port
    told = await tried(admin, f"http://127.0.0.1:{port}")
    assert failed_at(told) == "tcp" and told["details"]["tcp"] == f"127.0.0.1:{port}: refused"


async def test_a_name_with_one_address_that_is_dead(admin: Admin) -> None:
    async def two(host: str) -> list[str]:
        return ["::1", "127.0.0.1"]

    async with listening(Vendor(answering(200, WHOLE))) as vendor:
        admin.control.resolve = two
        told = await tried(admin, f"http://api.example.com:{vendor.port}")
        assert told["ok"]
        assert f"connected to 127.0.0.1:{vendor.port}" in told["details"]["tcp"]
        assert f"[::1]:{vendor.port}" in told["details"]["tcp"]


def with_names(admin: Admin, authority: Authority, port: int, *names: str) -> None:
    resolve = {f"{name}:443": f"127.0.0.1:{port}" for name in names}
    upstream = Upstream(ca_file=authority.file, resolve=resolve)
    admin.control.settings = replace(admin.control.settings, upstream=upstream)


async def test_tls_by_upstream_resolve_and_ca_file(admin: Admin, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    async with listening(Vendor(answering(200, WHOLE)), authority.server_context("api.vendor.test")) as vendor:
        with_names(admin, authority, vendor.port, "api.vendor.test", "other.vendor.test")
        told = await tried(admin, "https://api.vendor.test")
        assert told["ok"] and told["states"]["tls"] == "ok", told
        assert "upstream.resolve" in told["details"]["dns"] and "TLSv1.3" in told["details"]["tls"]
        told = await tried(admin, "https://other.vendor.test", name="other")
        assert failed_at(told) == "tls" and "not valid for 'other.vendor.test'" in told["details"]["tls"]
        assert len(vendor.asked) == 1  # no credential goes where the certificate is not right


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (lambda folder, ours: ours.server_context("api.vendor.test", expired=True), "expired"),
        (lambda folder, ours: Authority(folder, "unknown").server_context("api.vendor.test"), "not accepted"),
        (lambda folder, ours: None, "no handshake"),
    ],
)
async def test_tls_that_is_not_right(
    admin: Admin, tmp_path: Path, context: Callable[[Path, Authority], ssl.SSLContext | None], said: str
) -> None:
    authority = Authority(tmp_path, "authority")
    async with listening(Vendor(answering(200, WHOLE)), context(tmp_path, authority)) as vendor:
        with_names(admin, authority, vendor.port, "api.vendor.test")
        told = await tried(admin, "https://api.vendor.test")
        assert failed_at(told) == "tls" and said in told["details"]["tls"] and not vendor.asked


async def test_the_whole_is_bounded(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream_tests, "TOTAL_S", 0.3)

    async def for_ever(host: str) -> list[str]:
        await asyncio.sleep(60)
        return []

    made = await admin.tenant(backend_url="https://api.example.com")
    admin.control.resolve = for_ever
    told = (await admin("POST", f"/tenants/{made['id']}/test-upstream")).json()
    assert not told["ok"] and told["steps"][0]["name"] == "dns" and told["steps"][0]["state"] == "failed"
    assert "time for the whole test" in told["steps"][0]["detail"]


async def test_settings_that_rule_it_out(admin: Admin) -> None:
    made = await admin.tenant(upstream_auth=AUTH)
    path = f"/tenants/{made['id']}/test-upstream"
    before = admin.control.settings
    admin.control.settings = replace(before, upstream=Upstream(allowed_hosts=("*.openai.com",)))
    told = (await admin("POST", path)).json()
    assert told["steps"][0]["name"] == "settings" and "allowed_hosts" in told["steps"][0]["detail"] and not told["ok"]
    admin.control.settings = before
    admin.control.secrets = replace(admin.control.secrets, master_keys={"k2": b"n" * 32})
    told = (await admin("POST", path)).json()
    assert "master key" in told["steps"][0]["detail"] and not told["ok"]


async def test_who_may_and_what_is_kept_of_it(admin: Admin) -> None:
    made = await admin.tenant()
    viewer = (await admin("POST", "/tokens", {"name": "v", "role": "viewer"})).json()["token"]
    path = f"/tenants/{made['id']}/test-upstream"
    assert (await admin.with_token(viewer)("POST", path)).status_code == 403
    assert (await admin("POST", "/tenants/999/test-upstream")).status_code == 404
    assert (await admin("POST", path, {"models": "x"})).status_code == 422
    admin.control.settings = replace(admin.control.settings, upstream=Upstream(allowed_hosts=("no.test",)))
    assert (await admin("POST", path, {"model": "m"})).status_code == 200
    row = await admin.pool.fetchrow("SELECT actor, details::text FROM audit_log WHERE action = 'tenant.test_upstream'")
    assert row["actor"] == "admin-token" and json.loads(row["details"]) == {"model": "m"}


async def test_only_a_few_at_a_time(admin: Admin) -> None:
    made = await admin.tenant()
    for _ in range(4):
        await admin.control.upstream_tests.acquire()
    refused = await admin("POST", f"/tenants/{made['id']}/test-upstream")
    assert refused.status_code == 503 and refused.headers["retry-after"] == "5"
