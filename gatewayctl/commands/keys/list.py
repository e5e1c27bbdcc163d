"""`gatewayctl keys list`."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl import render
from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.key_options import key_state
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, instant

_COLUMNS: Final = (
    Column("ID", keep=True, right=True),
    Column("Name"),
    Column("Prefix", keep=True),
    Column("Scopes"),
    Column("Limit/h", keep=True, right=True),
    Column("State", keep=True),
    Column("Expires"),
    Column("Last used"),
)


@click.command("list")
@tenant_argument
@asks_server
def list_keys(session: Session, tenant: str) -> None:
    """List a tenant's API keys: what they may do, whether they still can, and when they were last used.

    A key that exceeds its limit again and again is blocked for a while; tenants unblock
    ends that, too.

    \b
    Examples:
      gatewayctl keys list acme
      gatewayctl keys list acme --json | jq '.data[].id'
    """
    found = find_tenant(session.client, tenant)
    keys = session.client.paged(path_of(found, "keys"))

    def for_people() -> None:
        rows = [
            (
                str(key["id"]),
                cell(key["name"]),
                cell(key["prefix"]),
                cell(key["scopes"]),
                cell((key.get("limits") or {}).get("rate_limit_per_hour")),
                key_state(key),
                instant(key["expires_at"]),
                instant(key["last_used_at"]),
            )
            for key in keys
        ]
        render.table(_COLUMNS, rows, empty=f"{cell(found['name'])} has no API key: gatewayctl keys create --help")

    session.show_list(keys, for_people, paged=True)
