"""The hourly quota: exact over all workers, told in headers, followed by a block, and what holds without Valkey."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, both_formats, error_of, in_parallel, wait_until
from tests.e2e.upstream import Upstream

REQUESTS, LIMIT = 1000, 100


@pytest.fixture
def many_files() -> Iterator[None]:
    """A thousand connections, and those to the upstream, are more files than many a shell allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < 4096:
        wanted = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def stopped(gateway: Gateway, words: str) -> Iterator[None]:
    """The process stands still: its connections stay open and nothing answers."""
    pid = gateway.child(words)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def everywhere(gateway: Gateway) -> list[dict[str, Any]]:
    """What several connections, so both workers, are told of the gateway's health."""
    return [gateway.health() for _ in range(12)]


async def ask_at_once(tenant: Tenant, count: int) -> list[tuple[int, bytes]]:
    """Status and head of as many answers to requests on connections of their own, all open before the first is sent."""
    body = b'{"model":"m","messages":[]}'
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: gw", f"Authorization: Bearer {tenant.key}"]
    lines += ["Content-Type: application/json", "X-Cache-Mode: off", f"Content-Length: {len(body)}", "", ""]
    request = "\r\n".join(lines).encode() + body
    connections = []
    for _ in range(count):
        connections.append(await asyncio.open_connection("127.0.0.1", tenant.gateway.port))

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head[9:12]), head

    try:
        async with asyncio.timeout(60):
            return await asyncio.gather(*(ask(*connection) for connection in connections))
    finally:
        for _, writer in connections:
            writer.close()


async def test_of_a_thousand_at_once_exactly_the_limit_passes(
    gateway: Gateway, upstream: Upstream, many_files: None
) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=LIMIT)
    answers = await ask_at_once(tenant, REQUESTS)
    # A hundred excesses are told to wait; the rest meet the block that follows.
    assert Counter(status for status, _ in answers) == {200: LIMIT, 429: 100, 403: REQUESTS - LIMIT - 100}
    assert len(upstream.asked) == LIMIT
    for status, head in answers:
        waits = [int(line[12:]) for line in head.lower().split(b"\r\n") if line.startswith(b"retry-after:")]
        if status == 200:
            assert not waits
        else:
            assert len(waits) == 1 and 0 < waits[0] <= (300 if status == 403 else 3600)
    assert Counter(row["status"] for row in tenant.wait_rows(REQUESTS)) == Counter(status for status, _ in answers)


def test_unblocking_lifts_the_automatic_block_and_leaves_the_window(strict: Gateway, upstream: Upstream) -> None:
    tenant = strict.tenant(upstream.url, rate_limit_per_hour=1)
    assert [tenant.chat().status_code for _ in range(8)] == [200, *[429] * 5, 403, 403]
    wait_until(lambda: tenant.admin("GET").json()["status"] == "blocked")
    answer = tenant.chat()
    assert error_of(answer)["code"] == "tenant_blocked" and 0 < int(answer.headers["retry-after"]) <= 300
    assert tenant.admin("POST", "/unblock").status_code == 200
    assert tenant.admin("GET").json()["status"] == "active"
    assert tenant.chat().status_code == 429


def test_nine_of_ten_used_is_to_be_seen(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=10)
    seen = []
    for _ in range(11):
        answer = tenant.chat()
        names = ("limit", "remaining", "reset")
        limit, remaining, reset = (answer.headers[f"x-ratelimit-{name}-requests"] for name in names)
        assert limit == "10" and reset.endswith("s") and 0 < int(reset[:-1]) <= 3600
        assert answer.headers["ratelimit-policy"].startswith('"requests";q=10;w=3600')
        assert f"r={remaining}" in answer.headers["ratelimit"]
        seen.append((answer.status_code, remaining))
    assert seen == [*((200, str(left)) for left in range(9, -1, -1)), (429, "0")]


def test_hits_count(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=3)
    answers = [tenant.chat("What is a quota?") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers.get("x-cache-status") for answer in answers] == ["MISS", "HIT", "HIT", None, None]
    assert len(upstream.asked) == 1


def test_what_failed_validation_does_not_count(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=2, allowed_models=["m"])
    scoped = tenant.new_key(scopes=["models"])["api_key"]
    json_type = {"Content-Type": "application/json"}
    path = "/v1/chat/completions"
    refused = [
        tenant.post(path, content=b"{nope", headers=json_type),
        tenant.post(path, content=b"[]", headers=json_type),
        tenant.post(path, content=b"{}", headers={"Content-Type": "text/plain"}),
        tenant.chat(headers={"X-Cache-Namespace": "no/good"}),
        tenant.request("GET", "/v1/a%2fb"),
        tenant.chat(model="other"),
        tenant.chat(headers=bearer(scoped)),
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 415, 400, 400, 403, 403]
    assert tenant.chat("one").headers["x-ratelimit-remaining-requests"] == "1"
    assert [tenant.chat(f"more {number}").status_code for number in range(2)] == [200, 429]


def test_a_refusal_by_the_keys_limit_takes_nothing_from_the_tenant(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=50)
    key = tenant.new_key(limits={"rate_limit_per_hour": 20})["api_key"]

    def ask(credential: str) -> int:
        return tenant.gateway.client.get("/v1/models", headers=bearer(credential)).status_code

    assert Counter(in_parallel(ask, [key] * 60)) == {200: 20, 429: 40}
    assert Counter(in_parallel(ask, [tenant.key] * 60)) == {200: 30, 429: 30}


def test_one_tenants_excess_is_nobody_elses(strict: Gateway, upstream: Upstream) -> None:
    one, two = (strict.tenant(upstream.url, rate_limit_per_hour=2) for _ in range(2))
    assert [one.chat().status_code for _ in range(9)][-1] == 403
    assert [two.chat().status_code for _ in range(3)] == [200, 200, 429]


def test_a_changed_limit_holds_with_the_next_request(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=1)
    assert [tenant.chat().status_code for _ in range(2)] == [200, 429]
    assert tenant.admin("PATCH", body={"rate_limit_per_hour": 3}).status_code == 200
    assert [tenant.chat().status_code for _ in range(3)] == [200, 200, 429]


# ---- without Valkey


def test_without_valkey_each_worker_has_its_share_and_health_says_so(rough: Gateway, upstream: Upstream) -> None:
    tenant = rough.tenant(upstream.url, rate_limit_per_hour=10)
    with stopped(rough, "valkey-server"), rough.new_client() as client:  # one connection, so one worker
        asked = {"model": "m", "messages": []}
        answers = [client.post("/v1/chat/completions", json=asked, headers=bearer(tenant.key)) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
        wait_until(lambda: {told["checks"]["redis"] for told in everywhere(rough)} == {"down"})
        assert {told["status"] for told in everywhere(rough)} == {"degraded"}
        assert rough.ready()
    rough.wait_healthy()
    # What a stopped server was sent it does once it goes on: those requests may count in its window as well.
    healed = rough.tenant(upstream.url, rate_limit_per_hour=10)
    assert [healed.chat(f"{number}").status_code for number in range(11)] == [200] * 10 + [429]


def test_a_killed_valkey_stops_nobody_and_heals_by_itself(rough: Gateway, upstream: Upstream) -> None:
    tenant = rough.tenant(upstream.url)
    statuses = []
    for _ in range(2):
        rough.kill("valkey-server")
        statuses += [tenant.chat().status_code for _ in range(10)]
        rough.wait_healthy()
    assert set(statuses) == {200}
    wait_until(lambda: tenant.chat("Why is the sky blue?").headers["x-cache-status"] == "HIT")


def test_without_valkey_a_closed_limiter_refuses_and_heals_by_itself(strict: Gateway, upstream: Upstream) -> None:
    tenant = strict.tenant(upstream.url)
    with stopped(strict, "valkey-server"):
        for answer in both_formats(tenant):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
            assert "limiter" in error_of(answer)["message"]
        wait_until(lambda: {told["status"] for told in everywhere(strict)} == {"degraded"})
    assert not upstream.asked
    strict.wait_healthy()
    wait_until(lambda: tenant.chat().status_code == 200)
    strict.kill("valkey-server")
    wait_until(lambda: tenant.chat("again").status_code == 200)
    strict.wait_healthy()
    assert {row["status"] for row in tenant.rows()} <= {200, 503}
