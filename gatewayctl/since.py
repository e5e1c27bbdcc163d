"""A time as people say it on a command line: how long ago, or when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

_AGO: Final = re.compile(r"(\d{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Since(click.ParamType[str]):
    """`15m` or a time in ISO 8601, as ISO 8601 for the server, which judges it."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        ago = _AGO.fullmatch(value)
        if ago is None:
            return str(value)
        try:
            return (datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).isoformat()
        except OverflowError:
            self.fail(f"{value} ago is no date", param, ctx)


SINCE: Final = Since()
