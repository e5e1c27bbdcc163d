"""`gatewayctl cache list`."""

from __future__ import annotations

from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.cache_options import entry_filters
from gatewayctl.completion import optional_tenant
from gatewayctl.directory import find_tenant
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import byte_count, cell, number

_COLUMNS: Final = (
    Column("Entry", keep=True),
    Column("Hits", keep=True, right=True),
    Column("Size", keep=True, right=True),
    Column("Question"),
)


@click.command("list")
@optional_tenant
@entry_filters
@click.option("--limit", type=click.IntRange(min=0), default=100, show_default=True, help="Entries at most; 0: all.")
@asks_server
def list_entries(session: Session, tenant: str | None, limit: int, **filters: Any) -> None:
    """List cached answers, those that expire last first.

    `cache show ENTRY` and --json tell more of each.

    \b
    Examples:
      gatewayctl cache list
      gatewayctl cache list acme --namespace support --older-than 12h
      gatewayctl cache list acme --limit 0 --json | jq -r '.data[].id'
    """
    tenant_id = None if tenant is None else find_tenant(session.client, tenant)["id"]
    entries, cursor = session.client.page_of("/admin/cache/entries", most=limit or None, tenant_id=tenant_id, **filters)

    def for_people() -> None:
        rows = [
            (cell(each["id"]), number(each["hits"]), byte_count(each["bytes"]), cell(each["question"]))
            for each in entries
        ]
        render.table(_COLUMNS, rows, empty="Nothing is cached that matches.")
        if cursor:
            click.echo(f"The first {limit}; --limit 0 shows all.", err=True)

    session.show_list(entries, for_people, paged=True, next_cursor=cursor)
