"""`gatewayctl tokens revoke`."""

from __future__ import annotations

import click

from gatewayctl.session import Session, asks_server, confirm


@click.command("revoke")
@click.argument("token_id", type=click.IntRange(1))
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks_server
def revoke(session: Session, token_id: int, yes: bool) -> None:
    """End an admin token at once.

    \b
    Example:
      gatewayctl tokens revoke 3
    """
    confirm(f"End admin token {token_id}?", yes)
    session.client.delete(f"/admin/tokens/{token_id}")
    session.show({"id": token_id, "revoked": True}, lambda: click.echo(f"Ended admin token {token_id}."))
