"""What the commands for cached answers share: filters, and the path of one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import click

from gatewayctl.text import number

_UNITS_S: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Age(click.ParamType[float]):
    """`90`, `90s`, `15m`, `12h` or `7d`, as seconds."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d{1,9})([smhd]?)", str(value), re.ASCII)
        if found is None:
            self.fail(f"{value!r} is no age such as 90s, 15m, 12h or 7d", param, ctx)
        return int(found[1]) * _UNITS_S[found[2]]


def entry_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --namespace, --model and --older-than, which the command gets as `namespace`, `model`, `older_than_s`."""
    for option in (
        click.option(
            "--older-than", "older_than_s", type=Age(), metavar="AGE", help="Stored longer ago: 90s, 12h, 7d."
        ),
        click.option("--model", metavar="NAME", help="Asked of this model."),
        click.option("--namespace", metavar="NAME", help="Of this namespace."),
    ):
        command = option(command)
    return command


def entry_path(entry: str) -> str:
    """The path of one entry in the admin API."""
    return f"/admin/cache/entries/{quote(entry, safe='')}"


def entry_count(count: int) -> str:
    return f"{number(count)} {'entry' if count == 1 else 'entries'}"
