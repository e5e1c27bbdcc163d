"""Audits: what a hit in other words was served for is requested from the upstream as well, unnoticed by the client."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, wait_until
from tests.e2e.test_semantic import FIRST, REPHRASED, kept, outcome
from tests.e2e.test_shadow import SAME, compared, says
from tests.e2e.upstream import Asked, Upstream

ALWAYS = {"MITMGATE_CACHE__AUDIT_SHARE": "1.0", "MITMGATE_CACHE__DEADLINE_MS": "5000"}
KEY = "sk-of-the-tenant"
AT_ONCE = 4  # in a worker


@pytest.fixture(scope="module")
def audited(folder: Path) -> Iterator[Gateway]:
    """One worker, which audits every hit in other words."""
    data_dir = folder / "audited"
    data_dir.mkdir(mode=0o711)
    with Gateway(data_dir, "--no-demo", workers=1, env=ALWAYS) as gateway:
        gateway.wait_ready()
        yield gateway


@pytest.fixture
def client(audited: Gateway, upstream: Upstream) -> Tenant:
    upstream.script = says(lambda number: SAME)
    auth = {"header": "Authorization", "value": f"Bearer {KEY}"}
    return audited.tenant(f"{upstream.url}/base", upstream_auth=auth, rate_limit_per_hour=1000)


def hit(tenant: Tenant, text: str = REPHRASED, **more: Any) -> httpx.Response:
    answer = tenant.chat(text, **more)
    assert outcome(answer) == ("HIT", "semantic")
    return answer


def audits(tenant: Tenant, count: int = 1) -> list[dict[str, Any]]:
    """Waits for so many rows of audits."""

    def rows() -> list[dict[str, Any]]:
        return [row for row in tenant.rows() if row["cache"] == "audit"]

    wait_until(lambda: len(rows()) >= count, lambda: f"{tenant.rows()}")
    assert len(rows()) == count
    return rows()


def story_of(tenant: Tenant, row: dict[str, Any]) -> dict[str, Any]:
    return dict(tenant.gateway.admin("GET", f"/admin/usage/{row['request_id']}").json())


def test_a_hit_is_asked_of_the_upstream_as_a_miss_would_have_been(upstream: Upstream, client: Tenant) -> None:
    headers = {"X-Custom": "kept", "X-Timeout-Ms": "20000"}
    kept(client, headers=headers)
    forwarded = len(upstream.asked)
    hit(client, headers=headers)
    wait_until(lambda: len(upstream.asked) == forwarded + 1)
    missed = client.chat(REPHRASED, headers={**headers, "Cache-Control": "no-cache"})
    assert outcome(missed) == ("REFRESH", None)
    audit, miss = upstream.asked[-2:]
    assert (audit.method, audit.target, audit.body) == (miss.method, miss.target, miss.body)
    without = {"cache-control"}
    assert sorted(audit.headers) == sorted(pair for pair in miss.headers if pair[0].lower() not in without)
    assert audit.values("authorization") == [f"Bearer {KEY}"] and audit.values("x-custom") == ["kept"]


def test_an_audit_has_a_row_of_its_own(upstream: Upstream, client: Tenant) -> None:
    kept(client)
    asked = len(upstream.asked)
    before = client.chat(FIRST)
    served = hit(client)
    [row] = audits(client)
    assert len(upstream.asked) == asked + 1
    assert (row["status"], row["attempts"], row["error"], row["key_id"] is None) == (200, 1, None, False)
    assert (row["prompt_tokens"], row["completion_tokens"], row["model"]) == (9, 12, "m")
    assert row["upstream"] == f"127.0.0.1:{upstream.port}" and row["request_id"] != served.headers["x-request-id"]
    story = story_of(client, row)
    assert story["cache_detail"] == f"audit of {served.headers['x-request-id']}" and story["response_bytes"] > 0
    assert [each["request_id"] for each in client.admin("GET", "/usage?cache=audit").json()["data"]] == [
        row["request_id"]
    ]
    left = "x-ratelimit-remaining-requests"
    after = client.chat(FIRST)
    assert int(before.headers[left]) - int(after.headers[left]) == 2  # the hit's and this one's
    assert outcome(after) == ("HIT", "exact")
    rows = client.rows()
    wait_until(lambda: client.analytics()["total_requests"] == len(client.rows()) - 1, lambda: f"{rows}")
    figures = client.analytics()
    paid = [each for each in client.rows() if each["cache"] != "hit"]
    assert figures["tokens"]["completion"] >= 12 * len([each for each in paid if each["completion_tokens"]])
    [result] = compared(client)
    assert (result["kind"], result["agrees"], str(result["request_id"])) == ("audit", True, row["request_id"])


def test_another_answer_is_noticed_and_not_stored(upstream: Upstream, client: Tenant) -> None:
    upstream.script = says(lambda number: "The sum is 4." if number == 1 else "No, the sum is 17.")
    kept(client)
    first = hit(client)
    [result] = compared(client)
    assert not result["agrees"] and result["reasons"]
    assert hit(client).content == first.content and b"17" not in first.content


@pytest.mark.parametrize("streamed", [False, True])
def test_streams(upstream: Upstream, client: Tenant, streamed: bool) -> None:
    kept(client, stream=not streamed)
    hit(client, stream=streamed)
    [row] = audits(client)
    assert (row["streamed"], row["prompt_tokens"], row["completion_tokens"]) == (streamed, 9, 12)
    assert compared(client)[0]["agrees"]


def test_what_is_no_hit_in_other_words_is_not_audited(upstream: Upstream, client: Tenant) -> None:
    kept(client)  # with only-if-cached, which wants no upstream asked
    asked = len(upstream.asked)
    assert outcome(client.chat(FIRST)) == ("HIT", "exact")
    assert client.chat("How tall is the tower?").status_code == 200
    hit(client)
    audits(client)
    assert len(upstream.asked) == asked + 2


@pytest.mark.parametrize(
    ("how", "status", "error"), [("error", 503, None), ("reset", 502, "upstream_reset"), ("cut", 200, None)]
)
def test_an_audit_that_fails_is_told_in_its_row(
    upstream: Upstream, client: Tenant, how: str, status: int, error: str | None
) -> None:
    kept(client)
    served = hit(client).content
    [first] = audits(client)
    compared(client)
    asked = len(upstream.asked)

    async def fail(request: Asked) -> None:
        if how == "error":
            await request.answer({"error": {"message": "no", "code": "x"}}, 503)
        elif how == "cut":
            await request.answer({"choices": [{"finish_reason": "length", "message": {"content": "It is"}}]})
        else:
            request.break_off()

    upstream.script = fail
    assert hit(client).content == served
    rows = [row for row in audits(client, 2) if row["request_id"] != first["request_id"]]
    assert [(row["status"], row["error"], row["attempts"]) for row in rows] == [(status, error, 1)]
    assert len(upstream.asked) == asked + 1  # never sent again
    assert len(compared(client)) == 1


def test_an_upstream_that_may_not_be_dialled_is_not(audited: Gateway, client: Tenant) -> None:
    kept(client)
    audited.execute(f"UPDATE tenants SET allow_private_upstream = false WHERE id = {client.id}")
    wait_until(lambda: client.chat(f"{time.time()} times?", headers={"X-Cache-Mode": "off"}).status_code == 502)
    hit(client)
    [row] = audits(client)
    assert (row["status"], row["error"]) == (502, "upstream_address_refused")


def test_a_tenant_may_have_none_where_all_others_have(upstream: Upstream, audited: Gateway) -> None:
    tenant = audited.tenant(upstream.url, cache={"audit_share": 0})
    kept(tenant)
    asked = len(upstream.asked)
    hit(tenant)
    assert tenant.admin("PATCH", "", {"cache": {"audit_share": None}}).json()["cache"]["audit_share"] is None
    served = hit(tenant)
    [row] = audits(tenant)
    assert story_of(tenant, row)["cache_detail"] == f"audit of {served.headers['x-request-id']}"
    assert len(upstream.asked) == asked + 1


def test_a_few_run_at_once_and_the_drain_ends_them(folder: Path, upstream: Upstream) -> None:
    data_dir = folder / "audits-drained"
    data_dir.mkdir(mode=0o711)
    gone = threading.Event()
    with Gateway(data_dir, "--no-demo", workers=1, env=ALWAYS) as gateway:
        gateway.wait_ready()
        tenant = gateway.tenant(upstream.url)
        kept(tenant)
        asked = len(upstream.asked)

        async def hang(request: Asked) -> None:
            await request.when(gone)

        upstream.script = hang
        for _ in range(2 * AT_ONCE):
            hit(tenant)
        wait_until(lambda: len(upstream.asked) == asked + AT_ONCE)
        assert gateway.end() == 0
        assert len(upstream.asked) == asked + AT_ONCE
        gone.set()
    with Gateway(data_dir, "--no-demo", workers=1) as gateway:
        gateway.wait_ready()
        tenant = Tenant(gateway, tenant.id, tenant.key)
        rows = audits(tenant, AT_ONCE)
        assert {(row["status"], row["error"]) for row in rows} == {(503, "gateway_stopping")}


def test_the_share_is_none_by_default_and_a_tenant_may_have_its_own(upstream: Upstream, tenant: Tenant) -> None:
    kept(tenant)
    others = (f"{REPHRASED}{' ' * number}" for number in range(1, 1000))  # each to be asked once
    outcomes: list[tuple[str | None, str | None]] = []

    def hits() -> bool:
        outcomes.append(outcome(tenant.chat(next(others))))
        return outcomes[-1] == ("HIT", "semantic")

    asked = len(upstream.asked)
    for _ in range(5):
        wait_until(hits)
    late = len(outcomes) - 5  # the matcher may answer too late: a miss
    assert len(upstream.asked) == asked + late
    assert json.loads(tenant.admin("GET", "/usage?cache=audit").text)["data"] == []
    assert tenant.admin("PATCH", "", {"cache": {"audit_share": 1}}).json()["cache"]["audit_share"] == 1
    wait_until(hits)
    audits(tenant)
