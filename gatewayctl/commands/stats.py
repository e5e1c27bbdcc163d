"""`gatewayctl stats`."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from gatewayctl.client import NotFound
from gatewayctl.completion import optional_tenant
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.durations import SINCE, Duration
from gatewayctl.following import until_interrupted
from gatewayctl.live_view import show_live
from gatewayctl.session import Session, asks_server
from gatewayctl.statistics import show_all, show_one


@click.command("stats")
@optional_tenant
@click.option(
    "--from", "since", type=SINCE, metavar="WHEN", help="2h, 7d ago, or a day or time in ISO 8601, UTC. [30d]"
)
@click.option("--to", "until", type=SINCE, metavar="WHEN", help="The same; a day is included. [now]")
@click.option(
    "--watch",
    is_flag=False,
    flag_value=2.0,
    type=Duration(0.2, 3600, fractions=True),
    metavar="[DURATION]",
    help="A live view, every 2 seconds or as often as given, until Ctrl-C.",
)
@asks_server
def stats(session: Session, tenant: str | None, since: str | None, until: str | None, watch: float | None) -> None:
    """Requests, success, cache hits, latencies and tokens: of all tenants, or of one in detail.

    Times are rounded outward to the hour. Success is the share of requests answered with
    a status below 400, hits the share of cache hits among hits and misses.

    \b
    Examples:
      gatewayctl stats
      gatewayctl stats acme
      gatewayctl stats acme --from 7d
      gatewayctl stats acme --from 2026-01-01 --to 2026-01-31
      gatewayctl stats --watch
      gatewayctl stats acme --watch 10
      gatewayctl stats --json | jq '.data[] | {name, total_requests}'
    """

    if watch is not None:
        if since or until:
            raise click.UsageError("--watch shows what comes in; --from and --to go without it")
        with until_interrupted():
            show_live(session, None if tenant is None else find_tenant(session.client, tenant), watch)
        return

    def analytics(of: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = session.client.get(path_of(of, "analytics"), **{"from": since, "to": until})
        return answer

    if tenant is not None:
        found = find_tenant(session.client, tenant)
        one = analytics(found)
        session.show(one, lambda: show_one(found, one))
        return
    tenants = session.client.linked("/admin/tenants")
    every = []
    for each in tenants:
        with contextlib.suppress(NotFound):  # deleted meanwhile
            every.append({"id": each["id"], "name": each["name"], **analytics(each)})
    session.show_list(every, lambda: show_all(every))
