"""What the commands for cached answers share: filters, and the path of one."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import click

from gatewayctl.durations import Duration
from gatewayctl.text import number


def entry_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --namespace, --model and --older-than, which the command gets as `namespace`, `model`, `older_than_s`."""
    for option in (
        click.option(
            "--older-than", "older_than_s", type=Duration(), metavar="AGE", help="Stored longer ago: 90s, 12h, 7d."
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
