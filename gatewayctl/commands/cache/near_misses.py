"""`gatewayctl cache near-misses`."""

from __future__ import annotations

from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.completion import optional_tenant
from gatewayctl.directory import find_tenant
from gatewayctl.durations import SINCE
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, decimals

_COLUMNS: Final = (
    Column("Probability", keep=True, right=True),
    Column("Cosine", keep=True, right=True),
    Column("Request", keep=True),
    Column("Why not"),
    Column("Stored question"),
)


@click.command("near-misses")
@optional_tenant
@click.option("--from", "since", type=SINCE, metavar="WHEN", help="2h, 3d ago, or a time in ISO 8601, UTC. [30 days]")
@click.option("--to", type=SINCE, metavar="WHEN", help="The same; a day is included.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="Misses at most.")
@asks_server
def near_misses(session: Session, tenant: str | None, since: str | None, to: str | None, limit: int) -> None:
    """Show misses worth a look: a stored question nearly answered them, the likeliest first.

    The words of the missed question are not stored; `logs REQUEST_ID` and `cache explain
    REQUEST_ID` tell more. Looks at the newest 20,000 rows of the period.

    \b
    Examples:
      gatewayctl cache near-misses acme
      gatewayctl cache near-misses acme --from 7d --limit 50
    """
    query: dict[str, Any] = {"from": since, "to": to, "limit": limit}
    if tenant is not None:
        query["tenant_id"] = find_tenant(session.client, tenant)["id"]
    found = session.client.get("/admin/cache/near-misses", **query)["data"]

    def for_people() -> None:
        rows = [
            (
                decimals(each["probability"]),
                decimals(each["similarity"]),
                cell(each["request_id"]),
                cell(each["detail"]),
                "(gone)" if each["question"] is None else cell(each["question"]),
            )
            for each in found
        ]
        render.table(_COLUMNS, rows, empty="No miss came near to a hit.")

    session.show_list(found, for_people)
