"""`gatewayctl secrets`: registers its commands."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl.lazy import LazyGroup

_COMMANDS: Final = {
    "rotate-master": (
        "gatewayctl.commands.secrets.rotate_master:rotate_master",
        "Seal every upstream credential with the newest master key.",
    ),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def secrets() -> None:
    """Change the key that upstream credentials are sealed with.

    \b
    Example:
      gatewayctl secrets rotate-master
    """
