from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gatewayctl.text import milliseconds, percent, sparkline
from tests.unit.gatewayctl.conftest import live


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


def test_a_bound_may_be_so_long_ago(run: Any, admin: Any) -> None:
    run("stats", "acme", "--from", "7d")
    ago = datetime.now(UTC) - datetime.fromisoformat(admin.asked[-1][2]["from"])
    assert 7 * 86_400 <= ago.total_seconds() < 7 * 86_400 + 60


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


def test_watch_prints_a_block_an_interval_without_a_terminal(run: Any, admin: Any, hasty: None) -> None:
    admin.arriving = [live(1), 503, live(4), {**live(0), "outcomes": {}, "statuses": {}, "top_tenants": []}]
    ended = run("stats", "--watch")
    assert ended.exit_code == 130 and len(ended.stderr.splitlines()) == 1
    first, second, third, _ = ended.stdout.split("\n\n")
    lines = first.splitlines()
    assert lines[0].startswith("all tenants, 20") and lines[0].endswith("Z, over 2.0 s")
    assert lines[1:] == [
        "requests  5.0/s █ most 5.0/s",
        "latency   p50 12 ms, p95 250 ms",
        "statuses  200: 9, 429: 1",
        "cache     exact 37.5 %, semantic 12.5 %, miss 50.0 %, none: 2",
        "tokens    500/s prompt, 250/s completion",
        "tenants   acme                          5.0/s, errors 10.0 %, hits 40.0 %",
    ]
    assert "requests  20.0/s ▃█ most 20.0/s" in second
    assert third.splitlines()[1:] == ["requests  0.0/s ▃█▁ most 20.0/s"]
    assert [query["after"] for _, path, query, _ in admin.asked if query.get("after")][-1] == "live0"


def test_would_be_hits_are_part_of_what_was_looked_up(run: Any, admin: Any, hasty: None) -> None:
    admin.arriving = [{**live(1), "outcomes": {"exact": 2, "shadow": 1, "miss": 1, "audit": 3}}]
    lines = run("stats", "--watch").stdout.splitlines()
    assert "cache     exact 50.0 %, semantic 0.0 %, miss 25.0 %, shadow 25.0 %, audit: 3" in lines


def test_watch_of_one_tenant_as_json_lines(run: Any, admin: Any, hasty: None) -> None:
    admin.arriving = [live(1), live(2)]
    ended = run("stats", "zoo", "--watch", "0.5", "--json")
    assert ended.exit_code == 130
    assert [json.loads(line) for line in ended.stdout.splitlines()] == [live(1), live(2)]
    assert admin.asked[-1][2] == {"tenant_id": "3", "after": "live2"}


def test_watch_goes_without_a_period(run: Any) -> None:
    assert run("stats", "--watch", "1", "--from", "2026-01-01").exit_code == 2
    assert run("stats", "--watch", "0").exit_code == 2
