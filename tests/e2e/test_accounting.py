"""One row for each request that resolved to a tenant, whatever its end; none lost or doubled whatever dies."""

from __future__ import annotations

import json
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, stranger, wait_until
from tests.e2e.load import CHAT, Load, check_rows
from tests.e2e.upstream import DONE, USAGE, Asked, Upstream, llm, message_events, piece


@pytest.fixture
def impatient(strict: Gateway, upstream: Upstream) -> Tenant:
    return strict.tenant(upstream.url)


def raw_request(tenant: Tenant, *more: str, body: dict[str, Any] | None = None) -> bytes:
    data = json.dumps(body or {"model": "m", "messages": []}).encode()
    lines = [f"POST {CHAT} HTTP/1.1", "Host: gw", f"Authorization: Bearer {tenant.key}", *more]
    lines += ["Content-Type: application/json", f"Content-Length: {len(data)}", "", ""]
    return "\r\n".join(lines).encode() + data


def reset(connection: socket.socket) -> None:
    """Leaves without a word: RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# ---- one row each, with the right fields


def test_a_miss(tenant: Tenant, upstream: Upstream) -> None:
    answer = tenant.chat(headers={"X-Request-Id": "mine-1"})
    row = tenant.only_row()
    assert row["request_id"] == answer.headers["x-request-id"] != "mine-1"
    assert answer.headers["x-client-request-id"] == row["client_request_id"] == "mine-1"
    expected = {
        "tenant_id": tenant.id,
        "method": "POST",
        "endpoint": CHAT,
        "status": 200,
        "model": "m",
        "client_format": "openai",
        "streamed": False,
        "upstream": f"127.0.0.1:{upstream.port}",
        "attempts": 1,
        "cache": "miss",
        "cache_kind": None,
        "prompt_tokens": 9,
        "completion_tokens": 12,
        "error": None,
        "response_bytes": len(answer.content),
        "request_bytes": int(answer.request.headers["content-length"]),
    }
    assert {name: row[name] for name in expected} == expected
    assert row["key_id"] and row["latency_ms"] >= row["first_byte_ms"] > 0


def test_a_hit(tenant: Tenant) -> None:
    tenant.chat()
    wait_until(lambda: tenant.chat().headers["x-cache-status"] == "HIT")
    hits = [row for row in tenant.rows() if row["cache"] == "hit"] or [tenant.wait_rows(2)[-1]]
    full = tenant.gateway.admin("GET", f"/admin/usage/{hits[-1]['request_id']}").json()
    assert (full["status"], full["cache_kind"], full["similarity"], full["attempts"]) == (200, "exact", 1.0, 0)
    assert full["upstream"] is None and full["first_byte_ms"] is None
    assert (full["prompt_tokens"], full["completion_tokens"]) == (9, 12)


def test_bypass_and_refresh(tenant: Tenant) -> None:
    tenant.chat(headers={"X-Cache-Mode": "off"})
    tenant.chat(headers={"Cache-Control": "no-cache"})
    assert [row["cache"] for row in tenant.wait_rows(2)] == ["bypass", "refresh"]


def test_tokens_of_a_message_count_the_vendors_own_prompt_cache(tenant: Tenant) -> None:
    tenant.message()
    row = tenant.only_row()
    assert row["client_format"] == "anthropic" and row["endpoint"] == "/v1/messages"
    tokens = [row[f"{name}_tokens"] for name in ("prompt", "cached_prompt", "cache_write", "completion")]
    assert tokens == [10, 2, 1, 12]


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_tokens_of_a_stream(tenant: Tenant, path: str) -> None:
    answer = tenant.post(path, json={"model": "m", "messages": [], "max_tokens": 9, "stream": True})
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/event-stream"
    row = tenant.only_row()
    assert (row["status"], row["streamed"], row["error"], row["cache"]) == (200, True, None, "miss")
    names = ("prompt", "cached_prompt", "cache_write", "completion", "reasoning")
    expected = [9, 4, None, 12, 5] if path == CHAT else [10, 2, 1, 12, None]
    assert [row[f"{name}_tokens"] for name in names] == expected
    assert row["response_bytes"] == len(answer.content)


def test_embeddings(tenant: Tenant) -> None:
    tenant.post("/v1/embeddings", json={"model": "m", "input": "hi"})
    row = tenant.only_row()
    assert (row["endpoint"], row["prompt_tokens"], row["completion_tokens"]) == ("/v1/embeddings", 3, None)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_methods_without_a_body(tenant: Tenant, upstream: Upstream, method: str) -> None:
    assert tenant.request(method, "/v1/models").status_code == 200
    row = tenant.only_row()
    assert (row["method"], row["status"], row["cache"]) == (method, 200, None)
    assert upstream.asked[0].method == method


def test_an_upload(tenant: Tenant) -> None:
    tenant.post("/v1/files", files={"file": b"x" * 300_000})
    row = tenant.only_row()
    assert (row["endpoint"], row["status"], row["attempts"]) == ("/v1/files", 200, 1)
    assert row["request_bytes"] > 300_000 and row["model"] is None


def test_retries_are_counted(tenant: Tenant, upstream: Upstream) -> None:
    async def busy_twice(asked: Asked) -> None:
        await asked.answer({"error": {"message": "busy"}}, "503 Busy" if asked.number < 3 else "200 OK")

    upstream.script = busy_twice
    assert tenant.chat().headers["x-upstream-attempts"] == "3"
    assert tenant.only_row()["attempts"] == 3


REFUSALS: dict[str, tuple[dict[str, Any], int, str]] = {
    "rubbish": ({"content": b"{nope"}, 400, "invalid_json"),
    "no object": ({"content": b"[1]"}, 400, "invalid_json"),
    "bad model": ({"content": b'{"model": 5}'}, 400, "invalid_model"),
    "bad timeout": ({"content": b"{}", "headers": {"X-Timeout-Ms": "soon"}}, 400, "invalid_header"),
    "media type": ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_request(tenant: Tenant, upstream: Upstream, name: str) -> None:
    request, status, error = REFUSALS[name]
    headers = {"Content-Type": "application/json", **request.get("headers", {})}
    answer = tenant.post(CHAT, content=request["content"], headers=headers)
    row = tenant.only_row()
    assert answer.status_code == row["status"] == status
    assert (row["error"], row["attempts"], row["cache"], row["upstream"]) == (error, 0, None, None)
    assert not upstream.asked


def test_413_by_length_and_by_counting(impatient: Tenant, upstream: Upstream) -> None:
    large = b"x" * 5_000_000
    headers = {"Content-Type": "application/json"}
    assert impatient.post(CHAT, content=large, headers=headers).status_code == 413
    assert impatient.post(CHAT, content=iter([large]), headers=headers).status_code == 413
    assert [(row["status"], row["error"]) for row in impatient.wait_rows(2)] == [(413, "request_too_large")] * 2
    assert not upstream.asked


def test_403_and_429(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=1, allowed_models=["m"])
    tenant.chat(model="other")
    tenant.chat(headers=bearer(tenant.new_key(scopes=["models"])["api_key"]))
    tenant.chat()
    tenant.chat()
    tenant.admin("POST", "/block")
    tenant.chat()
    rows = tenant.wait_rows(5)
    assert [(row["status"], row["error"]) for row in rows] == [
        (403, "model_not_allowed"),
        (403, "scope_missing"),
        (200, None),
        (429, "rate_limit_exceeded"),
        (403, "tenant_blocked"),
    ]


def test_what_resolved_to_no_tenant_leaves_no_row(gateway: Gateway, upstream: Upstream) -> None:
    before = len(gateway.admin("GET", "/admin/usage?limit=1000&from=2020-01-01").json()["data"])
    tenant = gateway.tenant(upstream.url)
    with gateway.new_client(address=stranger()) as client:
        client.get("/v1/models")
        client.get("/v1/models", headers=bearer("nope"))
        client.get("/nowhere", headers=bearer(tenant.key))
        client.get("/health", headers=bearer(tenant.key))
        client.post("/auth/token", json={"api_key": tenant.key})
        client.get("/admin/tenants", headers=bearer(tenant.key))
    tenant.chat()
    assert tenant.only_row()["status"] == 200
    if before < 999:
        assert len(gateway.admin("GET", "/admin/usage?limit=1000&from=2020-01-01").json()["data"]) == before + 1


def test_502_when_the_upstream_breaks(tenant: Tenant, upstream: Upstream) -> None:
    async def cut(asked: Asked) -> None:
        asked.break_off()

    upstream.script = cut
    assert tenant.chat().status_code == 502
    row = tenant.only_row()
    assert (row["status"], row["error"], row["attempts"]) == (502, "upstream_reset", 3)


def test_504_when_the_upstream_is_silent(impatient: Tenant, upstream: Upstream) -> None:
    async def silent(asked: Asked) -> None:
        await asked.until_gone()

    upstream.script = silent
    assert impatient.chat().status_code == 504
    row = impatient.only_row()
    assert (row["status"], row["error"], row["attempts"]) == (504, "upstream_first_byte_timeout", 1)


def test_an_upstreams_own_error_is_the_rows_status(tenant: Tenant, upstream: Upstream) -> None:
    async def no(asked: Asked) -> None:
        await asked.answer({"error": {"message": "no such parameter"}}, "400 Bad Request")

    upstream.script = no
    assert tenant.chat().json() == {"error": {"message": "no such parameter"}}
    assert (tenant.only_row()["status"], tenant.only_row()["attempts"]) == (400, 1)


# ---- clients that leave


def test_499_when_the_client_leaves_before_the_answer(tenant: Tenant, upstream: Upstream) -> None:
    async def silent(asked: Asked) -> None:
        await asked.until_gone()

    upstream.script = silent
    connection = tenant.gateway.connect()
    connection.sendall(raw_request(tenant))
    wait_until(lambda: upstream.asked)
    reset(connection)
    row = tenant.only_row()
    assert (row["status"], row["error"], row["attempts"]) == (499, "client_closed", 1)
    assert upstream.asked[0].gone.is_set()


def test_499_when_the_client_leaves_within_its_body(tenant: Tenant, upstream: Upstream) -> None:
    connection = tenant.gateway.connect()
    connection.sendall(raw_request(tenant)[:-5])
    connection.close()
    row = tenant.only_row()
    assert (row["status"], row["error"], row["attempts"]) == (499, "client_closed", 0)
    assert not upstream.asked


def test_499_when_the_client_leaves_mid_stream(tenant: Tenant, upstream: Upstream) -> None:
    async def endless(asked: Asked) -> None:
        await asked.begin()
        await asked.chunk(piece("one"))
        await asked.until_gone()

    upstream.script = endless
    with tenant.gateway.new_client() as client:
        body = {"model": "m", "messages": [], "stream": True}
        with client.stream("POST", CHAT, json=body, headers=bearer(tenant.key)) as answer:
            assert next(answer.iter_raw())
    row = tenant.only_row()
    assert (row["status"], row["error"], row["streamed"]) == (499, "client_closed", True)
    wait_until(lambda: upstream.asked[0].gone.is_set())


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_a_client_that_leaves_after_the_terminal_event_had_a_whole_answer(
    tenant: Tenant, upstream: Upstream, path: str
) -> None:
    async def lingering(asked: Asked) -> None:
        await asked.begin()
        for step in [piece("one"), USAGE, DONE] if path == CHAT else message_events("one"):
            await asked.chunk(step)
        await asked.until_gone()  # the connection itself does not end

    upstream.script = lingering
    last = b"[DONE]" if path == CHAT else b"message_stop"
    with tenant.gateway.new_client() as client:
        body = {"model": "m", "messages": [], "max_tokens": 9, "stream": True}
        with client.stream("POST", path, json=body, headers=bearer(tenant.key)) as answer:
            seen = b""
            for chunk in answer.iter_raw():
                seen += chunk
                if last in seen:
                    break
    row = tenant.only_row()
    assert (row["status"], row["error"], row["completion_tokens"]) == (200, None, 12)


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_502_when_the_upstream_cuts_the_stream(tenant: Tenant, upstream: Upstream, path: str) -> None:
    async def cut(asked: Asked) -> None:
        await asked.begin()
        for step in message_events("one")[:2] if path == "/v1/messages" else [piece("one")]:
            await asked.chunk(step)
        asked.break_off()

    upstream.script = cut
    body = {"model": "m", "messages": [], "max_tokens": 9, "stream": True}
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.post(path, json=body)
    row = tenant.only_row()
    assert (row["status"], row["error"]) == (502, "upstream_reset")


def test_504_when_a_stream_stops(impatient: Tenant, upstream: Upstream) -> None:
    async def stop(asked: Asked) -> None:
        await asked.begin()
        await asked.chunk(piece("one"))
        await asked.until_gone()

    upstream.script = stop
    with pytest.raises(httpx.RemoteProtocolError):
        impatient.chat(stream=True)
    row = impatient.only_row()
    assert (row["status"], row["error"]) == (504, "upstream_idle_timeout")


def test_499_when_the_client_leaves_an_upload(tenant: Tenant, upstream: Upstream) -> None:
    connection = tenant.gateway.connect()
    lines = ["POST /v1/files HTTP/1.1", "Host: gw", f"Authorization: Bearer {tenant.key}", "Content-Length: 5000000"]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + b"x" * 1_000_000)
    wait_until(lambda: upstream.connections)
    reset(connection)
    row = tenant.only_row()
    assert (row["status"], row["error"], row["endpoint"]) == (499, "client_closed", "/v1/files")


def test_pipelined_requests_have_a_row_each(tenant: Tenant) -> None:
    reply = tenant.gateway.ask_raw(raw_request(tenant) * 3)
    assert reply.count(b"HTTP/1.1 200 ") == 3
    ids = {line[14:] for line in reply.lower().split(b"\r\n") if line.startswith(b"x-request-id: ")}
    assert {row["request_id"].encode() for row in tenant.wait_rows(3)} == ids


# ---- sums


def test_analytics_equal_the_rows(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=9)
    for number in range(4):
        tenant.chat(f"{number % 2}")
    tenant.message()
    tenant.chat(model="n")
    tenant.post(CHAT, content=b"{nope", headers={"Content-Type": "application/json"})
    tenant.request("GET", "/v1/models")
    for _ in range(4):
        tenant.chat("over", headers={"X-Cache-Mode": "off"})
    rows = tenant.wait_rows(12)
    told = tenant.analytics()
    caches = Counter(row["cache"] for row in rows)
    good = sum(row["status"] < 400 for row in rows)
    assert told["total_requests"] == 12
    assert told["success_rate"] == round(100 * good / 12, 2)
    assert told["cache_hit_rate"] == round(100 * caches["hit"] / (caches["hit"] + caches["miss"]), 2)
    assert told["tokens"]["prompt"] == sum(row["prompt_tokens"] or 0 for row in rows)
    assert told["tokens"]["completion"] == sum(row["completion_tokens"] or 0 for row in rows)
    latencies = sum(row["latency_ms"] for row in rows)
    assert told["avg_response_time_ms"] == pytest.approx(latencies / 12, abs=0.01)
    endpoints = Counter(row["endpoint"] for row in rows)
    assert {each["endpoint"]: each["requests"] for each in told["top_endpoints"]} == endpoints
    models = Counter(row["model"] for row in rows if row["model"] and row["status"] < 400)
    assert {each["model"]: each["requests"] for each in told["top_models"]} == models
    assert sum(hour["requests"] for hour in told["by_hour"]) == 12


def test_rows_are_found_by_status_cache_and_tenant(tenant: Tenant) -> None:
    tenant.chat()
    wait_until(lambda: tenant.chat().headers["x-cache-status"] == "HIT")
    tenant.post(CHAT, content=b"{", headers={"Content-Type": "application/json"})
    wait_until(lambda: tenant.rows()[-1:] and tenant.rows()[-1]["status"] == 400)
    for wanted, fits in (
        ("cache=hit", lambda row: row["cache"] == "hit"),
        ("status=4xx", lambda row: row["status"] == 400),
        ("status=200", lambda row: row["status"] == 200),
    ):
        found = tenant.gateway.admin("GET", f"/admin/usage?tenant_id={tenant.id}&{wanted}").json()["data"]
        assert found == [row for row in tenant.rows()[::-1] if fits(row)]


# ---- deaths under load


@pytest.fixture
def load(rough: Gateway, upstream: Upstream) -> Iterator[Load]:
    upstream.script = llm
    with Load(rough.tenant(upstream.url)) as load:
        load.wait_for(20)
        yield load


@pytest.mark.parametrize("words", ["postgres/data", "valkey-server", "mitmgate.control", "--worker 0"])
def test_no_row_is_lost_or_doubled_when_a_process_is_killed(load: Load, rough: Gateway, words: str) -> None:
    rough.kill(words)
    load.wait_for(150)
    rough.wait_healthy()
    load.wait_for(20)
    load.end()
    if words != "--worker 0":
        assert load.cut == 0
        assert {status for _, status in load.answered} == {200}
    check_rows(load)


def test_no_row_is_lost_or_doubled_when_all_stores_and_control_are_killed_at_once(load: Load, rough: Gateway) -> None:
    for words in ("postgres/data", "mitmgate.control", "valkey-server", "--worker 1"):
        rough.kill(words)
    load.wait_for(150)
    rough.wait_healthy()
    load.end()
    check_rows(load)


def test_rows_written_while_postgresql_is_away_arrive_later(rough: Gateway, upstream: Upstream) -> None:
    tenant = rough.tenant(upstream.url)
    rough.kill("postgres/data")
    answers = [tenant.chat(headers={"X-Cache-Mode": "off"}) for _ in range(40)]
    wait_until(lambda: tenant.admin("GET", "/usage").status_code == 200)
    rows = tenant.wait_rows(40)
    assert {row["request_id"] for row in rows} == {answer.headers["x-request-id"] for answer in answers}


def test_the_answer_is_in_the_journal_before_the_client_has_its_end(rough: Gateway, upstream: Upstream) -> None:
    """Killed the moment the last byte is here: the rows of all that was answered are there all the same."""
    tenant = rough.tenant(upstream.url)
    ids = []
    for _ in range(2):
        with rough.new_client() as client:
            answer = client.post(CHAT, json={"model": "m", "messages": [], "stream": True}, headers=bearer(tenant.key))
            ids.append(answer.headers["x-request-id"])
        for words in ("--worker 0", "--worker 1"):
            rough.kill(words)
        rough.wait_healthy()
    assert [row["request_id"] for row in tenant.wait_rows(2)] == ids
