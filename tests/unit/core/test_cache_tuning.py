"""Which setting the estimates speak for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.cache_tuning import BARS, Action, Tuned, max_wrong_for, suggest
from mitmgate.core.calibration import Calibration
from mitmgate.core.wrong_share import ComparisonError, estimates

ERROR = ComparisonError(0.6, 200, 0.99, 200)
CALIBRATION = Calibration.read()
COUNTS = st.lists(
    st.tuples(st.integers(300, 1000).map(lambda n: n / 1000), st.integers(0, 500), st.integers(0, 500)).map(
        lambda each: (each[0], each[1] + each[2], each[2])
    ),
    max_size=30,
)


def own(serves: bool = False, budget: float = 0.05, max_wrong: float = 0.005) -> Tuned:
    return Tuned(serves, budget, CALIBRATION.bar(max_wrong))


def test_nothing_compared_stays_as_it_is() -> None:
    found = suggest(estimates([], BARS, ERROR), own(), ERROR, CALIBRATION)
    assert (found.action, found.bar) == (Action.STAY, None)
    assert found.more == 100  # 3 / (0.05 * 0.6)


def test_few_comparisons_say_how_many_more() -> None:
    found = suggest(estimates([(0.9, 10, 0)], BARS, ERROR), own(), ERROR, CALIBRATION)
    assert found.action is Action.STAY
    assert found.more is not None and found.more >= 90


def test_many_that_agree_may_be_served() -> None:
    found = suggest(estimates([(0.95, 900, 0)], BARS, ERROR), own(), ERROR, CALIBRATION)
    assert (found.action, found.sure) == (Action.SERVE, True)
    assert found.bar is not None and found.bar >= 0.95


def test_a_lower_bar_that_is_as_good_is_suggested() -> None:
    found = suggest(estimates([(0.7, 2000, 0), (0.95, 900, 0)], BARS, ERROR), own(serves=True), ERROR, CALIBRATION)
    assert (found.action, found.sure) == (Action.LOWER, True)
    assert found.max_wrong is not None and CALIBRATION.bar(found.max_wrong) == found.bar
    assert found.bar is not None and 0.7 <= found.bar < CALIBRATION.bar(0.005)


def test_wrong_ones_below_a_bar_raise_it() -> None:
    counts = [(0.88, 500, 400), (0.96, 2000, 0)]
    found = suggest(estimates(counts, BARS, ERROR), own(serves=True), ERROR, CALIBRATION)
    assert found.action is Action.RAISE
    assert found.bar is not None and found.bar > 0.88


def test_wrong_ones_everywhere_stop_it() -> None:
    found = suggest(estimates([(0.99, 1000, 600)], BARS, ERROR), own(serves=True), ERROR, CALIBRATION)
    assert (found.action, found.sure, found.bar) == (Action.STOP, True, None)


def test_a_budget_below_what_the_comparison_can_tell_is_said_to_be_so() -> None:
    found = suggest(estimates([(0.95, 50_000, 500)], BARS, ERROR), own(budget=0.001), ERROR, CALIBRATION)
    assert found.action is Action.UNKNOWN
    assert found.least_budget is not None and found.least_budget > 0.001


@given(COUNTS, st.booleans(), st.floats(0, 0.3))
def test_what_is_suggested_is_a_setting_within_the_budget(
    counts: list[tuple[float, int, int]], serves: bool, budget: float
) -> None:
    rows = estimates(counts, BARS, ERROR)
    found = suggest(rows, own(serves, budget), ERROR, CALIBRATION)
    if found.bar is None:
        assert found.max_wrong is None
        return
    if found.max_wrong is not None:
        assert CALIBRATION.bar(found.max_wrong) == found.bar
    fitting = [each for each in rows if each.wrong is not None and each.wrong <= budget]
    assert any(each.bar <= found.bar + 1e-9 for each in fitting)
    if found.sure:
        assert any(each.high <= budget for each in fitting)


def test_the_largest_share_that_gives_a_bar() -> None:
    for bar in (0.5, 0.88, 0.95):
        share = max_wrong_for(bar, CALIBRATION)
        assert share is not None and CALIBRATION.bar(share) >= bar
    assert max_wrong_for(1.0, CALIBRATION) is None
