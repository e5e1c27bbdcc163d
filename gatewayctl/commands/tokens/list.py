"""`gatewayctl tokens list`."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl import render
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, instant

_COLUMNS: Final = (
    Column("ID", keep=True, right=True),
    Column("Name"),
    Column("Role", keep=True),
    Column("Prefix", keep=True),
    Column("Made"),
)


@click.command("list")
@asks_server
def list_tokens(session: Session) -> None:
    """List admin tokens, without their secrets.

    \b
    Example:
      gatewayctl tokens list
    """
    tokens = session.client.paged("/admin/tokens")

    def for_people() -> None:
        rows = [
            (str(each["id"]), cell(each["name"]), cell(each["role"]), cell(each["prefix"]), instant(each["created_at"]))
            for each in tokens
        ]
        render.table(_COLUMNS, rows, empty="There is none but the one that the gateway started with.")

    session.show_list(tokens, for_people, paged=True)
