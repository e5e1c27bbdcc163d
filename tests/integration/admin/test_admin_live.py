"""What followers read: rows in the order they arrived, and figures over what arrived between two looks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.admin.conftest import Admin
from tests.integration.admin.test_admin_usage import record, ship


async def arrivals(admin: Admin, after: str, **query: Any) -> tuple[list[str], str]:
    answer = await admin("GET", "/arrivals", params={"after": after, **query})
    assert answer.status_code == 200, answer.text
    return [row["request_id"] for row in answer.json()["data"]], answer.json()["next_cursor"]


async def begin(admin: Admin) -> str:
    answer = (await admin("GET", "/arrivals")).json()
    assert answer["data"] == []
    return str(answer["next_cursor"])


async def test_a_request_that_ends_late_is_not_passed_over(admin: Admin, tmp_path: Path) -> None:
    tenant = (await admin.tenant())["id"]
    await ship(admin, tmp_path, record(tenant))
    place = await begin(admin)
    quick, slow = record(tenant, timedelta(seconds=1)), record(tenant, timedelta(minutes=10), latency_ms=599_000.0)
    await ship(admin, tmp_path, quick)
    first, place = await arrivals(admin, place)
    await ship(admin, tmp_path, slow)
    second, place = await arrivals(admin, place)
    assert (first, second) == ([quick.request_id], [slow.request_id])
    assert (await arrivals(admin, place))[0] == []


async def test_pages_follow_each_other_without_a_gap(admin: Admin, tmp_path: Path) -> None:
    tenant = (await admin.tenant())["id"]
    place = await begin(admin)
    rows = [record(tenant) for _ in range(7)]
    await ship(admin, tmp_path, *rows)
    seen: list[str] = []
    while True:
        page, place = await arrivals(admin, place, limit=2)
        seen += page
        if not page:
            break
    assert seen == [row.request_id for row in rows]


async def test_a_filter_passes_over_the_others_for_good(admin: Admin, tmp_path: Path) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    place = await begin(admin)
    rows = [record(one, status=502, cache=None), record(two, model="x"), record(one, cache="hit", cache_kind="exact")]
    await ship(admin, tmp_path, *rows)
    ids = [row.request_id for row in rows]
    assert (await arrivals(admin, place, tenant_id=one))[0] == [ids[0], ids[2]]
    assert (await arrivals(admin, place, status="5xx"))[0] == [ids[0]]
    assert (await arrivals(admin, place, model="x"))[0] == [ids[1]]
    found, beyond = await arrivals(admin, place, cache="exact")
    assert found == [ids[2]]
    assert (await arrivals(admin, beyond))[0] == []


async def test_live_counts_what_arrived_between_two_looks(admin: Admin, tmp_path: Path) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    await ship(admin, tmp_path, record(one))
    first = (await admin("GET", "/live")).json()
    assert (first["requests"], first["seconds"], first["p50_response_time_ms"], first["top_tenants"]) == (
        0,
        0,
        None,
        [],
    )
    await ship(
        admin,
        tmp_path,
        record(one, latency_ms=10.0, cache="hit", cache_kind="exact"),
        record(one, latency_ms=20.0, cache="hit", cache_kind="semantic"),
        record(one, latency_ms=30.0),
        record(two, latency_ms=40.0, status=429, cache=None, prompt_tokens=None, completion_tokens=None),
    )
    told = (await admin("GET", f"/live?after={first['next_cursor']}")).json()
    assert told["requests"] == 4 and told["seconds"] > 0
    assert told["statuses"] == {"200": 3, "429": 1}
    assert told["outcomes"] == {"exact": 1, "semantic": 1, "miss": 1, "none": 1}
    assert (told["p50_response_time_ms"], told["p95_response_time_ms"]) == (25.0, pytest.approx(38.5))
    assert (told["prompt_tokens"], told["completion_tokens"]) == (30, 15)
    assert told["top_tenants"] == [
        {"id": one, "name": "one", "requests": 3, "errors": 0, "hits": 2},
        {"id": two, "name": "two", "requests": 1, "errors": 1, "hits": 0},
    ]
    alone = (await admin("GET", f"/live?after={first['next_cursor']}&tenant_id={two}")).json()
    assert (alone["requests"], alone["outcomes"]) == (1, {"none": 1})
    assert (await admin("GET", f"/live?after={told['next_cursor']}")).json()["requests"] == 0


@pytest.mark.parametrize("cursor", ["x", "W10", "Wy0xXQ", "WzEsMl0", "WyJhIl0"])
async def test_a_foreign_cursor_is_refused(admin: Admin, cursor: str) -> None:
    assert (await admin("GET", f"/arrivals?after={cursor}")).status_code == 400
    assert (await admin("GET", f"/live?after={cursor[:5]}")).status_code == 400
