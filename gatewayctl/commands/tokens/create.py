"""`gatewayctl tokens create`."""

from __future__ import annotations

import click

from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell

ROLES = ("admin", "viewer")


@click.command("create")
@click.option("--name", required=True, help="Whose it is, or what it is for; the audit log shows it.")
@click.option("--role", type=click.Choice(ROLES), default="admin", show_default=True, help="What it may do.")
@asks_server
def create(session: Session, name: str, role: str) -> None:
    """Make an admin token, which is shown this once.

    \b
    Example:
      gatewayctl tokens create --name dashboard --role viewer
    """
    made = session.client.post("/admin/tokens", {"name": name, "role": role})

    def for_people() -> None:
        click.echo(f"Made admin token {made['id']} ({cell(made['name'])}, {cell(made['role'])}), shown this once:\n")
        click.echo(f"  {made['token']}")
        click.echo("\nUse it by MITMGATE_ADMIN_TOKEN, or as Bearer authorization of /admin.")

    session.show(made, for_people)
