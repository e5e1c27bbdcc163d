"""The figures of `cache evaluate` as an SVG, drawn here, so that no plotting library is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gatewayctl.svg import BLUE, GREY, ORANGE, SIDE, TOP, frame, line, place, text, whole

_WIDTH: Final = 860
_LEFT, _GAP = 60, 110
_ROW, _LABEL, _LENGTH = 18, 230, 480
_SAME, _DIFFERENT = BLUE, ORANGE


def plot(figures: Mapping[str, Any], name: str) -> str:
    """Precision and recall over the bar, the reliability of the probabilities, and what is served of each kind."""
    right = _LEFT + SIDE + _GAP
    parts = [
        text(_LEFT, 24, name, weight="bold"),
        *_over_bar(figures, _LEFT),
        *_reliability(figures, right),
        *(kinds := list(_kinds(figures["by_kind"], TOP + SIDE + 70))),
    ]
    height = TOP + SIDE + 90 + _ROW * (len(figures["by_kind"]) + bool(kinds))
    return whole(_WIDTH, height, parts)


def _over_bar(figures: Mapping[str, Any], x: float) -> Iterator[str]:
    rows = figures["by_bar"]
    yield from frame(x, "precision and recall over the bar", "bar, from 0.5 to 1")
    for name, colour, below in (("precision", _SAME, 0), ("recall", _DIFFERENT, 1)):
        points = [(2 * row["bar"] - 1, row[name]) for row in rows if row[name] is not None and row["bar"] >= 0.5]
        yield line(x, points, colour)
        yield text(x + 8, TOP + 16 + 16 * below, name, colour=colour)
    if 0.5 <= figures["bar"] <= 1:
        at = 2 * figures["bar"] - 1
        yield line(x, [(at, 0), (at, 1)], GREY, dashed=True)


def _reliability(figures: Mapping[str, Any], x: float) -> Iterator[str]:
    yield from frame(x, "share that is the same over the probability", "probability, from 0 to 1")
    yield line(x, [(0, 0), (1, 1)], GREY, dashed=True)
    bins = [each for each in figures["reliability"] if each["pairs"]]
    most = max((each["pairs"] for each in bins), default=1)
    yield line(x, [(each["predicted"], each["same"]) for each in bins], _SAME)
    for each in bins:
        cx, cy = place(x, (each["predicted"], each["same"]))
        size = 3 + 5 * (each["pairs"] / most) ** 0.5
        title = f"<title>{each['pairs']:,} pairs</title>"
        yield f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{size:.1f}" fill="{_SAME}">{title}</circle>'


def _kinds(rows: Sequence[Mapping[str, Any]], y: float) -> Iterator[str]:
    if rows:
        yield text(_LEFT, y, "served of each kind, %", weight="bold")
    for row in sorted(rows, key=lambda row: (not row["same"], row["kind"])):
        y += _ROW
        share = row["share"] or 0.0
        colour = _SAME if row["same"] else _DIFFERENT
        label = f"{row['kind'] or '-'} ({'same' if row['same'] else 'different'})"
        yield text(4, y, label[:36])
        length = 1 + _LENGTH * share
        yield f'<rect x="{_LABEL}" y="{y - 10}" width="{length:.1f}" height="{_ROW - 5}" fill="{colour}"/>'
        yield text(_LABEL + length + 6, y, f"{100 * share:.2f} of {row['pairs']:,}")
