"""`gatewayctl tokens`: registers its commands."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl.lazy import LazyGroup

_HERE: Final = "gatewayctl.commands.tokens"
_COMMANDS: Final = {
    "create": (f"{_HERE}.create:create", "Make an admin token for another person or program."),
    "list": (f"{_HERE}.list:list_tokens", "List admin tokens, without their secrets."),
    "revoke": (f"{_HERE}.revoke:revoke", "End an admin token at once."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def tokens() -> None:
    """Make, list and end admin tokens. The one the gateway starts with is none of them.

    Roles: admin may do everything; viewer reads, prompts too.

    \b
    Examples:
      gatewayctl tokens create --name dashboard --role viewer
      gatewayctl tokens list
      gatewayctl tokens revoke 3
    """
