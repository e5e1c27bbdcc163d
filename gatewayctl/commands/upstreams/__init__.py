"""`gatewayctl upstreams`: registers its commands."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl.lazy import LazyGroup

_COMMANDS: Final = {
    "test": ("gatewayctl.commands.upstreams.test:test", "Make a small real call and tell how each step went."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def upstreams() -> None:
    """Try whether a tenant's upstream answers.

    \b
    Examples:
      gatewayctl upstreams test acme
      gatewayctl upstreams test acme --model gpt-6-luna
    """
