"""`gatewayctl cache`, against the fake admin API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatewayctl.cache_figures import show_stats
from tests.unit.gatewayctl.conftest import AT, cache_analytics, cache_stats, request_row

ID = "1." + "A" * 43


def test_stats_of_all_and_of_one(run: Any, admin: Any) -> None:
    output = run("cache", "stats").stdout
    for part in ("all tenants", "3 (2 exact, 1 semantic)", "75.0 %", "2.0 KiB", "scopes=1", "What is 2+2?", ID):
        assert part in output
    one = run("cache", "stats", "acme").stdout
    assert "acme (id 1)" in one and "2.0 KiB of 256.0 MiB" in one and "matcher" not in one
    assert [each[2] for each in admin.asked[-2:]] == [{"tenant_id": "1"}] * 2
    assert json.loads(run("cache", "stats", "--json").stdout)["hits_by_kind"] == {"exact": 2, "semantic": 1}


def test_list_follows_pages_and_passes_filters_on(run: Any, admin: Any) -> None:
    lines = run("cache", "list", "acme", "--model", "m", "--namespace", "n", "--older-than", "2h").stdout.splitlines()
    assert lines[0].split() == ["Entry", "Hits", "Size", "Question"] and len(lines) == 4
    assert lines[1].split()[:3] == [ID, "7", "1.0"]
    first, second = admin.asked[-2:]
    assert first[2] == {"tenant_id": "1", "model": "m", "namespace": "n", "older_than_s": "7200", "limit": "100"}
    assert second[2] == {**first[2], "limit": "98", "cursor": "2"}
    assert len(json.loads(run("cache", "list", "--limit", "0", "--json").stdout)["data"]) == 3
    few = run("cache", "list", "--limit", "2")
    assert len(few.stdout.splitlines()) == 3 and "--limit 0" in few.stderr
    assert run("cache", "list", "--older-than", "soon").exit_code == 2


def test_a_list_fits_80_columns(run: Any, admin: Any) -> None:
    assert max(map(len, run("cache", "list").stdout.splitlines())) <= 80


def test_show(run: Any, admin: Any) -> None:
    output = run("cache", "show", ID).stdout
    assert "question:\nWhat is 2+2?" in output and 'body:\n{"a": 4}' in output and "2026-01-02 03:04:05Z" in output
    assert json.loads(run("cache", "show", ID, "--json").stdout)["stored_at"] == AT
    assert run("cache", "show", "1.B").exit_code == 5
    assert run("cache", "show", "../tenants/1").exit_code == 5
    assert admin.asked[-1][1] == "/admin/cache/entries/..%2Ftenants%2F1"


def test_evict(run: Any, admin: Any) -> None:
    ended = run("cache", "evict", ID, ID)
    assert ended.exit_code == 0 and "2 entries" in ended.stdout
    assert [each[0] for each in admin.asked] == ["DELETE", "DELETE"]
    ended = run("cache", "evict", "1.B", ID)  # the other goes all the same
    assert ended.exit_code == 5 and "1 entry" in ended.stdout and "no entry 1.B" in ended.stderr
    assert run("cache", "evict").exit_code == 2


def test_purge_asks_first(run: Any, admin: Any) -> None:
    assert run("cache", "purge", "acme").exit_code == 2
    assert not [each for each in admin.asked if each[0] == "DELETE"]
    ended = run("cache", "purge", "acme", "--older-than", "7d", "--yes")
    assert ended.exit_code == 0 and "1,234 entries of acme" in ended.stdout
    assert admin.asked[-1][:3] == ("DELETE", "/admin/cache/entries", {"tenant_id": "1", "older_than_s": "604800"})
    assert run("cache", "purge", "nobody", "--yes").exit_code == 5


def test_wrong_and_right_name_a_request_or_an_entry(run: Any, admin: Any) -> None:
    request_id = request_row(1)["request_id"]
    output = run("cache", "wrong", request_id).stdout
    assert "Removed the entry." in output and "not served for the other" in output
    assert admin.asked[-1][:2] == ("POST", "/admin/cache/feedback")
    assert admin.asked[-1][3] == {"request_id": request_id, "correct": False}
    admin.stories[request_id[:18]] = {"request_id": request_id}
    assert "may be served" in run("cache", "right", request_id[:18]).stdout
    assert admin.asked[-1][3] == {"request_id": request_id, "correct": True}
    output = run("cache", "wrong", ID).stdout
    assert output == "Removed the entry.\n" and admin.asked[-1][3] == {"entry": ID, "correct": False}
    assert json.loads(run("cache", "wrong", ID, "--json").stdout)["pair"] is None
    assert run("cache", "wrong", "1.B").exit_code == 5
    assert run("cache", "wrong", "01a2107b-0000").exit_code == 5
    assert run("cache", "wrong").exit_code == 2


def test_judge_two_questions(run: Any, admin: Any) -> None:
    output = run("cache", "judge", "What is 2+2?", "What is 2+3?", "--threshold", "0.8").stdout
    lines = [line.split() for line in output.splitlines()]
    assert ["cosine", "0.887"] in lines and ["verdict", "not", "served:", "number", "3", "vs", "2"] in lines
    assert ["number", "3", "vs", "2", "veto"] in lines and ["order", "doubt"] in lines and "the bar is 0.850" in output
    assert admin.asked[-1][3] == {"pairs": [["What is 2+2?", "What is 2+3?"]], "threshold": 0.8, "max_wrong": None}


def test_judge_reads_pairs_in_three_forms(run: Any, admin: Any, tmp_path: Path) -> None:
    lines = '{"a": "ä", "b": "2"}\n["3", "4"]\n\n5\t6\n[x\ty\n'
    answer = run("cache", "judge", "--file", "-", "--json", input=lines)
    assert [(each["a"], each["b"]) for each in json.loads(answer.stdout)["data"]] == [
        ("ä", "2"),
        ("3", "4"),
        ("5", "6"),
        ("[x", "y"),
    ]
    table = run("cache", "judge", "--file", "-", input=lines).stdout.splitlines()
    assert table[0].split() == ["Cosine", "Probability", "Serve", "Vetoes", "Doubts", "Asked", "Stored"]
    assert table[1].split()[:3] == ["0.887", "-", "no"] and len(table) == 5
    (tmp_path / "many").write_text('["q", "r"]\n' * 2500)
    assert len(json.loads(run("cache", "judge", "--file", str(tmp_path / "many"), "--json").stdout)["data"]) == 2500
    assert [len(each[3]["pairs"]) for each in admin.asked[-3:]] == [1000, 1000, 500]


@pytest.mark.parametrize("lines", ["one\n", "[1, 2]\n", '{"a": "x"}\n', '["x", "y", "z"]\n', "a\tb\tc\n", "[{[\n"])
def test_what_is_no_pair_is_wrong_usage(run: Any, admin: Any, lines: str) -> None:
    ended = run("cache", "judge", "--file", "-", input='["a", "b"]\n' + lines)
    assert ended.exit_code == 2 and "line 2" in ended.stderr and not admin.asked


@pytest.mark.parametrize("arguments", [(), ("a",), ("a", "b", "c"), ("a", "b", "--file", "-")])
def test_judge_wants_two_questions_or_a_file(run: Any, arguments: tuple[str, ...]) -> None:
    assert run("cache", "judge", *arguments, input="").exit_code == 2


def test_explain_a_text(run: Any, admin: Any) -> None:
    output = run("cache", "explain", "Who wrote that?", "--tenant", "acme", "--limit", "2").stdout
    for part in (
        "Who wrote that?",
        "0.850, for max_wrong 0.005",
        "1,234 in 2 scopes; the tenant has more",
        "own scope",
    ):
        assert part in output, part
    row = next(line for line in output.splitlines() if line.startswith(" 0.887"))
    assert row.split()[:3] == ["0.887", "0.710", "no"] and "not sure: 0.71, one more" in row
    sent = {"tenant_id": 1, "text": "Who wrote that?", "limit": 2, "threshold": None, "max_wrong": None}
    assert admin.asked[-1][1:] == ("/admin/cache/explain", {}, sent)
    assert run("cache", "explain", "a", "--tenant", "nobody").exit_code == 5


def test_explain_a_request(run: Any, admin: Any) -> None:
    output = run("cache", "explain", "01a2107b").stdout
    for part in ("miss: scope empty", "nothing was stored in it before", "system, sampling", "01a2"):
        assert part in output, part
    assert json.loads(run("cache", "explain", "01a2107b", "--json").stdout)["in_scope"] == 0
    assert run("cache", "explain", "01a2107c").exit_code == 5
    assert run("cache", "explain", "../stats").exit_code == 5
    assert run("cache", "explain", "01a2107b", "--max-wrong", "0.1").exit_code == 2


def test_stats_of_a_period(run: Any, admin: Any) -> None:
    lines = run("cache", "stats", "acme", "--from", "2026-01-01").stdout.splitlines()
    assert admin.asked[-1][1:3] == ("/admin/cache/analytics", {"tenant_id": "1", "from": "2026-01-01"})
    words = [line.split() for line in lines]
    assert ["tokens", "saved", "1,400", "prompt,", "1,600", "completion"] in words
    assert ["time", "saved", "88.9", "s"] in words
    (hits,) = [line for line in words if line[:3] == ["0.95", "to", "1.00"]]
    (near,) = [line for line in words if line[:3] == ["0.70", "to", "0.75"]]
    assert hits[3:] == ["40", "\u2588" * 20, "0"] and near[3:] == ["0", "10", "\u2588" * 5]
    assert "0.50 to 0.55" not in "".join(lines)
    assert json.loads(run("cache", "stats", "--json").stdout)["period"]["hit_rate"] == 50.0


def test_would_be_hits_have_a_column_where_there_are_some(capsys: pytest.CaptureFixture[str]) -> None:
    period = cache_analytics()
    period["would_be_hits"]["requests"] = 7
    period["probabilities"][18]["would_be_hits"] = 20
    show_stats("all", cache_stats(of_one=True), period)
    words = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["would-be", "hits", "7,", "0.0", "ms", "on", "average"] in words
    (of_bin,) = [line for line in words if line[:3] == ["0.90", "to", "0.95"]]
    assert of_bin[3:5] == ["0", "0"] and of_bin[5] == "20"


def test_top(run: Any, admin: Any) -> None:
    assert "What is 2+2?" in run("cache", "top", "acme", "--limit", "3").stdout
    assert admin.asked[-1][1:3] == ("/admin/cache/top", {"tenant_id": "1", "limit": "3"})
    assert run("cache", "top", "--limit", "101").exit_code == 2


def test_near_misses(run: Any, admin: Any) -> None:
    output = run("cache", "near-misses", "acme", "--from", "2026-01-01").stdout
    assert "0.710" in output and "What is 2+2?" in output and "(gone)" in output and "01a2107b-9134" in output
    assert admin.asked[-1][1:3] == (
        "/admin/cache/near-misses",
        {"tenant_id": "1", "from": "2026-01-01", "limit": "20"},
    )
