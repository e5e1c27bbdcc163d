"""/admin/cache/analytics, /near-misses and /top, over rows that the shipper brought."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from mitmgate.control.context import CacheStore
from mitmgate.core.entry_id import entry_id
from mitmgate.services.queries import queries
from tests.integration.admin.conftest import Admin
from tests.integration.admin.test_admin_cache_entries import cache, patient, put  # noqa: F401 - fixtures
from tests.integration.admin.test_admin_usage import NOW, record, ship


def told(**story: Any) -> str:
    return orjson.dumps(story).decode()


def hit(tenant: int, kind: str, p: float | None = None, **more: Any) -> Any:
    story = told(**({} if p is None else {"p": p}))
    return record(tenant, cache="hit", cache_kind=kind, latency_ms=10.0, story=story, **more)


def miss(tenant: int, p: Any = None, near: str | None = None, **more: Any) -> Any:
    story = {"cache": "not sure: 0.71", "nearest": 0.9, "p": p, "near": near}
    return record(tenant, latency_ms=500.0, story=told(**{k: v for k, v in story.items() if v is not None}), **more)


async def analytics(admin: Admin, query: str = "") -> dict[str, Any]:
    answer = await admin("GET", f"/cache/analytics?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_hits_probabilities_and_what_was_saved(admin: Admin, tmp_path: Path) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    rows = [
        *(hit(one, "exact") for _ in range(3)),
        hit(one, "semantic", 0.999),
        hit(one, "semantic", 0.95),
        miss(one, 0.71, "1.A"),
        miss(one, 0.0, "1.A"),
        miss(one, 1.0, "1.A"),
        miss(one),
        miss(one, status=502),  # an answer with an error does not count
        record(one, cache="bypass"),
        miss(two, 0.3, "2.A"),
    ]
    await ship(admin, tmp_path, *rows)
    await ship(admin, tmp_path, *rows)  # what comes again counts once
    found = await analytics(admin, f"tenant_id={one}")
    assert [found[kind]["requests"] for kind in ("exact", "semantic", "misses")] == [3, 2, 4]
    assert found["hit_rate"] == pytest.approx(100 * 5 / 9, abs=0.01)
    assert found["saved"] == {"prompt_tokens": 50, "completion_tokens": 25, "time_ms": 5 * 490.0}
    bins = {round(each["from"], 2): (each["hits"], each["near_misses"]) for each in found["probabilities"]}
    assert len(bins) == 20 and (bins[0.95], bins[0.7], bins[0.0], bins[0.3]) == ((2, 1), (0, 1), (0, 1), (0, 0))
    assert (await analytics(admin))["misses"]["requests"] == 5
    assert (await analytics(admin, "from=2020-01-01&to=2020-02-01"))["saved"]["time_ms"] == 0
    assert (await admin("GET", "/cache/analytics?tenant_id=999")).status_code == 404
    assert (await admin("GET", "/cache/analytics?from=x")).status_code == 422


async def test_would_be_hits_are_misses_and_audits_no_requests(admin: Admin, tmp_path: Path) -> None:
    id = (await admin.tenant())["id"]
    shadow = record(id, cache="shadow", story=told(p=0.93), latency_ms=300.0)
    audit = record(id, cache="audit", story=told(p=0.97), latency_ms=9000.0, status=200)
    failed = record(id, cache="audit", latency_ms=9000.0, status=503, prompt_tokens=None, completion_tokens=None)
    rows = [hit(id, "semantic", 0.95), miss(id, 0.71, "1.A"), shadow, audit, failed]
    await ship(admin, tmp_path, *rows)
    found = await analytics(admin, f"tenant_id={id}")
    assert [found[name]["requests"] for name in ("semantic", "misses", "would_be_hits")] == [1, 2, 1]
    assert found["hit_rate"] == 33.33 and found["misses"]["avg_response_time_ms"] == 400
    bins = {round(each["from"], 2): each for each in found["probabilities"]}
    assert (bins[0.9]["would_be_hits"], bins[0.7]["near_misses"], bins[0.9]["near_misses"]) == (1, 1, 0)
    assert sum(each["hits"] for each in bins.values()) == 1
    whole = (await admin("GET", f"/tenants/{id}/analytics")).json()
    assert (whole["total_requests"], whole["cache_hit_rate"], whole["success_rate"]) == (3, 33.33, 100)
    assert whole["avg_response_time_ms"] == 270 and whole["p99_response_time_ms"] < 600
    assert (whole["tokens"]["prompt"], whole["tokens"]["completion"]) == (40, 20)


async def test_a_story_that_is_not_ours_stops_no_rows(admin: Admin, tmp_path: Path) -> None:
    id = (await admin.tenant())["id"]
    odd = [miss(id, value, "1.A") for value in ("x", [1], 1e308, -5, True)]
    await ship(admin, tmp_path, *odd, record(id, story=None))
    assert (await analytics(admin, f"tenant_id={id}"))["misses"]["requests"] == 6
    assert (await admin("GET", f"/cache/near-misses?tenant_id={id}")).status_code == 200


async def test_near_misses_the_likeliest_first(admin: Admin, cache: CacheStore, tmp_path: Path) -> None:  # noqa: F811
    id, other = (await admin.tenant())["id"], (await admin.tenant("other"))["id"]
    entry = await put(cache, id, 1, question="Why is it so?")
    gone = entry_id(id, (9).to_bytes(32))
    rows = [miss(id, 0.4, gone), miss(id, 0.71, entry.entry_id), miss(id), hit(id, "semantic", 0.99)]
    await ship(admin, tmp_path, *rows, miss(other, 0.9, "2.A"), miss(id, 0.8, gone, started_at=NOW.timestamp() - 864e4))
    found = (await admin("GET", f"/cache/near-misses?tenant_id={id}")).json()["data"]
    assert [(each["request_id"], each["probability"], each["question"]) for each in found] == [
        (rows[1].request_id, 0.71, "Why is it so?"),
        (rows[0].request_id, 0.4, None),
    ]
    assert (found[0]["detail"], found[0]["similarity"], found[0]["entry"]) == ("not sure: 0.71", 0.9, entry.entry_id)
    assert len((await admin("GET", "/cache/near-misses?limit=1")).json()["data"]) == 1


async def test_the_questions_served_most(admin: Admin, cache: CacheStore) -> None:  # noqa: F811
    id = (await admin.tenant())["id"]
    for number in range(1, 16):
        entry = await put(cache, id, number)
        for _ in range(number):
            cache.exact.touch(id, entry.fingerprint)
    await cache.exact.flush()
    found = (await admin("GET", f"/cache/top?tenant_id={id}&limit=12")).json()["data"]
    assert [each["hits"] for each in found] == list(range(15, 3, -1)) and found[0]["question"] == "What is 15?"
    assert len((await admin("GET", "/cache/top")).json()["data"]) == 10
    assert (await admin("GET", "/cache/top?limit=101")).status_code == 422


async def test_a_purged_tenants_totals_go_too(admin: Admin, tmp_path: Path) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    await ship(admin, tmp_path, miss(one, age=timedelta(hours=1)), miss(two))
    await admin.pool.fetchval(queries.purge_hourly, one)
    assert [row["tenant_id"] for row in await admin.pool.fetch("SELECT tenant_id FROM cache_hourly")] == [two]
