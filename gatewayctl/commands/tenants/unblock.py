"""`gatewayctl tenants unblock`."""

from __future__ import annotations

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell


@click.command("unblock")
@tenant_argument
@asks_server
def unblock(session: Session, tenant: str) -> None:
    """Lift a tenant's block: an operator's, and the one that exceeding a limit brought.

    \b
    Example:
      gatewayctl tenants unblock acme
    """
    found = find_tenant(session.client, tenant)
    unblocked = session.client.post(path_of(found, "unblock"))
    session.show(unblocked, lambda: click.echo(f"Unblocked {cell(found['name'])}."))
