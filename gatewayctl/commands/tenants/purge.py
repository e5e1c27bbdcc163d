"""`gatewayctl tenants purge`."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl import render
from gatewayctl.client import LONG_WORK_S, NotFound
from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant
from gatewayctl.session import Session, asks_server, confirm
from gatewayctl.text import cell, number

_ON_DISK: Final = {
    True: "Valkey's file was written anew: nothing of it is on disk.",
    False: "Valkey's file could not be written anew: it may hold it until then (valkey-cli BGREWRITEAOF).",
}


@click.command("purge")
@tenant_argument
@click.option("--usage", is_flag=True, help="Of a deleted tenant: its request rows, totals and keys, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks_server
def purge(session: Session, tenant: str, usage: bool, yes: bool) -> None:
    """Remove a tenant's stored prompts and answers for good, and show what was removed.

    Everywhere: answers, questions and their vectors. A deleted tenant is named by its
    id; of one that is not deleted, answers are stored again with its next requests.

    \b
    Examples:
      gatewayctl tenants purge acme
      gatewayctl tenants delete acme --yes && gatewayctl tenants purge 7 --usage --yes
    """
    try:
        found = find_tenant(session.client, tenant)
        id, called = found["id"], f"{cell(found['name'])} (id {found['id']})"
    except NotFound:
        if not tenant.isdecimal():
            raise
        id, called = int(tenant), f"tenant {tenant}"  # a deleted one
    more = ", its request rows, totals and keys" if usage else ""
    confirm(f"Remove all stored prompts and answers of {called}{more}?", yes)
    session.client.wait_within(LONG_WORK_S)
    done = session.client.post(f"/admin/tenants/{id}/purge", {"usage": usage})
    left = sum(done["left"].values())

    def for_people() -> None:
        render.fields(
            (f"{name.replace('_', ' ')} removed", number(count)) for name, count in sorted(done["removed"].items())
        )
        click.echo("Looked through again: nothing is left." if not left else f"Looked through again: {left} are left.")
        click.echo(_ON_DISK[bool(done["file_rewritten"])])

    session.show(done, for_people)
    if left:
        raise SystemExit(1)
