"""`gatewayctl keys find`."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl import render
from gatewayctl.client import NotFound
from gatewayctl.key_options import key_state
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, instant, plain

_SHOWN: Final = 9  # characters of a key that are no secret, and all that the server compares
_COLUMNS: Final = (
    Column("Tenant", keep=True, right=True),
    Column("Name"),
    Column("Key", keep=True, right=True),
    Column("Called"),
    Column("Prefix", keep=True),
    Column("State", keep=True),
    Column("Expires"),
    Column("Last used"),
)


@click.command("find")
@click.argument("key")
@asks_server
def find(session: Session, key: str) -> None:
    """Find whose key it is, by its first characters: also of keys and tenants that have ended.

    A whole key may be given: only its first characters, which are no secret, are sent. Exit
    code 5 when there is none.

    \b
    Examples:
      gatewayctl keys find mg_sAkkFv
      gatewayctl keys find mg_sA --json | jq '.data[].tenant_name'
    """
    prefix = key.strip().rstrip(".…")[:_SHOWN]
    found = session.client.get("/admin/keys", prefix=prefix)["data"]

    def for_people() -> None:
        rows = [
            (
                str(each["tenant_id"]),
                cell(each["tenant_name"]) + (" (deleted)" if each["tenant_deleted"] else ""),
                str(each["id"]),
                cell(each["name"]),
                cell(each["prefix"]),
                key_state(each),
                instant(each["expires_at"]),
                instant(each["last_used_at"]),
            )
            for each in found
        ]
        if rows:
            render.table(_COLUMNS, rows, empty="")

    session.show_list(found, for_people)
    if not found:
        raise NotFound(404, f"no key begins with {plain(prefix)}")
