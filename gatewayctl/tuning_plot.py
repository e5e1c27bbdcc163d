"""The figures of `cache tune` as an SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gatewayctl.svg import BLUE, GREY, ORANGE, SIDE, TOP, area, frame, line, text, whole

_LEFT, _GAP = 60, 110
_LOWEST: Final = 0.5  # bar


def plot(figures: Mapping[str, Any], name: str) -> str:
    """The estimated share of wrong hits with its interval, and how many were compared, over the bar."""
    right = _LEFT + SIDE + _GAP
    parts = [text(_LEFT, 24, name, weight="bold"), *_wrong(figures, _LEFT), *_compared(figures, right)]
    return whole(right + SIDE + 20, TOP + SIDE + 40, parts)


def _wrong(figures: Mapping[str, Any], x: float) -> Iterator[str]:
    rows = [row for row in figures["by_bar"] if row["wrong"] is not None]
    budget = figures["budget"]
    most = max((row["high"] for row in rows), default=0.0) or 1.0
    most = min(1.0, max(most, 2 * budget))
    yield from frame(x, "share of wrong hits, estimated (95 %)", "bar, from 0.5 to 1", most)
    upper = [(_across(row["bar"]), row["high"] / most) for row in rows]
    lower = [(_across(row["bar"]), row["low"] / most) for row in rows]
    yield area(x, [*upper, *reversed(lower)], BLUE)
    yield line(x, [(_across(row["bar"]), min(1.0, row["wrong"] / most)) for row in rows], BLUE)
    yield line(x, [(0, budget / most), (1, budget / most)], ORANGE, dashed=True)
    yield text(x + 8, TOP + 16, f"budget {budget:g}", colour=ORANGE)
    yield from _own_bar(figures, x)


def _compared(figures: Mapping[str, Any], x: float) -> Iterator[str]:
    rows = figures["by_bar"]
    most = max((row["compared"] for row in rows), default=0)
    yield from frame(x, f"answers compared, {most:,} at most", "bar, from 0.5 to 1")
    for name, colour, below in (("compared", BLUE, 0), ("disagreeing", ORANGE, 1)):
        yield line(x, [(_across(row["bar"]), row[name] / (most or 1)) for row in rows], colour)
        yield text(x + 8, TOP + 16 + 16 * below, name, colour=colour)
    yield from _own_bar(figures, x)


def _own_bar(figures: Mapping[str, Any], x: float) -> Iterator[str]:
    if figures["bar"] is not None and figures["bar"] >= _LOWEST:
        at = _across(figures["bar"])
        yield line(x, [(at, 0), (at, 1)], GREY, dashed=True)


def _across(bar: float) -> float:
    return (max(bar, _LOWEST) - _LOWEST) / (1 - _LOWEST)
