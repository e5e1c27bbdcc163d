"""`gatewayctl cache stats`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.completion import optional_tenant
from gatewayctl.directory import find_tenant
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import byte_count, cell, number, percent

_TOP: Final = (Column("Hits", keep=True, right=True), Column("Entry", keep=True), Column("Question"))


@click.command("stats")
@optional_tenant
@asks_server
def stats(session: Session, tenant: str | None) -> None:
    """What the cache holds and did: for all tenants, or for one.

    Hits and misses count since the tenant's cache was last purged.

    \b
    Examples:
      gatewayctl cache stats
      gatewayctl cache stats acme
      gatewayctl cache stats --json | jq .hit_rate
    """
    found = None if tenant is None else find_tenant(session.client, tenant)
    answer = session.client.get("/admin/cache/stats", tenant_id=None if found is None else found["id"])
    title = "all tenants" if found is None else f"{cell(found['name'])} (id {found['id']})"
    session.show(answer, lambda: _show(title, answer))


def _show(title: str, answer: Mapping[str, Any]) -> None:
    kinds = ", ".join(f"{number(count)} {kind}" for kind, count in answer["hits_by_kind"].items())
    most = answer["max_bytes"]
    pairs = [
        ("entries", number(answer["total_cached"])),
        ("hits", f"{number(answer['total_hits'])} ({kinds})"),
        ("misses", number(answer["misses"])),
        ("hit rate", percent(answer["hit_rate"]) if answer["total_hits"] + answer["misses"] else "-"),
        ("hits an entry", cell(answer["avg_hits_per_entry"])),
        ("size", byte_count(answer["bytes"]) + ("" if most is None else f" of {byte_count(most)}")),
    ]
    if answer["matcher"]:
        pairs.append(("matcher", cell(answer["matcher"])))
    render.fields(pairs, title)
    if answer["top_cached_queries"]:
        click.echo()
        rows = [
            (number(each["hits"]), cell(each["entry"]), cell(each["question"])) for each in answer["top_cached_queries"]
        ]
        render.table(_TOP, rows, empty="")
