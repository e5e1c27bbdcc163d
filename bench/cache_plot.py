"""The curves of bench_cache.py as an SVG: what is served wrongly over what is served rightly, at every bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

#: (share served of what could be, share wrong of what was served), at bars that rise or fall
type Curve = Sequence[tuple[float, float]]

_SIDE, _LEFT, _GAP, _TOP, _FOOT = 300, 60, 60, 50, 70
_COLOURS: Final = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1")


def plot(panels: Mapping[str, Mapping[str, Curve]]) -> str:
    """One panel for each stream, one line for each policy; a policy with one bar is a point. Shares are 0 to 1."""
    width = _LEFT + len(panels) * (_SIDE + _GAP)
    parts = [part for number, (name, curves) in enumerate(panels.items()) for part in _panel(number, name, curves)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_TOP + _SIDE + _FOOT}"'
    return (
        f'{head} font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f"{''.join(parts)}</svg>\n"
    )


def _panel(number: int, name: str, curves: Mapping[str, Curve]) -> Iterator[str]:
    x0 = _LEFT + number * (_SIDE + _GAP)
    most = max((wrong for curve in curves.values() for _, wrong in curve), default=0.0) or 0.01
    yield f'<text x="{x0}" y="{_TOP - 24}" font-weight="bold">{escape(name)}</text>'
    yield f'<rect x="{x0}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#999999"/>'
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = x0 + share * _SIDE, _TOP + _SIDE - share * _SIDE
        yield f'<text x="{x:.0f}" y="{_TOP + _SIDE + 16}" text-anchor="middle">{100 * share:.0f}</text>'
        yield f'<text x="{x0 - 6}" y="{y + 4:.0f}" text-anchor="end">{100 * share * most:.1f}</text>'
    yield f'<text x="{x0}" y="{_TOP + _SIDE + 36}">right hits, % of possible</text>'
    yield f'<text x="{x0}" y="{_TOP - 8}">wrong, % of labelled hits</text>'
    for place, (policy, curve) in enumerate(curves.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        points = [(x0 + right * _SIDE, _TOP + _SIDE * (1 - wrong / most)) for right, wrong in curve]
        if len(points) == 1:
            yield f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="5" fill="{colour}"/>'
        else:
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        at = x0 + place * _SIDE / max(len(curves), 1)
        yield f'<text x="{at:.0f}" y="{_TOP + _SIDE + 56}" fill="{colour}">{escape(policy)}</text>'
