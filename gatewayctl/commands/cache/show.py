"""`gatewayctl cache show`."""

from __future__ import annotations

import click

from gatewayctl import render
from gatewayctl.cache_options import entry_path
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, instant, number


@click.command("show")
@click.argument("entry")
@asks_server
def show(session: Session, entry: str) -> None:
    """Show one cached answer with its question and body.

    \b
    Examples:
      gatewayctl cache show 2.qFh0pT8n4Vb0VY7mYt3o5y2b6o0d1fE9x3y5z7A9B1Q
      gatewayctl cache show 2.qFh0pT8n4Vb0VY7mYt3o5y2b6o0d1fE9x3y5z7A9B1Q --json
    """
    found = session.client.get(entry_path(entry))

    def for_people() -> None:
        pairs = {name: value for name, value in found.items() if name not in ("question", "body")}
        render.fields((name.replace("_", " "), _shown(name, value)) for name, value in pairs.items())
        for name in ("question", "body"):
            click.echo(f"\n{name}:")
            for line in str(found[name]).splitlines():
                click.echo(cell(line))

    session.show(found, for_people)


def _shown(name: str, value: object) -> str:
    return instant(value) if name.endswith("_at") else number(value) if name in ("bytes", "hits") else cell(value)
