"""`gatewayctl cache evict`."""

from __future__ import annotations

import click

from gatewayctl.cache_options import entry_count, entry_path
from gatewayctl.session import Session, asks_server


@click.command("evict")
@click.argument("entries", metavar="ENTRY...", nargs=-1, required=True)
@asks_server
def evict(session: Session, entries: tuple[str, ...]) -> None:
    """Remove cached answers; they are found in no words again.

    Stops with exit code 5 at the first that is not there.

    \b
    Example:
      gatewayctl cache evict 2.qFh0pT8n4Vb0VY7mYt3o5y2b6o0d1fE9x3y5z7A9B1Q
    """
    for entry in entries:
        session.client.delete(entry_path(entry))
    count = len(entries)
    session.show({"evicted": count}, lambda: click.echo(f"Evicted {entry_count(count)}."))
