"""`gatewayctl logs`."""

from __future__ import annotations

from typing import Any, Final

import click

from gatewayctl.completion import tenant_names
from gatewayctl.directory import find_tenant_id
from gatewayctl.durations import SINCE
from gatewayctl.following import until_interrupted
from gatewayctl.request_logs import follow, show_list
from gatewayctl.request_lookup import show_request
from gatewayctl.session import Session, asks_server

OUTCOMES: Final = ("hit", "exact", "semantic", "miss", "bypass", "refresh", "shadow", "audit")
SHOWN: Final = 20
SHOWN_SINCE: Final = 1000


@click.command("logs")
@click.argument("request_id", required=False)
@click.option("--follow", "-f", "follow_on", is_flag=True, help="Go on with what comes in, until Ctrl-C.")
@click.option("--tenant", shell_complete=tenant_names, help="Of this tenant only, by name or id.")
@click.option("--status", metavar="S", help="A status such as 429, or a class such as 5xx.")
@click.option("--cache", type=click.Choice(OUTCOMES), help="What the cache did.")
@click.option("--model", metavar="M", help="That asked for this model.")
@click.option("--since", type=SINCE, metavar="WHEN", help="15m, 2h, 3d ago, or a time in ISO 8601, UTC.")
@click.option("--limit", type=click.IntRange(1, 10_000), help=f"So many. [{SHOWN}; with --since {SHOWN_SINCE:,}]")
@click.option("--client-id", is_flag=True, help="REQUEST_ID is the X-Request-Id that the client sent.")
@asks_server
def logs(
    session: Session,
    request_id: str | None,
    follow_on: bool,
    tenant: str | None,
    since: str | None,
    limit: int | None,
    client_id: bool,
    **filters: Any,
) -> None:
    """Show requests, the newest last; or one request's whole story.

    REQUEST_ID is the answer's X-Request-Id, or the beginning of it that the list shows; a client's own
    X-Request-Id and the vendor's id find their requests as well. A request has its row when it has ended. No prompt
    is shown. A deleted tenant is named by its id.

    \b
    Examples:
      gatewayctl logs --tenant acme --status 5xx --since 2h
      gatewayctl logs --follow --cache miss
      gatewayctl logs --follow --json | jq -r .error
      gatewayctl logs 01a2107b-9134-70cc
    """
    if request_id is not None:
        if follow_on or tenant or since or limit or any(filters.values()):
            raise click.UsageError("a request is shown alone, without --follow and filters")
        show_request(session, request_id, client_id)
        return
    if client_id:
        raise click.UsageError("--client-id needs the id")
    if tenant is not None:
        filters["tenant_id"] = find_tenant_id(session.client, tenant)
    asked = SHOWN_SINCE if since and limit is None else limit or SHOWN
    if follow_on:
        with until_interrupted():
            follow(session, filters, since, asked)
    else:
        show_list(session, filters, since, asked)
