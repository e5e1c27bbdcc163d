"""Lengths of time and moments as people say them on a command line: `90d`, `1h30m`, `45`, or a time in ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

_UNITS_S: Final = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
# Each unit at most once, the largest first.
_PARTS: Final = re.compile("".join(rf"(?:(?P<{unit}>\d{{1,9}}){unit})?" for unit in _UNITS_S), re.ASCII)
_PLAIN_S: Final = re.compile(r"\d{1,12}(?:\.\d{1,3})?", re.ASCII)
_BASIC_DATE: Final = re.compile(r"\d{8}", re.ASCII)  # ISO 8601 without dashes
_EXAMPLES: Final = "90d, 12h, 30m, 45s, 2w or 1h30m; a plain number is seconds"


def parse_duration(text: str) -> float | None:
    """Seconds of `90d`, `1h30m` or `45`, an int where they are whole; None for what is no duration."""
    if _PLAIN_S.fullmatch(text):
        return float(text) if "." in text else int(text)
    found = _PARTS.fullmatch(text)
    if not text or found is None:
        return None
    return sum(int(count) * _UNITS_S[unit] for unit, count in found.groupdict().items() if count)


class Duration(click.ParamType[float]):
    """A length of time, as seconds: whole ones, unless `fractions` are of use."""

    name = "duration"

    def __init__(self, min_s: float = 0, max_s: float | None = None, *, fractions: bool = False) -> None:
        self._min_s = min_s
        self._max_s = max_s
        self._fractions = fractions

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = value if isinstance(value, int | float) else parse_duration(str(value).strip())
        if found is None or (isinstance(found, float) and not self._fractions):
            self.fail(f"{value!r} is not a duration such as {_EXAMPLES}", param, ctx)
        if found < self._min_s:
            self.fail(f"{value} is too short: {self._min_s:g} s at least", param, ctx)
        if self._max_s is not None and found > self._max_s:
            self.fail(f"{value} is too long: {self._max_s:g} s at most", param, ctx)
        return found


class Moment(click.ParamType[str]):
    """A time in ISO 8601, or how long before (sign -1) or after (sign 1) now; as ISO 8601 for the server."""

    name = "when"

    def __init__(self, sign: int) -> None:
        self._sign = sign

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        length_s = None if _BASIC_DATE.fullmatch(text) else parse_duration(text)
        try:
            if length_s is not None:
                return (datetime.now(UTC) + self._sign * timedelta(seconds=length_s)).isoformat()
            moment = datetime.fromisoformat(text)
            return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).isoformat()
        except OverflowError:
            self.fail(f"{value} from now is no date", param, ctx)
        except ValueError:
            self.fail(f"{value!r} is neither a time in ISO 8601 nor a duration such as {_EXAMPLES}", param, ctx)


#: When something ends: `90d` from now, or a time.
UNTIL: Final = Moment(1)


class Since(Moment):
    """How long ago, or a time as it is given, which the server judges: a day alone means all of it there."""

    def __init__(self) -> None:
        super().__init__(-1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if _BASIC_DATE.fullmatch(text) or parse_duration(text) is None:
            return text
        return super().convert(text, param, ctx)


SINCE: Final = Since()
