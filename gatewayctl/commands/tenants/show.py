"""`gatewayctl tenants show`."""

from __future__ import annotations

import click

from gatewayctl import render
from gatewayctl.completion import tenant_argument
from gatewayctl.directory import Tenant, find_tenant
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, instant, number


@click.command("show")
@tenant_argument
@asks_server
def show(session: Session, tenant: str) -> None:
    """Show one tenant; of its upstream's key only that there is one.

    \b
    Examples:
      gatewayctl tenants show acme
      gatewayctl tenants show 7 --json
    """
    found = find_tenant(session.client, tenant)
    session.show(found, lambda: show_tenant(found))


def show_tenant(tenant: Tenant) -> None:
    """Prints all that the server told of a tenant, in its order."""
    render.fields((name.replace("_", " "), _shown(name, value)) for name, value in tenant.items() if name != "warnings")


def _shown(name: str, value: object) -> str:
    if name.endswith(("_at", "_until")):
        return instant(value)
    if name == "status" and value == "off":
        return "off: the demo does not run (serve --demo)"
    if name == "upstream_auth":
        return f"{cell(value['header'])}, set" if isinstance(value, dict) and value.get("set") else "none"
    if name == "allowed_models" and value is None:
        return "all"
    return number(value) if name == "rate_limit_per_hour" else cell(value)
