"""`gatewayctl tenants block`."""

from __future__ import annotations

from typing import Any

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.durations import Duration
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, instant


@click.command("block")
@tenant_argument
@click.option(
    "--for", "--seconds", "seconds", type=Duration(1), metavar="D", help="How long, such as 12h; else until unblocked."
)
@click.option("--reason", help="Why; kept with the tenant.")
@asks_server
def block(session: Session, tenant: str, seconds: int | None, reason: str | None) -> None:
    """Refuse a tenant's requests with 403, for a while or until unblocked.

    \b
    Examples:
      gatewayctl tenants block acme
      gatewayctl tenants block acme --for 12h --reason "invoice overdue"
    """
    found = find_tenant(session.client, tenant)
    told: dict[str, Any] = {"seconds": seconds, "reason": reason}
    blocked = session.client.post(
        path_of(found, "block"), {name: told[name] for name in told if told[name] is not None}
    )

    def for_people() -> None:
        until = blocked.get("blocked_until")
        click.echo(f"Blocked {cell(found['name'])} until {instant(until) if until else 'it is unblocked'}.")

    session.show(blocked, for_people)
