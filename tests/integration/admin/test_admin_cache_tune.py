"""/admin/cache/tune over comparisons of answers, and the watch over audited hits."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mitmgate.control.cache_audit import AuditWatch
from tests.integration.admin.conftest import Admin

NOW = datetime.now(UTC)


async def compared(
    admin: Admin,
    tenant_id: int,
    probability: float,
    agree: int = 0,
    disagree: int = 0,
    *,
    kind: str = "shadow",
    reasons: tuple[str, ...] = ("number",),
    at: datetime = NOW,
) -> None:
    rows = [
        (tenant_id, uuid.uuid4(), at, kind, probability, place < agree, [] if place < agree else list(reasons))
        for place in range(agree + disagree)
    ]
    names = ("tenant_id", "request_id", "created_at", "kind", "probability", "agrees", "reasons")
    async with admin.pool.acquire() as connection:
        await connection.copy_records_to_table("cache_comparisons", records=rows, columns=names)


async def tuned(admin: Admin, query: str) -> dict[str, Any]:
    answer = await admin("GET", f"/cache/tune?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_comparisons_are_counted_over_the_bar(admin: Admin) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    await compared(admin, one, 0.88, 20, 10)
    await compared(admin, one, 0.95, 40, 2, kind="audit", reasons=("name", "number"))
    await compared(admin, one, 0.95, 5, 5, at=NOW - timedelta(days=20))
    await compared(admin, two, 0.95, 1, 1)
    found = await tuned(admin, f"tenant_id={one}&from={(NOW - timedelta(days=2)).date()}")
    assert found["by_kind"] == {
        "shadow": {"compared": 30, "disagreeing": 10},
        "audit": {"compared": 42, "disagreeing": 2},
    }
    bars = {each["bar"]: each for each in found["by_bar"]}
    assert min(bars) == 0.88  # a real 0.88 is a little less than 0.88
    assert (bars[0.88]["compared"], bars[0.88]["disagreeing"]) == (72, 12)
    assert (bars[0.9]["compared"], bars[0.9]["disagreeing"]) == (42, 2)
    assert (bars[0.96]["compared"], bars[0.96]["wrong"]) == (0, None)
    assert all(each["low"] <= (each["wrong"] or 0) <= each["high"] for each in found["by_bar"])
    assert found["reasons"] == [{"reason": "number", "comparisons": 12}, {"reason": "name", "comparisons": 2}]
    assert [each["probability"] for each in found["disagreeing"]] == [0.95] * 2 + [0.88] * 8
    assert found["disagreeing"][0]["reasons"] == ["name", "number"]
    assert (await tuned(admin, f"tenant_id={one}"))["by_kind"]["shadow"]["compared"] == 40
    assert (await tuned(admin, f"tenant_id={two}"))["by_kind"]["shadow"] == {"compared": 2, "disagreeing": 1}


async def test_the_budget_and_the_bar_are_the_tenants_own(admin: Admin) -> None:
    plain, own = await admin.tenant("plain"), await admin.tenant("own", cache={"max_wrong": 0.004, "mode": "exact"})
    first, second = await tuned(admin, f"tenant_id={plain['id']}"), await tuned(admin, f"tenant_id={own['id']}")
    assert (first["budget"], first["mode"], second["budget"], second["mode"]) == (0.005, "semantic", 0.004, "exact")
    assert first["bar"] < second["bar"]
    assert (await tuned(admin, f"tenant_id={own['id']}&max_wrong=0.02"))["budget"] == 0.02
    assert (await tuned(admin, f"tenant_id={own['id']}&max_wrong=0.02"))["bar"] == second["bar"]


async def test_what_is_suggested(admin: Admin) -> None:
    id = (await admin.tenant(cache={"mode": "exact"}))["id"]
    assert (await tuned(admin, f"tenant_id={id}"))["suggestion"]["action"] == "too few comparisons"
    await compared(admin, id, 0.95, 3000)
    served = (await tuned(admin, f"tenant_id={id}&max_wrong=0.05"))["suggestion"]
    assert (served["action"], served["sure"]) == ("serve", True)
    assert served["bar"] >= 0.95 and served["max_wrong"] < 0.005
    await compared(admin, id, 0.99, 0, 3000)
    assert (await tuned(admin, f"tenant_id={id}&max_wrong=0.05"))["suggestion"]["action"] == "too many wrong"


async def test_what_cannot_be_asked(admin: Admin) -> None:
    id = (await admin.tenant())["id"]
    for query, status in (
        ("", 422),
        ("tenant_id=999", 404),
        (f"tenant_id={id}&from=x", 422),
        (f"tenant_id={id}&max_wrong=2", 422),
        (f"tenant_id={id}&max_wrong=nan", 422),
    ):
        assert (await admin("GET", f"/cache/tune?{query}")).status_code == status, query


async def test_audits_above_the_budget_are_said_once_and_so_is_their_end(
    admin: Admin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bad, fine = (await admin.tenant("bad"))["id"], (await admin.tenant("fine"))["id"]
    lax = (await admin.tenant("lax", cache={"max_wrong": 1.0}))["id"]
    gone = (await admin.tenant("gone"))["id"]
    for id in (bad, lax, gone):
        await compared(admin, id, 0.9, 200, 200, kind="audit")
    await compared(admin, fine, 0.9, 398, 2, kind="audit")
    await compared(admin, fine, 0.9, 0, 400)  # would-be hits were not served
    await compared(admin, fine, 0.9, 0, 400, kind="audit", at=NOW - timedelta(days=8))
    await admin("DELETE", f"/tenants/{gone}")
    watch = AuditWatch(admin.pool, lambda: 0.005)
    await watch.look()
    assert watch.over == {bad}
    await watch.look()
    said = [record.getMessage() for record in caplog.records if record.name == "mitmgate.control.cache_audit"]
    assert len(said) == 1 and f"tenant {bad}'s" in said[0] and "bad" not in said[0].replace(f"tenant {bad}", "")
    await admin.pool.execute("DELETE FROM cache_comparisons WHERE tenant_id = $1", bad)
    await watch.look()
    await watch.look()
    said = [record.getMessage() for record in caplog.records if record.name == "mitmgate.control.cache_audit"]
    assert watch.over == frozenset() and len(said) == 2 and "no longer" in said[1]
