"""`gatewayctl tenants list`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

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
@click.option("--tag", "tags", multiple=True, metavar="K[=V]", help="With this tag only; repeat: with all of them.")
@asks_server
def list_tenants(session: Session, tags: tuple[str, ...]) -> None:
    """List all tenants, with the first characters of their API keys.

    \b
    Examples:
      gatewayctl tenants list
      gatewayctl tenants list --tag team=search
      gatewayctl tenants list --json | jq -r '.data[].name'
    """
    tenants = session.client.linked("/admin/tenants", tag=list(tags))
    has_tags = any(tenant["tags"] for tenant in tenants)

    def for_people() -> None:
        rows = [
            (
                str(tenant["id"]),
                cell(tenant["name"]),
                cell(tenant["status"]),
                number(tenant["rate_limit_per_hour"]),
                _keys(tenant),
                cell(tenant["backend_url"]),
                *([cell(tenant["tags"])] if has_tags else []),
            )
            for tenant in tenants
        ]
        columns = (*_COLUMNS, Column("Tags")) if has_tags else _COLUMNS
        none = "No tenant has these tags." if tags else "There are no tenants yet: gatewayctl tenants create --help"
        render.table(columns, rows, empty=none)

    session.show_list(tenants, for_people, paged=True)


def _keys(tenant: Mapping[str, Any]) -> str:
    prefixes = cell(tenant["key_prefixes"])
    return f"{prefixes} (off)" if tenant["status"] == "off" and tenant["key_prefixes"] else prefixes
