"""`gatewayctl tenants block`."""

from __future__ import annotations

from typing import Any

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, instant


@click.command("block")
@tenant_argument
@click.option("--seconds", type=click.IntRange(1), help="How long; without it until unblocked.")
@click.option("--reason", help="Why; kept with the tenant.")
@asks_server
def block(session: Session, tenant: str, seconds: int | None, reason: str | None) -> None:
    """Refuse a tenant's requests with 403, for a while or until unblocked.

    \b
    Examples:
      gatewayctl tenants block acme
      gatewayctl tenants block acme --seconds 3600 --reason "invoice overdue"
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
