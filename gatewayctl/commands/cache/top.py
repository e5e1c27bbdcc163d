"""`gatewayctl cache top`."""

from __future__ import annotations

import click

from gatewayctl.cache_figures import show_top
from gatewayctl.completion import optional_tenant
from gatewayctl.directory import find_tenant
from gatewayctl.session import Session, asks_server


@click.command("top")
@optional_tenant
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Questions at most.")
@asks_server
def top(session: Session, tenant: str | None, limit: int) -> None:
    """Show the stored questions that were served most, of all tenants or of one.

    \b
    Examples:
      gatewayctl cache top
      gatewayctl cache top acme --limit 50
    """
    tenant_id = None if tenant is None else find_tenant(session.client, tenant)["id"]
    found = session.client.get("/admin/cache/top", tenant_id=tenant_id, limit=limit)["data"]
    session.show_list(found, lambda: show_top(found))
