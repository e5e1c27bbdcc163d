"""`gatewayctl config`: registers its commands."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl.lazy import LazyGroup

_HERE: Final = "gatewayctl.commands.config"
_COMMANDS: Final = {
    "check": (f"{_HERE}.check:check", "Tell everything that is wrong with the settings."),
    "show": (f"{_HERE}.show:show", "Show the effective settings and where each comes from."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def config() -> None:
    """Check and show the settings that `serve` would run with here.

    Both take the options of `serve`, read the same file and environment, and ask no server.

    \b
    Examples:
      gatewayctl config check --config production.yaml
      gatewayctl config show
    """
