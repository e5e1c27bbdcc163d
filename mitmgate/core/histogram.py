"""Latencies as counts on a fixed logarithmic scale: histograms of hours, models and workers add up element by element.

The same scale as latency_bucket() of schema.sql; changing it would change the meaning of what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, isnan, log10
from typing import Final

FIRST_BOUND_MS: Final = 0.1
BUCKETS_PER_DECADE: Final = 20
BUCKETS: Final = 141

#: The highest latency of each bucket but the last, which is open: 0.1 ms, each next one 12 % higher, up to 891 s.
BOUNDS: Final = tuple(FIRST_BOUND_MS * 10 ** (place / BUCKETS_PER_DECADE) for place in range(BUCKETS - 1))


def bucket_of(ms: float) -> int:
    """Which bucket a latency belongs to."""
    if isnan(ms):
        return BUCKETS - 1
    ratio = ms / FIRST_BOUND_MS
    if ratio <= 1:
        return 0
    return min(BUCKETS - 1, ceil(min(BUCKETS_PER_DECADE * log10(ratio), BUCKETS)))


def percentile(counts: Sequence[int], q: float) -> float | None:
    """The latency in ms that the share q (0 to 1) of the counted ones does not exceed, None when none was counted.

    Off by at most a bucket's width, 12 %: within its bucket the values are taken to lie evenly on the log scale.
    """
    total = sum(counts)
    if total == 0:
        return None
    wanted = max(q * total, 1)
    seen = 0
    for place, count in enumerate(counts):
        if count and seen + count >= wanted:
            return _within(place, (wanted - seen) / count)
        seen += count
    return BOUNDS[-1]


def _within(place: int, share: float) -> float:
    if place == 0:
        return FIRST_BOUND_MS * share
    if place >= len(BOUNDS):
        return BOUNDS[-1]
    low, high = BOUNDS[place - 1], BOUNDS[place]
    growth: float = (high / low) ** share
    return low * growth
