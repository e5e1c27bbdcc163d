"""The figures of `cache evaluate` as an SVG, drawn here, so that no plotting library is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

_WIDTH: Final = 860
_SIDE: Final = 320  # of a square panel
_LEFT, _GAP, _TOP = 60, 110, 60
_ROW, _LABEL, _LENGTH = 18, 230, 480
_SAME, _DIFFERENT, _GREY = "#2b6cb0", "#c05621", "#999999"

Point = tuple[float, float]


def plot(figures: Mapping[str, Any], name: str) -> str:
    """Precision and recall over the bar, the reliability of the probabilities, and what is served of each kind."""
    right = _LEFT + _SIDE + _GAP
    parts = [
        _text(_LEFT, 24, name, weight="bold"),
        *_over_bar(figures, _LEFT),
        *_reliability(figures, right),
        *(kinds := list(_kinds(figures["by_kind"], _TOP + _SIDE + 70))),
    ]
    height = _TOP + _SIDE + 90 + _ROW * (len(figures["by_kind"]) + bool(kinds))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif"'
    return f'{head} font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'


def _over_bar(figures: Mapping[str, Any], x: float) -> Iterator[str]:
    rows = figures["by_bar"]
    yield from _frame(x, "precision and recall over the bar", "bar, from 0.5 to 1")
    for name, colour, below in (("precision", _SAME, 0), ("recall", _DIFFERENT, 1)):
        points = [(2 * row["bar"] - 1, row[name]) for row in rows if row[name] is not None and row["bar"] >= 0.5]
        yield _line(x, points, colour)
        yield _text(x + 8, _TOP + 16 + 16 * below, name, colour=colour)
    if 0.5 <= figures["bar"] <= 1:
        at = 2 * figures["bar"] - 1
        yield _line(x, [(at, 0), (at, 1)], _GREY, dashed=True)


def _reliability(figures: Mapping[str, Any], x: float) -> Iterator[str]:
    yield from _frame(x, "share that is the same over the probability", "probability, from 0 to 1")
    yield _line(x, [(0, 0), (1, 1)], _GREY, dashed=True)
    bins = [each for each in figures["reliability"] if each["pairs"]]
    most = max((each["pairs"] for each in bins), default=1)
    yield _line(x, [(each["predicted"], each["same"]) for each in bins], _SAME)
    for each in bins:
        cx, cy = _place(x, (each["predicted"], each["same"]))
        size = 3 + 5 * (each["pairs"] / most) ** 0.5
        title = f"<title>{each['pairs']:,} pairs</title>"
        yield f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{size:.1f}" fill="{_SAME}">{title}</circle>'


def _kinds(rows: Sequence[Mapping[str, Any]], y: float) -> Iterator[str]:
    if rows:
        yield _text(_LEFT, y, "served of each kind, %", weight="bold")
    for row in sorted(rows, key=lambda row: (not row["same"], row["kind"])):
        y += _ROW
        share = row["share"] or 0.0
        colour = _SAME if row["same"] else _DIFFERENT
        label = f"{row['kind'] or '-'} ({'same' if row['same'] else 'different'})"
        yield _text(4, y, label[:36])
        length = 1 + _LENGTH * share
        yield f'<rect x="{_LABEL}" y="{y - 10}" width="{length:.1f}" height="{_ROW - 5}" fill="{colour}"/>'
        yield _text(_LABEL + length + 6, y, f"{100 * share:.2f} of {row['pairs']:,}")


def _frame(x: float, title: str, below: str) -> Iterator[str]:
    yield _text(x, _TOP - 12, title, weight="bold")
    yield f'<rect x="{x}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="{_GREY}"/>'
    for tenth in range(0, 11, 2):
        _, y = _place(x, (0, tenth / 10))
        yield _text(x - 28, y + 4, f"{tenth / 10:.1f}")
    yield _text(x, _TOP + _SIDE + 18, below)


def _place(x: float, point: Point) -> Point:
    return x + _SIDE * point[0], _TOP + _SIDE * (1 - point[1])


def _line(x: float, points: Sequence[Point], colour: str, *, dashed: bool = False) -> str:
    shown = " ".join(f"{px:.1f},{py:.1f}" for px, py in (_place(x, point) for point in points))
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<polyline points="{shown}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'


def _text(x: float, y: float, text: str, *, weight: str = "normal", colour: str = "black") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
