"""`gatewayctl keys rotate`."""

from __future__ import annotations

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.durations import Duration
from gatewayctl.session import Session, asks_server, confirm
from gatewayctl.text import cell, instant


@click.command("rotate")
@tenant_argument
@click.argument("key_id", type=click.IntRange(1))
@click.option(
    "--grace", default="0", type=Duration(), metavar="D", help="How long the old still works, such as 1d. [0]"
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks_server
def rotate(session: Session, tenant: str, key_id: int, grace: int, yes: bool) -> None:
    """Replace one API key by a new one with the same rights, shown this once.

    It takes over name, scopes, models, limit and expiry. The old one ends after the grace;
    without one it ends at once, so it asks first.

    \b
    Examples:
      gatewayctl keys rotate acme 12 --grace 1d
      gatewayctl keys rotate acme 12 --yes
    """
    found = find_tenant(session.client, tenant)
    if grace == 0:
        key = session.client.get(path_of(found, "keys", key_id))
        confirm(
            f"End key {key_id} ({cell(key['name'])}, {cell(key['prefix'])}...) of {cell(found['name'])} at once?", yes
        )
    new = session.client.post(path_of(found, "keys", key_id, "rotate"), {"grace_seconds": grace})

    def for_people() -> None:
        click.echo(f"Key {new['id']} ({cell(new['name'])}) of {cell(found['name'])}, shown this once:\n")
        click.echo(f"  {new['api_key']}\n")
        click.echo(f"Key {key_id} ends {f'at {instant(new["expires_old_at"])}' if grace else 'now'}.")

    session.show(new, for_people)
