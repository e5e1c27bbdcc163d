"""Request rows and statistics, over rows the shipper brought."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mitmgate.control.shipper import Shipper
from mitmgate.core.usage import UsageRecord
from tests.integration.admin.conftest import Admin

NOW = datetime.now(UTC).replace(microsecond=0)


def record(tenant_id: int, age: timedelta = timedelta(minutes=1), **more: object) -> UsageRecord:
    row = UsageRecord(
        request_id=str(uuid.uuid4()),
        started_at=(NOW - age).timestamp(),
        tenant_id=tenant_id,
        key_id=1,
        method="POST",
        endpoint="/v1/chat/completions",
        status=200,
        latency_ms=100.0,
        model="m",
        cache="miss",
        prompt_tokens=10,
        completion_tokens=5,
    )
    for name, value in more.items():
        setattr(row, name, value)
    return row


async def ship(admin: Admin, folder: Path, *records: UsageRecord) -> None:
    journal = folder / "journal"
    journal.mkdir(exist_ok=True)
    (journal / f"w-1-{uuid.uuid4().hex}.jsonl").write_bytes(b"".join(row.line() for row in records))
    assert await Shipper(journal, folder / "dead", admin.pool).flush(60)


async def test_rows_are_listed_newest_first_and_filtered(admin: Admin, tmp_path: Path) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    rows = [
        record(one, timedelta(minutes=4)),
        record(one, timedelta(minutes=3), cache="hit", cache_kind="exact", similarity=1.0),
        record(two, timedelta(minutes=2)),
        record(one, timedelta(minutes=1), status=429, error="rate_limited", cache=None),
    ]
    await ship(admin, tmp_path, *rows)
    ids = [row.request_id for row in reversed(rows)]

    async def listed(path: str) -> list[str]:
        answer = await admin("GET", path)
        assert answer.status_code == 200, answer.text
        return [row["request_id"] for row in answer.json()["data"]]

    assert await listed("/usage") == ids
    assert await listed(f"/usage?tenant_id={two}") == [ids[1]]
    assert await listed(f"/tenants/{one}/usage") == [ids[0], ids[2], ids[3]]
    assert await listed("/usage?status=429") == [ids[0]]
    assert await listed("/usage?status=2xx") == ids[1:]
    assert await listed(f"/tenants/{one}/usage?cache=hit") == [ids[2]]
    since = (NOW - timedelta(minutes=2)).isoformat().replace("+", "%2B")
    assert await listed(f"/usage?from={since}") == ids[:2]
    assert await listed(f"/usage?to={since.replace('%2B', ' ')}") == ids[2:]
    row = (await admin("GET", "/usage?status=429")).json()["data"][0]
    assert set(row) >= {
        "request_id",
        "at",
        "status",
        "cache",
        "similarity",
        "model",
        "upstream",
        "attempts",
        "prompt_tokens",
        "completion_tokens",
        "cost_microusd",
        "latency_ms",
        "error",
    }
    assert (row["error"], row["cost_microusd"]) == ("rate_limited", None)


async def test_rows_page_by_cursor_also_within_one_instant(admin: Admin, tmp_path: Path) -> None:
    tenant = (await admin.tenant())["id"]
    rows = [record(tenant) for _ in range(5)] + [record(tenant, timedelta(minutes=9))]
    await ship(admin, tmp_path, *rows)
    for path in (f"/tenants/{tenant}/usage", "/usage"):
        seen, cursor = [], ""
        while cursor is not None:
            answer = (await admin("GET", f"{path}?limit=2{cursor}")).json()
            seen += [row["request_id"] for row in answer["data"]]
            cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
        assert sorted(seen) == sorted(row.request_id for row in rows)
        assert seen[-1] == rows[-1].request_id


async def test_one_request_is_told_whole(admin: Admin, tmp_path: Path) -> None:
    tenant = (await admin.tenant("acme"))["id"]
    row = record(tenant, upstream="https://api.example.com", attempts=2, first_byte_ms=12.5, client_request_id="theirs")
    await ship(admin, tmp_path, row)
    told = (await admin("GET", f"/usage/{row.request_id}")).json()
    assert (told["tenant_name"], told["key_name"], told["attempts"]) == ("acme", "default", 2)
    assert (told["first_byte_ms"], told["client_request_id"]) == (12.5, "theirs")
    for unknown in (str(uuid.uuid4()), "x", "%00", "9" * 3000, row.request_id[:7], row.request_id + "0"):
        assert (await admin("GET", f"/usage/{unknown}")).status_code == 404


async def test_a_story_has_its_parts(admin: Admin, tmp_path: Path) -> None:
    tenant = (await admin.tenant("acme"))["id"]
    tries = [
        {"at": 0.5, "ms": 9.0, "connect_ms": 1.0, "status": 503, "error": "upstream_error"},
        {"at": 20.0, "ms": 30.0, "status": 200, "reused": True},
    ]
    rows = [
        record(
            tenant, attempts=2, client_address="192.0.2.7", story=json.dumps({"cache": "number", "attempts": tries})
        ),
        record(tenant, cache="hit", story='{"entry": "e", "age_s": 7}'),
        record(tenant, story='{"cache": "below bar", "nearest": 0.871}'),
    ]
    await ship(admin, tmp_path, *rows)
    told = [(await admin("GET", f"/usage/{row.request_id}")).json() for row in rows]
    assert (told[0]["client_address"], told[0]["key_prefix"][:3], told[0]["cache_detail"]) == (
        "192.0.2.7",
        "mg_",
        "number",
    )
    first, second = told[0]["attempts_detail"]
    assert first == {
        "at_ms": 0.5, "ms": 9.0, "connect_ms": 1.0, "status": 503, "error": "upstream_error", "reused": False,
        "stale": False, "upstream_request_id": None,
    }  # fmt: skip
    assert (second["connect_ms"], second["reused"], second["error"]) == (None, True, None)
    assert (told[1]["cache_entry"], told[1]["cache_age_s"], told[1]["attempts_detail"]) == ("e", 7, [])
    assert (told[2]["cache_detail"], told[2]["cache_nearest"]) == ("below bar", 0.871)


async def test_the_beginning_of_an_id_finds_it_where_no_other_begins_so(admin: Admin, tmp_path: Path) -> None:
    tenant = (await admin.tenant())["id"]
    ids = ["01a2107b-9134-70cc-863a-e8886ce96f03", "01a2107b-9134-70cd-863a-e8886ce96f03"]
    await ship(admin, tmp_path, *(record(tenant, request_id=id) for id in ids))
    for given in (ids[0], ids[0][:18], ids[0][:18].upper(), ids[0].replace("-", "")):
        assert (await admin("GET", f"/usage/{given}")).json()["request_id"] == ids[0]
    assert (await admin("GET", f"/usage/{ids[0][:13]}")).status_code == 409
    assert (await admin("GET", f"/usage/{ids[0][:17]}e")).status_code == 404


async def test_a_clients_own_id_finds_its_requests(admin: Admin, tmp_path: Path) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    rows = [
        record(one, timedelta(minutes=2), client_request_id="mine / 1"),
        record(two, timedelta(minutes=1), client_request_id="mine / 1", status=502),
        record(two, client_request_id="other"),
    ]
    await ship(admin, tmp_path, *rows)

    async def found(**query: Any) -> list[str]:
        answer = await admin("GET", "/usage", params={"client_request_id": "mine / 1", **query})
        assert answer.status_code == 200, answer.text
        return [row["request_id"] for row in answer.json()["data"]]

    assert await found() == [rows[1].request_id, rows[0].request_id]
    assert await found(tenant_id=one) == [rows[0].request_id]
    assert await found(status="5xx") == [rows[1].request_id]
    assert (await admin("GET", "/usage?client_request_id=%00")).status_code == 422


async def test_rows_are_filtered_by_model_and_by_a_hits_kind(admin: Admin, tmp_path: Path) -> None:
    tenant = (await admin.tenant("acme"))["id"]
    rows = [
        record(tenant, timedelta(minutes=3), cache="hit", cache_kind="semantic"),
        record(tenant, timedelta(minutes=2), cache="hit", cache_kind="exact", model="other"),
        record(tenant, timedelta(minutes=1), model="other"),
    ]
    await ship(admin, tmp_path, *rows)
    for query, expected in (("model=other", rows[:0:-1]), ("cache=semantic", rows[:1]), ("model=m%2527", [])):
        for path in ("/usage", f"/tenants/{tenant}/usage"):
            listed = (await admin("GET", f"{path}?{query}")).json()["data"]
            assert [row["request_id"] for row in listed] == [row.request_id for row in expected]
            assert all(row["tenant_name"] == "acme" for row in listed)
    assert (await admin("GET", "/usage?model=%00")).status_code == 422


async def test_analytics(admin: Admin, tmp_path: Path) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    await ship(
        admin,
        tmp_path,
        record(one, latency_ms=100.0),
        record(one, latency_ms=10.0, cache="hit", cache_kind="exact", similarity=1.0),
        record(one, latency_ms=1000.0, endpoint="/v1/embeddings", model="e", cache="bypass"),
        record(one, latency_ms=2.0, status=429, cache=None, prompt_tokens=None, completion_tokens=None),
        record(two, cache="hit", cache_kind="exact"),
    )
    told = (await admin("GET", f"/tenants/{one}/analytics")).json()
    assert told["total_requests"] == 4
    assert told["avg_response_time_ms"] == 278.0
    assert told["p50_response_time_ms"] == pytest.approx(10, rel=0.13)
    assert told["p99_response_time_ms"] == pytest.approx(1000, rel=0.13)
    assert (told["success_rate"], told["cache_hit_rate"]) == (75.0, 50.0)
    assert told["cache"] == {"exact_hits": 1, "semantic_hits": 0, "misses": 1}
    assert told["cache_hit_rate_by_kind"] == {"exact": 50.0, "semantic": 0.0}
    assert (told["tokens"]["prompt"], told["tokens"]["completion"], told["tokens"]["total"]) == (30, 15, 45)
    assert (told["cost"], told["cost_saved"]) == (None, None)
    assert told["top_endpoints"][0]["endpoint"] == "/v1/chat/completions"
    assert told["top_endpoints"][0]["requests"] == 3
    assert [(each["model"], each["requests"]) for each in told["top_models"]] == [("m", 2), ("e", 1)]
    assert sum(hour["requests"] for hour in told["by_hour"]) == 4


async def test_analytics_of_a_tenant_without_requests(admin: Admin) -> None:
    told = (await admin("GET", f"/tenants/{(await admin.tenant())['id']}/analytics")).json()
    assert (told["total_requests"], told["success_rate"], told["cache_hit_rate"], told["by_hour"]) == (0, 0.0, 0.0, [])
    span = datetime.fromisoformat(told["to"]) - datetime.fromisoformat(told["from"])
    assert span == timedelta(days=30)
    assert (await admin("GET", "/tenants/999/analytics")).status_code == 404


async def test_bounds_go_outward_to_the_hour_and_a_day_is_whole(admin: Admin, tmp_path: Path) -> None:
    tenant = (await admin.tenant())["id"]
    noon = (NOW - timedelta(days=3)).replace(hour=12, minute=30, second=0)
    evening = noon.replace(hour=23, minute=59)
    await ship(admin, tmp_path, record(tenant, NOW - noon), record(tenant, NOW - evening))

    async def total(query: str) -> int:
        answer = await admin("GET", f"/tenants/{tenant}/analytics?{query}")
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total_requests"])

    day = noon.date()
    assert await total(f"from={day}&to={day}") == 2
    assert await total(f"from={day}T12:45:00Z&to={day}T12:50:00Z") == 1
    assert await total(f"from={day}T13:00:00Z&to={day}T23:00:00Z") == 0
    assert await total(f"to={day - timedelta(days=1)}") == 0
    assert await total("from=2001-01-01") == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("to=9999-12-31", "to"),
        ("from=0001-01-01T00:00:00%2B14:00", "from"),
        ("from=2026-02-01&to=2026-01-01", "from"),
        ("from=%00", "from"),
    ],
)
async def test_a_wrong_period_is_named(admin: Admin, query: str, field: str) -> None:
    tenant = (await admin.tenant())["id"]
    for path in (f"/tenants/{tenant}/analytics", f"/tenants/{tenant}/usage", "/usage"):
        answer = await admin("GET", f"{path}?{query}")
        assert (answer.status_code, answer.json()["error"]["param"]) == (422, field), path


@pytest.mark.parametrize("query", ["status=abc", "status=6xx", "cache=warm", "tenant_id=x", "tenant_id=" + "9" * 30])
async def test_a_wrong_filter_is_named(admin: Admin, query: str) -> None:
    answer = await admin("GET", f"/usage?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, query.partition("=")[0])
