"""`gatewayctl tenants delete`."""

from __future__ import annotations

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.session import Session, asks_server, confirm
from gatewayctl.text import cell


@click.command("delete")
@tenant_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks_server
def delete(session: Session, tenant: str, yes: bool) -> None:
    """Delete a tenant. Its keys end at once and do not come back; its request rows stay.

    \b
    Examples:
      gatewayctl tenants delete acme
      gatewayctl tenants delete 7 --yes
    """
    found = find_tenant(session.client, tenant)
    confirm(f"Delete tenant {cell(found['name'])} (id {found['id']}) and end its keys?", yes)
    session.client.delete(path_of(found))
    session.show(
        {"id": found["id"], "deleted": True}, lambda: click.echo(f"Deleted {cell(found['name'])} (id {found['id']}).")
    )
