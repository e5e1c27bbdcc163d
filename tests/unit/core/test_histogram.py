from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.histogram import BOUNDS, BUCKETS, bucket_of, percentile


def counts_of(values: list[float]) -> list[int]:
    counts = [0] * BUCKETS
    for value in values:
        counts[bucket_of(value)] += 1
    return counts


@given(st.floats(min_value=0, max_value=1e7))
def test_a_latency_lies_between_the_bounds_of_its_bucket(ms: float) -> None:
    place = bucket_of(ms)
    if place < len(BOUNDS):
        assert ms <= BOUNDS[place] * (1 + 1e-9)
    if place > 0:
        assert ms > BOUNDS[place - 1] * (1 - 1e-9)


@pytest.mark.parametrize("ms", [-1.0, 0.0, 1e300, math.inf, math.nan])
def test_no_number_is_outside_the_scale(ms: float) -> None:
    assert bucket_of(ms) in (0, BUCKETS - 1)


@given(
    st.lists(st.floats(min_value=0.2, max_value=800_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99])
)
def test_a_percentile_is_right_to_a_bucket(values: list[float], q: float) -> None:
    found = percentile(counts_of(values), q)
    exact = sorted(values)[math.ceil(q * len(values)) - 1]
    assert found is not None
    assert exact / 1.13 <= found <= exact * 1.13


def test_sums_of_histograms_are_histograms_of_all() -> None:
    one, other = [3.0, 40.0, 41.0], [500.0, 3.1]
    added = [a + b for a, b in zip(counts_of(one), counts_of(other), strict=True)]
    assert added == counts_of(one + other)


def test_nothing_counted_has_no_percentile() -> None:
    assert percentile([0] * BUCKETS, 0.5) is None
