"""What a tenant says of a hit: the entry goes, and the pair of questions is served by no node and after no restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import CARELESS, execute
from tests.e2e.certificates import Authority
from tests.e2e.harness import Gateway, Tenant, bearer, error_of, in_parallel, wait_until
from tests.e2e.test_backup import as_operator, folder_in, gatewayctl
from tests.e2e.test_two_gateways import SHARED, on
from tests.e2e.upstream import Upstream
from tests.servers import TcpPostgres, TcpValkey, start_by_kind, system_postgres, system_redis

MATCHER = "mitmgate.matcher"
ONLY = {"Cache-Control": "only-if-cached"}
# The same but for spacing and final punctuation: found by way of the matcher, whatever the verifier thinks.
ASKED, STORED = "Which river runs through  Cologne", "Which river runs through Cologne?"


def tell(tenant: Tenant, answer: httpx.Response, correct: bool, **more: Any) -> httpx.Response:
    body = {"request_id": answer.headers["x-request-id"], "correct": correct}
    return tenant.post("/v1/feedback", json=body, **more)


def stored(tenant: Tenant) -> None:
    """STORED's answer is stored, and found in its own words."""
    wait_until(lambda: tenant.chat(STORED).headers.get("x-cache-kind") == "exact")


def semantic_hit(tenant: Tenant) -> httpx.Response:
    answers: list[httpx.Response] = []

    def found() -> bool:
        tenant.chat(STORED)
        answers.append(tenant.chat(ASKED, headers=ONLY))
        return answers[-1].status_code == 200

    wait_until(found)
    assert answers[-1].headers["x-cache-kind"] == "semantic"
    return answers[-1]


def detail(tenant: Tenant) -> str:
    """Why ASKED gets no answer, from its row: it is not sent on, or it would be stored itself."""
    answer = tenant.chat(ASKED, headers=ONLY)
    assert answer.status_code == 504, answer.headers
    path = f"/admin/usage/{answer.headers['x-request-id']}"
    wait_until(lambda: tenant.gateway.admin("GET", path).status_code == 200)
    return str(tenant.gateway.admin("GET", path).json()["cache_detail"])


def never_served(tenant: Tenant, times: int = 3) -> None:
    """The entry is there and known to the matcher; that the pair is forbidden is why it is not the answer."""
    stored(tenant)
    wait_until(lambda: "said to be wrong" in detail(tenant), lambda: detail(tenant))
    for _ in range(times):
        assert "said to be wrong" in detail(tenant)
        assert tenant.chat(STORED, headers=ONLY).headers.get("x-cache-kind") == "exact"


def test_a_wrong_hit_is_served_no_more_and_right_takes_it_back(tenant: Tenant) -> None:
    hit = semantic_hit(tenant)
    said = tell(tenant, hit, correct=False)
    assert (said.status_code, said.content) == (204, b"") and "content-length" not in said.headers
    assert tenant.chat(STORED, headers=ONLY).status_code == 504  # evicted
    never_served(tenant)
    assert tell(tenant, hit, correct=False).status_code == 204
    assert tenant.chat(STORED, headers=ONLY).status_code == 200  # what was stored meanwhile stays
    assert tell(tenant, hit, correct=True).status_code == 204
    wait_until(lambda: tenant.chat(ASKED, headers=ONLY).status_code == 200)
    rows = tenant.rows()
    assert {row["endpoint"] for row in rows} == {"/v1/chat/completions"}
    story = tenant.gateway.admin("GET", f"/admin/usage/{hit.headers['x-request-id']}").json()
    assert story["cache_entry"] == hit.headers["x-cache-entry"]


def test_an_exact_hit_is_evicted_and_a_miss_refused(tenant: Tenant) -> None:
    miss = tenant.chat("Which lake is the deepest?")
    refused = tell(tenant, miss, correct=False)
    assert refused.status_code == 409 and error_of(refused)["code"] == "not_a_hit"
    refused = tell(tenant, miss, correct=False, headers={"anthropic-version": "2023-06-01"})
    assert refused.json()["type"] == "error" and refused.headers["request-id"]
    question = "Which lake is the deepest?"
    hits = []

    def found() -> bool:
        hits.append(tenant.chat(question, headers=ONLY))
        return hits[-1].status_code == 200

    wait_until(found)
    assert tell(tenant, hits[-1], correct=False).status_code == 204
    assert tenant.chat(question, headers=ONLY).status_code == 504
    wait_until(lambda: tenant.chat(question).headers["x-cache-status"] == "HIT")
    entry = tenant.chat(question).headers["x-cache-entry"]
    assert tenant.post("/v1/feedback", json={"entry": entry, "correct": False}).status_code == 204
    assert tenant.chat(question, headers=ONLY).status_code == 504


def test_others_cannot_tell_of_it(gateway: Gateway, tenant: Tenant, upstream: Upstream) -> None:
    question = "Which sea is the saltiest?"
    wait_until(lambda: tenant.chat(question).headers["x-cache-status"] == "HIT")
    hit = tenant.chat(question)
    other = gateway.tenant(upstream.url)
    assert tell(other, hit, correct=False).status_code == 404
    entry = {"entry": hit.headers["x-cache-entry"], "correct": False}
    assert other.post("/v1/feedback", json=entry).status_code == 404
    narrow = tenant.new_key(scopes=["chat"])["api_key"]
    for key, status in ((narrow, 403), ("mg_nothing", 401)):
        answer = gateway.client.post("/v1/feedback", json=entry, headers=bearer(key))
        assert answer.status_code == status
    assert gateway.client.post("/v1/feedback", json=entry).status_code == 401
    assert tenant.chat(question, headers=ONLY).status_code == 200
    wide = tenant.new_key(scopes=["feedback"])["api_key"]
    assert gateway.client.post("/v1/feedback", json=entry, headers=bearer(wide)).status_code == 204


def test_many_at_once_and_rubbish_end_well(tenant: Tenant) -> None:
    question = "Which desert is the driest?"
    wait_until(lambda: tenant.chat(question).headers["x-cache-status"] == "HIT")
    hit = tenant.chat(question)
    statuses = in_parallel(lambda _: tell(tenant, hit, correct=False).status_code, range(30), threads=10)
    assert 204 in statuses and set(statuses) <= {204, 429, 503}
    for body in (b"", b"{", b"[]", b'{"request_id": "x"}', b"\xff" * 1000, b'{"correct":' + b"[" * 60_000):
        assert tenant.post("/v1/feedback", content=body).status_code == 400
    assert tenant.post("/v1/feedback", content=b"x" * 100_000).status_code == 413


def test_a_forbidden_pair_outlives_a_killed_matcher_and_a_restart(folder: Path, upstream: Upstream) -> None:
    place = folder_in(folder, "feedback")
    with Gateway(place, "--no-demo", workers=1, env=SHARED) as gateway:
        gateway.wait_ready()
        tenant = gateway.tenant(upstream.url)
        assert tell(tenant, semantic_hit(tenant), correct=False).status_code == 204
        never_served(tenant)
        [before] = gateway.pids(MATCHER)
        gateway.kill(MATCHER)
        wait_until(lambda: gateway.pids(MATCHER) not in ([], [before]))
        never_served(tenant)
        # Emptied: what the cache knows is gone, what was said is not.
        assert gateway.admin("POST", f"/admin/tenants/{tenant.id}/purge").status_code == 200
        never_served(tenant)
    with Gateway(place, "--no-demo", workers=1, env=SHARED) as gateway:
        gateway.wait_ready()
        never_served(on(gateway, tenant))
        right = on(gateway, tenant)
        row = next(row for row in right.rows() if row["cache_kind"] == "semantic")
        told = gatewayctl("cache", "right", row["request_id"], env=as_operator(gateway), cwd=folder)
        assert told.returncode == 0 and "may be served" in told.stdout, told.stderr
        wait_until(lambda: right.chat(ASKED, headers=ONLY).status_code == 200)


@pytest.fixture
def both(folder: Path) -> Iterator[tuple[Gateway, Gateway]]:
    """Two gateways on one PostgreSQL and one Valkey."""
    kinds = (
        "system-postgres" if system_postgres() else "tcp-postgres",
        "system-redis" if system_redis() else "tcp-valkey",
    )
    with ExitStack() as stack:
        servers = []
        for kind in kinds:
            base = folder_in(folder, f"feedback-{kind}")
            servers.append(start_by_kind(kind, base, Authority(base, "stores"), CARELESS))
            stack.callback(servers[-1].stop)
        database, redis = servers
        assert isinstance(database, TcpPostgres) and isinstance(redis, TcpValkey)
        execute(database.socket_dsn(), "CREATE DATABASE shared")
        env = {**SHARED, "MITMGATE_DATABASE__URL": database.dsn_of("shared"), "MITMGATE_REDIS__URL": redis.url}
        left, right = (
            stack.enter_context(Gateway(folder_in(folder, f"feedback-{name}"), "--no-demo", workers=1, env=env))
            for name in ("left", "right")
        )
        left.wait_ready()
        right.wait_ready()
        yield left, right


@pytest.mark.long
def test_what_is_said_on_one_gateway_holds_on_the_other(both: tuple[Gateway, Gateway], upstream: Upstream) -> None:
    left, right = both
    tenant = left.tenant(upstream.url)
    there = on(right, tenant)
    semantic_hit(tenant)
    hit = semantic_hit(there)
    assert tell(tenant, hit, correct=False).status_code == 204  # of a request that the other gateway answered
    never_served(there)
    never_served(tenant)
    right.kill(MATCHER)
    never_served(there)
    assert tell(there, hit, correct=True).status_code == 204
    wait_until(lambda: tenant.chat(ASKED, headers=ONLY).status_code == 200)
