"""`gatewayctl cache top`."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl import render
from gatewayctl.completion import optional_tenant
from gatewayctl.directory import find_tenant
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, number

TOP: Final = (Column("Hits", keep=True, right=True), Column("Entry", keep=True), Column("Question"))


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

    def for_people() -> None:
        rows = [(number(each["hits"]), cell(each["entry"]), cell(each["question"])) for each in found]
        render.table(TOP, rows, empty="Nothing was served from the cache yet.")

    session.show_list(found, for_people)
