from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.refused_rows import A_SECOND, BURST, SUMMED_S, RefusedRows
from mitmgate.core.usage import UsageRecord


def refused(tenant_id: int = 1, request_id: str = "r") -> UsageRecord:
    return UsageRecord(request_id, 0.0, tenant_id, 1, "POST", "/v1/x", 400, 1.0, error="invalid_json")


def test_a_flood_has_a_bounded_number_of_rows_and_loses_none() -> None:
    rows, made, stands_for = RefusedRows(), 0, 0
    for number in range(20_020):
        now = number * 8.0 / 20_020
        made += rows.passes(refused(), now)
        for _, more in rows.due(now):
            made, stands_for = made + 1, stands_for + more
    for _, more in rows.due(8.0, everything=True):
        made, stands_for = made + 1, stands_for + more
    assert made + stands_for == 20_020
    assert made <= BURST + 8 * A_SECOND + 2


def test_what_is_held_comes_ten_seconds_later_as_the_last_record() -> None:
    rows = RefusedRows()
    while rows.passes(refused(), 0.0):
        pass
    assert not rows.passes(refused(request_id="last"), 0.5)
    assert rows.due(SUMMED_S - 0.1) == []
    ((record, more),) = rows.due(SUMMED_S)
    assert (record.request_id, more) == ("last", 1)
    assert rows.due(SUMMED_S) == []


def test_a_tenant_pays_for_nobody_else_and_is_forgotten() -> None:
    rows = RefusedRows()
    while rows.passes(refused(1), 0.0):
        pass
    assert rows.passes(refused(2), 0.0)
    assert len(rows) == 2
    rows.due(BURST / A_SECOND, everything=True)
    assert len(rows) == 0


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 5), st.integers(1, 400), st.booleans()), max_size=30))
def test_each_request_is_in_one_row_or_counted_in_one(steps: list[tuple[int, float, int, bool]]) -> None:
    rows, now, asked, told = RefusedRows(), 0.0, 0, 0
    for tenant, wait, count, flush in steps:
        now += wait
        asked += count
        told += sum(rows.passes(refused(tenant), now) for _ in range(count))
        if flush:
            told += sum(1 + more for _, more in rows.due(now))
    told += sum(1 + more for _, more in rows.due(now, everything=True))
    assert told == asked
