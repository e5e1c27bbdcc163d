"""`gatewayctl tenants`: registers its commands."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl.lazy import LazyGroup

_HERE: Final = "gatewayctl.commands.tenants"
_COMMANDS: Final = {
    "create": (f"{_HERE}.create:create", "Make a tenant and its first API key."),
    "list": (f"{_HERE}.list:list_tenants", "List all tenants."),
    "show": (f"{_HERE}.show:show", "Show one tenant."),
    "update": (f"{_HERE}.update:update", "Change what is named, leave the rest."),
    "rotate-key": (f"{_HERE}.rotate_key:rotate_key", "Make a new API key and end the others."),
    "block": (f"{_HERE}.block:block", "Refuse a tenant's requests, for a while or until unblocked."),
    "unblock": (f"{_HERE}.unblock:unblock", "Lift a block, the automatic one too."),
    "delete": (f"{_HERE}.delete:delete", "Delete a tenant; its keys end at once."),
    "purge": (f"{_HERE}.purge:purge", "Remove a tenant's stored prompts and answers for good."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def tenants() -> None:
    """Create, show, change, block and delete tenants.

    A tenant is who may call: it has an upstream, API keys, an hourly limit and its own
    cache. TENANT is a tenant's name or id (what is both is taken as the id).

    \b
    Examples:
      gatewayctl tenants create acme --backend https://api.openai.com \\
        --upstream-key-env OPENAI_API_KEY
      gatewayctl tenants update acme --limit 5000 --model gpt-6-luna
      gatewayctl tenants block acme --seconds 3600 --reason "invoice overdue"
    """
