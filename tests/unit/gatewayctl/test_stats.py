from __future__ import annotations

import json
from typing import Any

import pytest

from gatewayctl.text import milliseconds, percent, sparkline


def test_all_tenants_a_line_each(run: Any) -> None:
    lines = [line.split() for line in run("stats").stdout.splitlines()]
    assert lines[0] == ["ID", "Name", "Requests", "Success", "Hits", "p50", "p95", "Tokens"]
    assert lines[1] == ["1", "acme", "1,234", "99.5", "%", "25.0", "%", "12", "ms", "250", "ms", "1,500"]
    assert lines[2] == ["2", "idle", "0", "-", "-", "-", "-", "0"]
    assert len(lines) == 5


def test_all_tenants_as_json(run: Any) -> None:
    data = json.loads(run("stats", "--json").stdout)["data"]
    assert [(one["id"], one["name"], one["total_requests"]) for one in data[:2]] == [(1, "acme", 1234), (2, "idle", 0)]


def test_a_tenant_deleted_meanwhile_is_left_out(run: Any, admin: Any) -> None:
    listed = [*admin.tenants, {**admin.tenants[0], "id": 99, "name": "gone"}]
    admin.listed = listed
    assert [one["name"] for one in json.loads(run("stats", "--json").stdout)["data"]] == ["acme", "idle", "zoo", "77"]


def test_one_tenant_in_detail(run: Any) -> None:
    output = run("stats", "acme").stdout
    for part in ("acme (id 1)", "p50 12 ms, p95 250 ms, p99 12.0 s", "/v1/chat/completions", "gpt-4o-mini"):
        assert part in output
    assert "▂▁▁█ 01-02 03:00 to 01-02 06:00, most 7" in output


def test_one_tenant_as_json_is_the_servers_answer(run: Any, admin: Any) -> None:
    one = json.loads(run("stats", "acme", "--json").stdout)
    assert one["total_requests"] == 1234 and one["cost"] is None


def test_an_idle_tenant_has_no_rates(run: Any) -> None:
    output = run("stats", "idle").stdout
    assert "latency" not in output and "success" not in output


def test_bounds_are_passed_on(run: Any, admin: Any) -> None:
    run("stats", "acme", "--from", "2026-01-01", "--to", "2026-01-31")
    assert admin.asked[-1][2] == {"from": "2026-01-01", "to": "2026-01-31"}


def test_an_unknown_tenant_is_5(run: Any) -> None:
    assert run("stats", "nobody").exit_code == 5


@pytest.mark.parametrize(
    ("values", "encoding", "expected"),
    [([0, 1, 2], "utf-8", "▁▅█"), ([0, 0], "utf-8", "▁▁"), ([], "utf-8", ""), ([0, 2], "ascii", "_#")],
)
def test_sparkline(values: list[float], encoding: str, expected: str) -> None:
    assert sparkline(values, encoding) == expected


def test_numbers_for_people() -> None:
    assert [milliseconds(value) for value in (0.44, 9.96, 12.3, 12_345, None)] == [
        "0.4 ms",
        "10.0 ms",
        "12 ms",
        "12.3 s",
        "-",
    ]
    assert [percent(value) for value in (99.99, 100, 0, None)] == ["99.9 %", "100 %", "0.0 %", "-"]
