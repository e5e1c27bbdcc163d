"""`gatewayctl tenants list`."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl import render
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, number

_COLUMNS: Final = (
    Column("ID", keep=True, right=True),
    Column("Name"),
    Column("Status", keep=True),
    Column("Limit/h", keep=True, right=True),
    Column("Keys"),
    Column("Upstream"),
)


@click.command("list")
@asks_server
def list_tenants(session: Session) -> None:
    """List all tenants, with the first characters of their API keys.

    \b
    Examples:
      gatewayctl tenants list
      gatewayctl tenants list --json | jq -r '.[].name'
    """
    tenants = session.client.linked("/admin/tenants")

    def for_people() -> None:
        rows = [
            (
                str(tenant["id"]),
                cell(tenant["name"]),
                cell(tenant["status"]),
                number(tenant["rate_limit_per_hour"]),
                cell(tenant["key_prefixes"]),
                cell(tenant["backend_url"]),
            )
            for tenant in tenants
        ]
        render.table(_COLUMNS, rows, empty="There are no tenants yet: gatewayctl tenants create --help")

    session.show(tenants, for_people)
