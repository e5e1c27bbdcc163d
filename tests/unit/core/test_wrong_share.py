"""The share of wrong hits, estimated by a comparison that errs."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mitmgate.core.wrong_share import (
    ComparisonError,
    estimate,
    estimates,
    least_budget,
    measured_error,
    more_needed,
    on_this_traffic,
    wilson,
)

ERROR = ComparisonError(0.5, 80, 0.97, 90)
ERRORS = st.builds(ComparisonError, st.floats(0.3, 1), st.integers(10, 5000), st.floats(0.75, 1), st.integers(10, 5000))


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    compared = draw(st.integers(1, 100_000))
    return compared, draw(st.integers(0, compared))


@given(counts(), ERRORS)
def test_the_interval_holds_the_point(seen: tuple[int, int], error: ComparisonError) -> None:
    found = estimate(0.9, *seen, error)
    assert found.wrong is not None
    assert 0 <= found.low <= found.wrong <= found.high <= 1


@given(counts(), ERRORS)
def test_one_more_that_disagrees_is_never_fewer_wrong(seen: tuple[int, int], error: ComparisonError) -> None:
    compared, disagreeing = seen
    assume(disagreeing < compared)
    one, more = estimate(0.9, compared, disagreeing, error), estimate(0.9, compared, disagreeing + 1, error)
    assert one.wrong is not None and more.wrong is not None
    assert one.wrong <= more.wrong


@given(st.integers(1, 2000), ERRORS)
def test_more_comparisons_without_a_disagreement_lower_the_upper_end(compared: int, error: ComparisonError) -> None:
    assert estimate(0.9, 2 * compared, 0, error).high <= estimate(0.9, compared, 0, error).high


def test_the_estimate_takes_the_comparisons_error_out() -> None:
    """Of 1,000 hits 100 are wrong: 50 of these are found, and 27 of the 900 right ones disagree, too."""
    found = estimate(0.9, 1000, 77, ERROR)
    assert found.wrong == pytest.approx(0.1)
    assert found.low < 0.1 < found.high


def test_fewer_disagreements_than_false_alarms_are_no_wrong_hits() -> None:
    assert estimate(0.9, 1000, 10, ERROR).wrong == 0.0


def test_nothing_compared_tells_nothing() -> None:
    found = estimate(0.9, 0, 0, ERROR)
    assert (found.wrong, found.low, found.high) == (None, 0.0, 1.0)


@pytest.mark.parametrize("wrong", [0.0, 0.005, 0.05, 0.2])
@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.5, 0.96), (0.9, 0.9), (0.4, 0.999)])
def test_the_interval_covers_the_truth(wrong: float, sensitivity: float, specificity: float) -> None:
    """Each time the comparison's error is measured on other labelled answers."""
    draw = random.Random(7)

    def of(trials: int, share: float) -> int:
        return sum(draw.random() < share for _ in range(trials))

    covered, runs = 0, 200
    for _ in range(runs):
        error = ComparisonError(of(80, sensitivity) / 80, 80, of(90, specificity) / 90, 90)
        found = estimate(0.9, 400, of(400, wrong * sensitivity + (1 - wrong) * (1 - specificity)), error)
        covered += found.low - 1e-9 <= wrong <= found.high + 1e-9
    assert covered >= 0.9 * runs


def test_each_bar_has_what_reached_it() -> None:
    found = estimates([(0.7, 10, 5), (0.88, 20, 2), (0.95, 30, 0)], (0.5, 0.7, 0.88, 0.9, 0.99), ERROR)
    assert [(each.bar, each.compared, each.disagreeing) for each in found] == [
        (0.7, 60, 7),
        (0.88, 50, 2),
        (0.9, 30, 0),
        (0.99, 0, 0),
    ]


def test_nothing_is_said_of_bars_below_all_that_was_compared() -> None:
    assert [each.bar for each in estimates([(0.9, 10, 0)], (0.5, 0.6, 0.9, 0.95), ERROR)] == [0.9, 0.95]
    assert [each.compared for each in estimates([], (0.5, 0.9), ERROR)] == [0]


def test_traffic_that_hardly_disagrees_proves_fewer_false_alarms() -> None:
    counts = [(0.7, 1000, 60), (0.95, 1000, 5)]
    error = on_this_traffic(counts, ERROR)
    assert error.is_bound and 0.985 < error.specificity < 0.995 and error.specificity_trials == 1000
    low, high = estimates(counts, (0.7, 0.95), error)
    assert low.low > estimates(counts, (0.7, 0.95), ERROR)[0].low
    assert high.wrong == 0.0


def test_traffic_that_disagrees_as_often_as_measured_proves_nothing() -> None:
    assert on_this_traffic([(0.7, 1000, 60), (0.95, 1000, 40)], ERROR) == ERROR
    assert on_this_traffic([], ERROR) == ERROR


@pytest.mark.parametrize("specificity", [0.96, 0.997])
def test_intervals_over_the_bar_cover_the_truth_whatever_the_traffic(specificity: float) -> None:
    """Wrong hits: 10 % of those from 0.7 to 0.9, none above; the labelled answers say a specificity of 0.96."""
    draw = random.Random(11)

    def disagreeing(compared: int, wrong: float) -> int:
        return sum(draw.random() < wrong * 0.5 + (1 - wrong) * (1 - specificity) for _ in range(compared))

    covered, runs = [0, 0], 100
    for _ in range(runs):
        labelled = sum(draw.random() < 0.96 for _ in range(90)) / 90
        counts = [(0.7, 500, disagreeing(500, 0.1)), (0.95, 500, disagreeing(500, 0.0))]
        error = on_this_traffic(counts, ComparisonError(0.5, 80, labelled, 90))
        for place, (found, truth) in enumerate(zip(estimates(counts, (0.7, 0.95), error), (0.05, 0.0), strict=True)):
            covered[place] += found.low - 1e-9 <= truth <= found.high + 1e-9
    assert min(covered) >= 0.9 * runs


def test_how_many_more_are_needed() -> None:
    few = estimate(0.9, 20, 0, ERROR)
    more = more_needed(few, 0.02, ERROR)
    assert more is not None
    assert few.high > 0.02
    assert estimate(0.9, 20 + more, 0, ERROR).high <= 0.02
    assert estimate(0.9, 20 + more // 2, 0, ERROR).high > 0.02


def test_some_budgets_no_number_of_comparisons_can_confirm() -> None:
    found = estimate(0.9, 1000, 30, ERROR)
    assert more_needed(found, 0.001, ERROR) is None
    assert least_budget(found, ERROR) > 0.001


def test_a_comparison_no_better_than_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="chance"):
        ComparisonError(0.3, 100, 0.7, 100)


def test_the_shipped_comparison_is_better_than_chance() -> None:
    assert measured_error().gain > 0.3
    assert measured_error().specificity > 0.9


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_wilson_holds_its_share(share: float, trials: int) -> None:
    low, high = wilson(share, trials)
    assert low <= share + 1e-9 and share - 1e-9 <= high
