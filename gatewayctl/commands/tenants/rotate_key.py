"""`gatewayctl tenants rotate-key`."""

from __future__ import annotations

from typing import Any

import click

from gatewayctl.client import Refused
from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.durations import Duration
from gatewayctl.session import Session, asks_server, confirm
from gatewayctl.text import cell, instant


@click.command("rotate-key")
@tenant_argument
@click.option("--all", "every", is_flag=True, help="Of several keys: each by one with its own rights.")
@click.option("--grace", default="0", type=Duration(), metavar="D", help="How long the old still work, such as 1d. [0]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks_server
def rotate_key(session: Session, tenant: str, every: bool, grace: int, yes: bool) -> None:
    """Replace a tenant's key by a new one with the same rights, shown this once.

    The old one ends after the grace; without one it ends at once, so it asks first. Of a
    tenant with several keys `keys rotate` replaces one, --all replaces each.

    \b
    Examples:
      gatewayctl tenants rotate-key acme --grace 1d
      gatewayctl tenants rotate-key acme --all --grace 12h
      gatewayctl tenants rotate-key acme --yes
    """
    found = find_tenant(session.client, tenant)
    if grace == 0:
        confirm(f"End {'all API keys' if every else 'the API key'} of {cell(found['name'])} at once?", yes)
    asked = {"grace_seconds": grace, **({"all": True} if every else {})}
    try:
        rotated = session.client.post(path_of(found, "rotate-key"), asked)
    except Refused as refused:
        if refused.code != "several_keys":
            raise
        name = cell(found["name"])
        advice = f"gatewayctl keys list {name}, then keys rotate {name} ID; or --all replaces each"
        raise click.ClickException(f"{name} has several keys: {advice}") from None

    def for_people() -> None:
        click.echo(f"{_title(rotated, cell(found['name']))}, shown this once:\n")
        for key in rotated.get("keys") or [rotated]:
            click.echo(f"  {key['api_key']}" + (f"  {cell(key['name'])}, replaces {key['replaces']}" if every else ""))
        when = f"at {instant(rotated['expires_old_at'])}" if grace else "now"
        click.echo(f"\n{'The old keys end' if every else 'The old key ends'} {when}.")

    session.show(rotated, for_people)


def _title(rotated: dict[str, Any], name: str) -> str:
    return f"The new API keys of {name}" if rotated.get("keys") else f"The new API key of {name}"
