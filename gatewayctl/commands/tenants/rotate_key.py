"""`gatewayctl tenants rotate-key`."""

from __future__ import annotations

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.session import Session, asks_server, confirm
from gatewayctl.text import cell, instant


@click.command("rotate-key")
@tenant_argument
@click.option("--grace", default=0, show_default=True, type=click.IntRange(0), help="Seconds the old keys still work.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks_server
def rotate_key(session: Session, tenant: str, grace: int, yes: bool) -> None:
    """Make a new API key, shown this once, and end all the tenant's others after the grace.

    Without a grace the old keys end at once, so it asks first.

    \b
    Examples:
      gatewayctl tenants rotate-key acme --grace 86400
      gatewayctl tenants rotate-key acme --yes
    """
    found = find_tenant(session.client, tenant)
    if grace == 0:
        confirm(f"End all API keys of {cell(found['name'])} (id {found['id']}) at once?", yes)
    rotated = session.client.post(path_of(found, "rotate-key"), {"grace_seconds": grace})

    def for_people() -> None:
        click.echo(f"The new API key of {cell(found['name'])}, shown this once:\n\n  {rotated['api_key']}\n")
        when = f"end at {instant(rotated['expires_old_at'])}" if grace else "have ended"
        click.echo(f"Its other keys {when}.")

    session.show(rotated, for_people)
