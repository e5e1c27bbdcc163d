"""The curves of bench_cache.py as an SVG: what is served wrongly over what is served rightly, at every bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gatewayctl.svg import BLUE, GREY, ORANGE, SIDE, TOP, frame, line, place, text, whole

#: (share served of what could be, share wrong of what was served), at bars that rise or fall
type Curve = Sequence[tuple[float, float]]

_LEFT, _GAP = 60, 70
_COLOURS = (ORANGE, BLUE, GREY)


def plot(panels: Mapping[str, Mapping[str, Curve]]) -> str:
    """One panel for each stream, one line for each policy; a policy with one bar is a point. Shares are 0 to 1."""
    parts = [
        part
        for number, (name, curves) in enumerate(panels.items())
        for part in _panel(_LEFT + number * (SIDE + _GAP), name, curves)
    ]
    return whole(_LEFT + len(panels) * (SIDE + _GAP), TOP + SIDE + 60, parts)


def _panel(x: float, name: str, curves: Mapping[str, Curve]) -> Iterator[str]:
    most = max((wrong for curve in curves.values() for _, wrong in curve), default=0.0) or 0.01
    yield from frame(x, f"{name}: share wrong of labelled hits", "right hits, share of possible, from 0 to 1", most)
    for number, ((policy, curve), colour) in enumerate(zip(curves.items(), _COLOURS, strict=False)):
        points = [(right, wrong / most) for right, wrong in curve]
        if len(points) == 1:
            cx, cy = place(x, points[0])
            yield f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="5" fill="{colour}"/>'
        else:
            yield line(x, points, colour)
        yield text(x + number * SIDE / len(curves), TOP + SIDE + 40, policy, colour=colour)
