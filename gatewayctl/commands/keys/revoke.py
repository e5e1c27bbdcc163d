"""`gatewayctl keys revoke`."""

from __future__ import annotations

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.session import Session, asks_server, confirm
from gatewayctl.text import cell


@click.command("revoke")
@tenant_argument
@click.argument("key_id", type=click.IntRange(1))
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks_server
def revoke(session: Session, tenant: str, key_id: int, yes: bool) -> None:
    """End one API key. It never works again once this command is done.

    \b
    Examples:
      gatewayctl keys revoke acme 12
      gatewayctl keys revoke acme 12 --yes
    """
    found = find_tenant(session.client, tenant)
    path = path_of(found, "keys", key_id)
    key = session.client.get(path)
    confirm(f"Revoke key {key_id} ({cell(key['name'])}, {cell(key['prefix'])}...) of {cell(found['name'])}?", yes)
    session.client.delete(path)
    session.show({"id": key_id, "revoked": True}, lambda: click.echo(f"Revoked key {key_id} ({cell(key['name'])})."))
