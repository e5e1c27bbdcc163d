"""`gatewayctl cache tune`, against the fake admin API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest


def test_the_table_the_reasons_and_the_suggestion(run: Any, admin: Any) -> None:
    output = run("cache", "tune", "acme", "--from", "2026-01-01").stdout
    lines = output.splitlines()
    assert "900 compared, 60 disagree" in output and "50 % of wrong answers" in output and "0.50 %" in output
    own = next(line for line in lines if line.lstrip().startswith("0.880"))
    assert own.split()[1:8] == ["900", "60", "8.00", "%", "5.00", "%", "to"] and own.endswith("<- the bar")
    assert next(line for line in lines if line.lstrip().startswith("0.900")).endswith("<- suggested")
    assert ["0.980", "01a2", "shadow", "number,", "list"] in [line.split() for line in lines]
    assert ["number", "40"] in [line.split() for line in lines]
    assert lines[-1].strip() == "gatewayctl tenants update acme --cache-mode semantic --cache-max-wrong 0.0045"
    assert admin.asked[-1][1:3] == ("/admin/cache/tune", {"tenant_id": "1", "from": "2026-01-01"})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"sure": False}, "The estimate, though not the whole interval"),
        ({"action": "raise the bar"}, "tenants update acme --cache-max-wrong 0.0045"),
        ({"action": "keep", "max_wrong": None}, "keep it"),
        ({"action": "too few comparisons", "bar": None, "max_wrong": None, "more": 1234}, "about 1,234 more"),
        (
            {"action": "too few comparisons", "more": 5, "least_budget": 0.02},
            "cannot confirm|confirm a budget below 2.0 %",
        ),
        ({"action": "too many wrong", "max_wrong": None}, "tenants update acme --cache-mode exact"),
        ({"action": "cannot be told", "least_budget": 0.03}, "errs too often"),
    ],
)
def test_each_suggestion_is_a_sentence(run: Any, admin: Any, found: dict[str, Any], said: str) -> None:
    admin.suggestion = found
    output = " ".join(run("cache", "tune", "acme").stdout.split())
    assert any(each in output for each in said.split("|"))


@pytest.mark.parametrize(
    ("mode", "ends_with"),
    [
        ("semantic", "gatewayctl tenants update acme --cache-audit-share 0.02"),
        ("exact", "gatewayctl tenants update acme --cache-mode shadow"),
        ("shadow", "Keep mode shadow until then."),
    ],
)
def test_who_has_few_comparisons_is_shown_how_to_get_more(run: Any, admin: Any, mode: str, ends_with: str) -> None:
    admin.suggestion, admin.tuned_mode = {"action": "too few comparisons", "more": 5}, mode
    assert run("cache", "tune", "acme").stdout.splitlines()[-1].strip() == ends_with


def test_another_budget_is_asked_for(run: Any, admin: Any) -> None:
    assert json.loads(run("cache", "tune", "acme", "--max-wrong", "0.02", "--json").stdout)["budget"] == 0.02
    assert admin.asked[-1][2]["max_wrong"] == "0.02"
    assert run("cache", "tune", "acme", "--max-wrong", "2").exit_code == 2
    assert run("cache", "tune").exit_code == 2
    assert run("cache", "tune", "nobody").exit_code == 5


def test_the_plot_is_an_svg(run: Any, admin: Any, tmp_path: Path) -> None:
    plot = tmp_path / "acme.svg"
    assert run("cache", "tune", "acme", "--plot", str(plot)).exit_code == 0
    texts = "".join(ElementTree.fromstring(plot.read_text(encoding="utf-8")).itertext())
    assert "acme" in texts and "budget 0.005" in texts
    ended = run("cache", "tune", "acme", "--plot", str(tmp_path / "none" / "acme.svg"))
    assert ended.exit_code == 1 and "cannot be written" in ended.stderr
