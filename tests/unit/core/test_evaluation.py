"""Figures of labelled pairs and streams, against what counting by hand gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.evaluation import (
    BARS,
    MOST_KINDS,
    OTHER_KINDS,
    ByProbability,
    PairTally,
    StreamTally,
    label_of,
)
from mitmgate.core.verdict import Verdict


def tallied(cases: list[tuple[float, bool]], bar: float) -> dict[str, object]:
    tally = PairTally()
    for probability, same in cases:
        tally.add(Verdict(probability >= bar, (), probability), same=same, kind="k")
    return tally.figures(bar)


def test_precision_and_recall_at_the_bar_and_at_others() -> None:
    figures = tallied([(0.95, True), (0.91, False), (0.85, True), (0.55, True), (0.1, False)], 0.9)
    assert (figures["served"], figures["precision"], figures["recall"]) == (2, 0.5, pytest.approx(1 / 3, abs=1e-5))
    assert figures["different_served"] == 0.5
    rows = {row["bar"]: row for row in figures["by_bar"]}  # type: ignore[attr-defined]
    assert (rows[0.5]["served"], rows[0.5]["precision"], rows[0.5]["recall"]) == (4, 0.75, 1.0)
    assert (rows[0.99]["served"], rows[0.99]["precision"], rows[0.99]["recall"]) == (0, None, 0.0)


def test_what_is_vetoed_or_kept_out_is_served_at_no_bar() -> None:
    tally = PairTally()
    tally.add(Verdict(False, ("number 3 vs 2",)), same=True, kind="veto")
    tally.add(Verdict(True, (), 0.9), same=True, kind="crisis", kept_out=True)
    figures = tally.figures(0.8)
    assert (figures["pairs"], figures["kept_out"], figures["served"], figures["recall"]) == (2, 1, 0, 0.0)
    assert all(row["served"] == 0 for row in figures["by_bar"])
    assert figures["calibration_error"] is None


def test_a_bar_that_nothing_reaches_is_no_row() -> None:
    assert [row["bar"] for row in tallied([(0.9, True)], 1.01)["by_bar"]] == list(BARS)  # type: ignore[attr-defined]


def test_kinds_are_bounded() -> None:
    tally = PairTally()
    for number in range(3 * MOST_KINDS):
        tally.add(Verdict(True, (), 0.9), same=True, kind=str(number))
    kinds = tally.figures(0.5)["by_kind"]
    assert len(kinds) == MOST_KINDS + 1 and sum(each["pairs"] for each in kinds) == 3 * MOST_KINDS
    assert OTHER_KINDS in [each["kind"] for each in kinds]


def test_reliability_compares_prediction_and_truth() -> None:
    figures = tallied([(0.92, True)] * 3 + [(0.92, False)] + [(0.31, False)] * 4, 0.5)
    bins = {each["from"]: each for each in figures["reliability"]}  # type: ignore[attr-defined]
    assert (bins[0.9]["pairs"], bins[0.9]["predicted"], bins[0.9]["same"]) == (4, 0.92, 0.75)
    assert (bins[0.3]["pairs"], bins[0.3]["same"], bins[0.0]["predicted"]) == (4, 0.0, None)
    assert figures["calibration_error"] == pytest.approx((0.17 + 0.31) / 2)


@given(st.lists(st.floats(0, 1)), st.integers(0, 1000))
def test_what_is_over_a_bar(values: list[float], thousandths: int) -> None:
    over, bar = ByProbability(), thousandths / 1000
    for value in values:
        over.add(value)
    sure = sum(value >= bar + 1e-6 for value in values)
    assert sure <= over.from_(bar) <= sum(value >= bar - 1e-6 for value in values)


@pytest.mark.parametrize(
    ("own", "neg", "theirs", "label"),
    [
        ("a", None, "a", "right"),
        ("a", None, "b", "wrong"),
        ("a", frozenset({"b"}), "b", "wrong"),
        ("a", frozenset[str](), "b", "unknown"),
        (None, None, "b", "unknown"),
        ("a", None, None, "unknown"),
    ],
)
def test_labels_of_hits(own: str | None, neg: frozenset[str] | None, theirs: str | None, label: str) -> None:
    assert label_of(own, neg, theirs) == label


def test_a_stream() -> None:
    tally = StreamTally()
    tally.add("miss", None, None, possible=False)
    tally.add("exact", "right", 1.0, possible=True)
    tally.add("semantic", "wrong", 0.93, possible=True)
    tally.add("semantic", "unknown", 0.99, possible=False)
    tally.add("miss", "right", 0.8, possible=True)
    tally.add("kept_out", None, None, possible=False)
    figures = tally.figures(0.9)
    assert (figures["questions"], figures["possible"], figures["hits"]) == (6, 3, 3)
    assert (figures["right"], figures["wrong"], figures["unknown"]) == (1, 1, 1)
    assert (figures["exact_hits"], figures["semantic_hits"], figures["misses"], figures["kept_out"]) == (1, 2, 2, 1)
    assert (figures["wrong_share"], figures["recall"]) == (0.5, pytest.approx(1 / 3, abs=1e-5))
    rows = {row["bar"]: row for row in figures["by_bar"]}
    assert (rows[0.8]["hits"], rows[0.8]["right"], rows[0.9]["hits"]) == (4, 2, 3)
    assert (rows[0.97]["hits"], rows[0.97]["wrong"]) == (2, 0)
