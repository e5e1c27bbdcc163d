"""The figures of bench_matcher_growth.py as an SVG: a bar for each case, so that no plotting library is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import log10
from typing import Any, Final

_PANELS: Final[Sequence[tuple[str, Callable[[Mapping[str, Any]], float]]]] = (
    ("lookup, p99, ms", lambda result: float(result["steady"]["p99_ms"])),
    ("longest lookup while growing, ms", lambda result: float(result["growing"]["longest_ms"])),
    ("memory, MB", lambda result: float(result["memory_mb"])),
    ("loaded after, s", lambda result: float(result["load_s"])),
)
_WIDTH, _ROW, _LABEL, _BAR, _LEAST = 760, 18, 230, 420, 0.01


def plot(results: Sequence[Mapping[str, Any]]) -> str:
    """Bars on a logarithmic scale, one panel for each measure."""
    parts: list[str] = []
    y = 10
    for title, value in _PANELS:
        parts.append(f'<text x="4" y="{y + 14}" font-weight="bold">{escape(title)}</text>')
        y += 24
        values = [max(_LEAST, value(result)) for result in results]
        most, least = log10(max(values)), log10(_LEAST)
        for result, each in zip(results, values, strict=True):
            kind = "hnswlib" if result["hnswlib"] else "scan"
            label = f"{result['entries']:,} in {result['scopes']:,} · {kind}"
            length = 1 + _BAR * (log10(each) - least) / max(most - least, 0.1)
            colour = "#2b6cb0" if result["hnswlib"] else "#c05621"
            parts.append(f'<text x="4" y="{y + 13}">{escape(label)}</text>')
            parts.append(f'<rect x="{_LABEL}" y="{y + 2}" width="{length:.0f}" height="{_ROW - 5}" fill="{colour}"/>')
            parts.append(f'<text x="{_LABEL + length + 6:.0f}" y="{y + 13}">{each:.2f}</text>')
            y += _ROW
        y += 10
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" font-family="sans-serif"'
    return f'{head} font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
