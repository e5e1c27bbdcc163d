from __future__ import annotations

import json
import time
from typing import Any

import pytest

from gatewayctl.log_lines import header, line
from gatewayctl.request_story import pairs_of
from gatewayctl.text import columns, fit
from tests.unit.gatewayctl.conftest import request_row, story

pytestmark = pytest.mark.usefixtures("hasty")


def ids(output: str) -> list[str]:
    return [json.loads(each)["request_id"] for each in output.splitlines()]


def test_the_newest_come_last_and_all_is_there_without_a_terminal(run: Any, admin: Any) -> None:
    admin.rows = [
        request_row(1, cache="hit", cache_kind="semantic", tenant_name="a tenant with a long name"),
        request_row(2, status=502, cache=None, error="upstream_first_byte_timeout", model=None),
    ]
    lines = run("logs").stdout.splitlines()
    assert lines[0].split() == ["Time", "(UTC)", "Tenant", "Status", "Cache", "Took", "Request", "Error/model"]
    assert "a tenant with a long name 200    semantic  123 ms 01a2107b-9134-70c1-863a-e8886ce96f03 gpt-4o" in lines[1]
    assert lines[2].endswith("502    -         123 ms 01a2107b-9134-70c2-863a-e8886ce96f03 upstream_first_byte_timeout")
    assert json.loads(run("logs", "--json").stdout)["data"] == admin.rows


@pytest.mark.parametrize("width", [80, 100, 40])
def test_a_line_fits_a_terminal(width: int) -> None:
    row = request_row(1, tenant_name="企业" * 9, model="m" * 200, error="e" * 30, status=502, latency_ms=599_000.0)
    shown = line(row, width)
    assert columns(shown) <= max(width, 80) and "01a2107b-9134-70c1 " in shown
    assert len(header(80)) <= 80


def test_fit() -> None:
    assert [fit(text, 4) for text in ("", "abcd", "abcde", "企业企", "企企")] == [
        "    ",
        "abcd",
        "abc~",
        "企~ ",
        "企企",
    ]
    assert fit("abcde", 4, cut=False) == "abcde"


def test_filters_are_passed_on(run: Any, admin: Any) -> None:
    ended = run(
        "logs", "--tenant", "zoo", "--status", "5xx", "--cache", "exact", "--model", "m", "--since", "2026-01-01"
    )
    assert ended.exit_code == 0
    asked = {"tenant_id": "3", "status": "5xx", "cache": "exact", "model": "m", "from": "2026-01-01", "limit": "1000"}
    assert admin.asked[-1][:3] == ("GET", "/admin/usage", asked)


def test_since_may_be_how_long_ago(run: Any, admin: Any) -> None:
    assert run("logs", "--since", "15m").exit_code == 0
    assert admin.asked[-1][2]["from"].startswith("20")
    assert run("logs", "--since", "999999d").exit_code == 2


def test_the_limit_is_met_over_pages(run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewayctl.request_logs._PAGE", 2)
    admin.rows = [request_row(number) for number in range(7)]
    told = json.loads(run("logs", "--json", "--limit", "5").stdout)
    assert told["data"] == admin.rows[2:] and told["next_cursor"] == "5"
    assert len(json.loads(run("logs", "--json").stdout)["data"]) == 7


def test_no_row_is_said(run: Any) -> None:
    assert "no such requests" in run("logs").stdout


def test_follow_shows_each_row_once_and_ends_with_130(run: Any, admin: Any) -> None:
    admin.rows = [request_row(1), request_row(2)]
    # Row 2 ended while the list was asked for: it is in both.
    admin.arriving = [[request_row(2), request_row(3)], [], [request_row(4)]]
    ended = run("logs", "--follow", "--json", "--limit", "1")
    assert ended.exit_code == 130 and ended.stderr == ""
    assert ids(ended.stdout) == [request_row(number)["request_id"] for number in (2, 3, 4)]
    afters = [query.get("after") for _, path, query, _ in admin.asked if path == "/admin/arrivals"]
    assert afters == [None, "0", "1", "2", "3"]


def test_follow_waits_for_a_server_that_is_away_and_says_so_once(run: Any, admin: Any) -> None:
    admin.arriving = [[request_row(1)], 503, 502, 503, [request_row(2)]]
    ended = run("logs", "--follow", "--json")
    assert ended.exit_code == 130
    assert len(ended.stderr.splitlines()) == 1 and "waiting" in ended.stderr
    assert ids(ended.stdout) == [request_row(number)["request_id"] for number in (1, 2)]


def test_follow_takes_no_for_an_answer(run: Any, admin: Any) -> None:
    admin.arriving = [403]
    ended = run("logs", "--follow")
    assert ended.exit_code == 1 and ended.stderr == "Error: Not now.\n"


def test_follow_needs_a_server_to_begin_with(run: Any, free_port: int) -> None:
    assert run("logs", "--follow", "--url", f"http://127.0.0.1:{free_port}").exit_code == 4


def test_follow_reads_full_pages_to_their_end(run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewayctl.request_logs._PAGE", 2)
    admin.arriving = [[request_row(1), request_row(2)], [request_row(3)]]
    assert len(ids(run("logs", "-f", "--json").stdout)) == 3


def test_a_story_is_one_screen(run: Any, admin: Any) -> None:
    none = {"connect_ms": None, "status": None, "error": None, "reused": False, "stale": False}
    attempts = [
        {**none, "at_ms": 1.0, "ms": 30.0, "connect_ms": 1.2, "status": 503, "error": "upstream_error"},
        {**none, "at_ms": 280.0, "ms": 10.0, "error": "upstream_reset", "reused": True},
        {**none, "at_ms": 300.0, "ms": 10.0, "connect_ms": 2.0, "status": 200, "stale": True},
        {**none, "at_ms": 400.0, "ms": 9.0, "error": "upstream_unreachable"},
    ]
    row = request_row(1, attempts=4, streamed=True, client_request_id="mine", error="upstream_reset", status=502)
    admin.stories[row["request_id"]] = story(
        row, attempts_detail=attempts, cache_detail="below bar", cache_nearest=0.87
    )
    ended = run("logs", row["request_id"])
    assert ended.exit_code == 0 and len(ended.stdout.splitlines()) <= 24
    for part in (
        "who          acme (tenant 1), key laptop mg_KKKKKK (11), from 192.0.2.7",
        "POST /v1/chat/completions, model gpt-4o-mini, streamed",
        "client's id  mine",
        "502 after 123 ms",
        "upstream_reset: The upstream closed the connection before its answer was whole.",
        "auth 0.5 ms, limit 0.8 ms, first byte 110 ms",
        "miss: below bar (nearest 0.870)",
        "api.example.com, asked 4 times",
        "9 prompt (4 from the vendor's cache), 12 completion",
    ):
        assert part in ended.stdout
    lines = [line.split() for line in ended.stdout.splitlines()[-4:]]
    assert lines[0] == ["1", "1.0", "ms", "30", "ms", "503", "upstream_error", "new,", "1.2", "ms"]
    assert lines[1][-2:] == ["upstream_reset", "kept"]
    assert lines[2][5:] == ["200", "new,", "2.0", "ms,", "the", "kept", "one", "was", "closed"]
    assert lines[3][-2:] == ["upstream_unreachable", "none"]
    assert json.loads(run("logs", row["request_id"], "--json").stdout) == admin.stories[row["request_id"]]


def test_a_hits_story_names_its_entry() -> None:
    row = request_row(1, cache="hit", cache_kind="exact", similarity=1.0, attempts=0, upstream=None)
    told = dict(pairs_of(story(row, cache_entry="e1", cache_age_s=7)))
    assert told["cache"] == "exact hit, similarity 1.000, of entry e1, 7 s old" and told["upstream"] == "not asked"
    assert "error" not in told and "client's id" not in told


@pytest.mark.parametrize(
    ("cache", "detail", "shown"),
    [
        ("shadow", "shadow: 0.93", "shadow: 0.93"),
        ("audit", "audit of 01a2107b", "audit of 01a2107b"),
        ("miss", "scope empty", "miss: scope empty"),
        (None, "no key", "no key"),
        ("miss", None, "miss"),
    ],
)
def test_an_outcome_is_told_once(cache: str | None, detail: str | None, shown: str) -> None:
    told = dict(pairs_of(story(request_row(1, cache=cache), cache_detail=detail, cache_nearest=None)))
    assert told["cache"] == shown


def test_a_clients_id_finds_its_request(run: Any, admin: Any) -> None:
    # One that looks like ours, and one that does not.
    for number, theirs in ((1, "6b7e1f6e-6c5e-4d3c-9d5f-4f0f1f3f2f1f"), (2, "order 7/2")):
        row = request_row(number, client_request_id=theirs)
        admin.rows.append(row)
        admin.stories[row["request_id"]] = story(row)
        assert row["request_id"] in run("logs", theirs).stdout
        assert row["request_id"] in run("logs", theirs, "--client-id").stdout
    admin.rows.append(request_row(3, client_request_id="order 7/2"))
    assert len(run("logs", "order 7/2").stdout.splitlines()) == 3
    assert run("logs", "nothing").exit_code == 5
    assert run("logs", "01a2107b").exit_code == 5


def test_a_row_that_is_on_its_way_is_waited_for(run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    millis = f"{int(time.time() * 1000):012x}"
    fresh = f"{millis[:8]}-{millis[8:]}-70cc-863a-e8886ce96f03"

    def arrive(_: float) -> None:
        admin.stories[fresh] = story(request_row(1, request_id=fresh))

    monkeypatch.setattr("gatewayctl.request_lookup.time.sleep", arrive)
    assert fresh in run("logs", fresh).stdout


@pytest.mark.parametrize(
    "arguments", [("x", "--follow"), ("x", "--status", "500"), ("--client-id",), ("--cache", "warm")]
)
def test_what_does_not_go_together_is_2(run: Any, arguments: tuple[str, ...]) -> None:
    assert run("logs", *arguments).exit_code == 2


def test_a_deleted_tenants_requests_are_found_by_its_id(run: Any, admin: Any) -> None:
    assert run("logs", "--tenant", "99").exit_code == 0
    assert admin.asked[-1][2]["tenant_id"] == "99"
    assert run("logs", "--tenant", "nobody").exit_code == 5
