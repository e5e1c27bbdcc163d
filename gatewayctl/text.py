"""Small texts for people. Pure."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII_BARS: Final = "_.-:=+*#"


def plain(text: str) -> str:
    """The text without what steers a terminal: a name that came over the network may hold anything."""
    return "".join(character if unicodedata.category(character)[0] != "C" else "?" for character in text)


def cell(value: Any) -> str:
    """A JSON value as people read it."""
    if value is None or value in ([], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return plain(", ".join(f"{name}={cell(item)}" for name, item in value.items()))
    if isinstance(value, list):
        return plain(", ".join(map(cell, value)))
    return plain(str(value))


def instant(value: Any) -> str:
    """`2030-01-31 12:00:00Z` of an ISO 8601 time, in whole seconds."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return cell(value)
    return moment.strftime("%Y-%m-%d %H:%M:%S%z").replace("+0000", "Z")


def number(value: Any) -> str:
    """`1,234,567`"""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else cell(value)


def percent(value: Any) -> str:
    """`99.5 %` of 99.5, rounded down: what is not quite all never shows as 100 %."""
    return f"{math.floor(value * 10) / 10:.1f} %".replace("100.0", "100") if _is_number(value) else "-"


def decimals(value: Any, places: int = 3) -> str:
    """`0.887`"""
    return f"{value:.{places}f}" if _is_number(value) else "-"


def share(value: Any, places: int = 1) -> str:
    """`99.5 %` of 0.995"""
    return f"{100 * value:.{places}f} %" if _is_number(value) else "-"


def bar(value: float | None, width: int, encoding: str = "utf-8", mark: float | None = None) -> str:
    """A bar as long as its share of the width, and a `|` at the mark. ASCII where the encoding has no bars."""
    if value is None:
        return ""
    try:
        _BARS.encode(encoding)
        full = _BARS[-1]
    except (LookupError, UnicodeEncodeError):
        full = _ASCII_BARS[-1]
    drawn = (full * round(value * width)).ljust(width)
    if mark is not None:
        place = min(width - 1, round(mark * width))
        drawn = f"{drawn[:place]}|{drawn[place + 1 :]}"
    return drawn.rstrip()


def milliseconds(value: Any) -> str:
    """`12 ms`; below ten with a decimal, from ten seconds in seconds."""
    if not _is_number(value):
        return "-"
    if value >= 10_000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def byte_count(value: Any) -> str:
    """`17 B`, `4.2 KiB`, `256.0 MiB`"""
    if not _is_number(value):
        return "-"
    if value < 1024:
        return f"{value} B"
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1024 or unit == "GiB":
            break
    return f"{value:,.1f} {unit}"


def size(count: int) -> str:
    """`32MiB` of 33554432, as settings are written: in the largest unit that leaves no rest."""
    for unit in ("", "KiB", "MiB"):
        if count % 1024 or not count:
            return f"{count}{unit}"
        count //= 1024
    return f"{count}GiB"


def sparkline(values: Sequence[float], encoding: str = "utf-8") -> str:
    """A bar a value, the highest at full height; zero is the lowest bar. ASCII where the encoding has no bars."""
    try:
        _BARS.encode(encoding)
        bars = _BARS
    except (LookupError, UnicodeEncodeError):
        bars = _ASCII_BARS
    most = max(values, default=0)
    return "".join(bars[round(value / most * (len(bars) - 1)) if most > 0 else 0] for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def fit(text: str, width: int, cut: bool = True) -> str:
    """The text in so many columns of a terminal: cut with `~` where it is too long (if it may be), padded else."""
    taken = columns(text)
    if taken > width and cut:
        while text and columns(text) >= width:
            text = text[:-1]
        text += "~"
        taken = columns(text)
    return text + " " * (width - taken)


def columns(text: str) -> int:
    """How many columns a terminal gives the text (Unicode annex 11)."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
