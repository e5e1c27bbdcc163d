"""`gatewayctl keys`: registers its commands."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl.lazy import LazyGroup

_HERE: Final = "gatewayctl.commands.keys"
_COMMANDS: Final = {
    "create": (f"{_HERE}.create:create", "Make one more API key for a tenant."),
    "list": (f"{_HERE}.list:list_keys", "List a tenant's API keys."),
    "show": (f"{_HERE}.show:show", "Show one API key, without its secret."),
    "update": (f"{_HERE}.update:update", "Change what an API key may do."),
    "rotate": (f"{_HERE}.rotate:rotate", "Replace one API key by a new one with the same rights."),
    "find": (f"{_HERE}.find:find", "Find whose key it is, by its first characters."),
    "revoke": (f"{_HERE}.revoke:revoke", "End one API key at once."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def keys() -> None:
    """Create, list and revoke a tenant's API keys.

    TENANT is a tenant's name or id, KEY_ID the number that `keys list` shows.

    \b
    Examples:
      gatewayctl keys create acme --name ci --scope chat --limit 100
      gatewayctl keys list acme
      gatewayctl keys rotate acme 12 --grace 1d
      gatewayctl keys find mg_sAkkFv
      gatewayctl keys revoke acme 12
    """
