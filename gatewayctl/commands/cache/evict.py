"""`gatewayctl cache evict`."""

from __future__ import annotations

import click

from gatewayctl.cache_options import entry_count, entry_path
from gatewayctl.client import NotFound, Refused
from gatewayctl.session import Session, asks_server
from gatewayctl.text import plain


@click.command("evict")
@click.argument("entries", metavar="ENTRY...", nargs=-1, required=True)
@asks_server
def evict(session: Session, entries: tuple[str, ...]) -> None:
    """Remove cached answers; they are found in no words again.

    Exit code 5 when one was not there; the others are removed all the same.

    \b
    Example:
      gatewayctl cache evict 2.qFh0pT8n4Vb0VY7mYt3o5y2b6o0d1fE9x3y5z7A9B1Q
    """
    missing = []
    for entry in entries:
        try:
            session.client.delete(entry_path(entry))
        except Refused as refused:
            if refused.status not in (400, 404):
                raise
            missing.append(entry)
    count = len(entries) - len(missing)

    def for_people() -> None:
        click.echo(f"Evicted {entry_count(count)}.")
        for entry in missing:
            click.echo(f"There is no entry {plain(entry)}, or it has expired.", err=True)

    session.show({"evicted": count, "missing": missing}, for_people)
    if missing:
        raise SystemExit(NotFound.exit_code)
