"""`gatewayctl cache stats`."""

from __future__ import annotations

import click

from gatewayctl.cache_figures import show_stats
from gatewayctl.completion import optional_tenant
from gatewayctl.directory import find_tenant
from gatewayctl.durations import SINCE
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell


@click.command("stats")
@optional_tenant
@click.option("--from", "since", type=SINCE, metavar="WHEN", help="Of the period: 2h, 7d ago, or ISO 8601, UTC. [30d]")
@click.option("--to", "until", type=SINCE, metavar="WHEN", help="The same; a day is included. [now]")
@asks_server
def stats(session: Session, tenant: str | None, since: str | None, until: str | None) -> None:
    """What the cache holds and did: for all tenants, or for one.

    Above, hits and misses count since the tenant's cache was last purged. Below, over a
    period: hits by kind, what they saved, and the probabilities of hits in other words and
    of misses that had a near question. A hit saves the tokens its answer had cost, and the
    time by which the average miss is slower.

    \b
    Examples:
      gatewayctl cache stats
      gatewayctl cache stats acme --from 7d
      gatewayctl cache stats --json | jq .hit_rate
    """
    found = None if tenant is None else find_tenant(session.client, tenant)
    tenant_id = None if found is None else found["id"]
    answer = session.client.get("/admin/cache/stats", tenant_id=tenant_id)
    period = session.client.get("/admin/cache/analytics", **{"tenant_id": tenant_id, "from": since, "to": until})
    title = "all tenants" if found is None else f"{cell(found['name'])} (id {found['id']})"
    session.show({**answer, "period": period}, lambda: show_stats(title, answer, period))
