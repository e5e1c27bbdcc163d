"""Panels, lines and texts of an SVG, so that no plotting library is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

SIDE: Final = 320  # of a square panel
TOP: Final = 60  # of a panel
BLUE, ORANGE, GREY = "#2b6cb0", "#c05621", "#999999"

Point = tuple[float, float]


def whole(width: float, height: float, parts: Iterable[str]) -> str:
    """The file."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif"'
    return f'{head} font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'


def frame(x: float, title: str, below: str, most: float = 1.0) -> Iterator[str]:
    """A panel. most: what its upper edge stands for."""
    yield text(x, TOP - 12, title, weight="bold")
    yield f'<rect x="{x}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{GREY}"/>'
    for tenth in range(0, 11, 2):
        _, y = place(x, (0, tenth / 10))
        yield text(x - 28, y + 4, f"{most * tenth / 10:.{1 if most == 1 else 3}f}")
    yield text(x, TOP + SIDE + 18, below)


def place(x: float, point: Point) -> Point:
    """Of a point in the panel at x, both its numbers from 0 to 1."""
    return x + SIDE * point[0], TOP + SIDE * (1 - point[1])


def line(x: float, points: Sequence[Point], colour: str, *, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<polyline points="{_shown(x, points)}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'


def area(x: float, points: Sequence[Point], colour: str) -> str:
    return f'<polygon points="{_shown(x, points)}" fill="{colour}" fill-opacity="0.2"/>'


def text(x: float, y: float, words: str, *, weight: str = "normal", colour: str = "black") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-weight="{weight}" fill="{colour}">{escape(words)}</text>'


def _shown(x: float, points: Sequence[Point]) -> str:
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in (place(x, point) for point in points))
