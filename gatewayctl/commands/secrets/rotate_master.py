"""`gatewayctl secrets rotate-master`."""

from __future__ import annotations

import click

from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, number


@click.command("rotate-master")
@asks_server
def rotate_master(session: Session) -> None:
    """Seal every upstream credential anew with the first of the gateway's master keys.

    Before: put the new key in front of the old one, in MITMGATE_MASTER_KEY or in
    secrets/master-key of the data directory, with a space or a new line between, and
    restart every gateway of the database. After: take the old one out again. Requests
    are served all the while.

    \b
    Example:
      gatewayctl secrets rotate-master
    """
    done = session.client.post("/admin/secrets/rotate-master")

    def for_people() -> None:
        click.echo(f"Sealed {number(done['sealed'])} credentials anew with master key {cell(done['master_key'])}.")
        click.echo(f"It seals {number(done['total'])} now: no other master key is needed by this database any more.")

    session.show(done, for_people)
