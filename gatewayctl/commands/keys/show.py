"""`gatewayctl keys show`."""

from __future__ import annotations

import click

from gatewayctl import render
from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, instant


@click.command("show")
@tenant_argument
@click.argument("key_id", type=click.IntRange(1))
@asks_server
def show(session: Session, tenant: str, key_id: int) -> None:
    """Show one API key: never the key itself, which was shown when it was made.

    \b
    Example:
      gatewayctl keys show acme 12
    """
    found = find_tenant(session.client, tenant)
    key = session.client.get(path_of(found, "keys", key_id))

    def for_people() -> None:
        render.fields(
            (name.replace("_", " "), instant(value) if name.endswith("_at") else cell(value))
            for name, value in key.items()
        )

    session.show(key, for_people)
