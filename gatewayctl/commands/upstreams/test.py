"""`gatewayctl upstreams test`."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl import render
from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, milliseconds

_COLUMNS: Final = (
    Column("Step", keep=True),
    Column("State", keep=True),
    Column("Time", keep=True, right=True),
    Column("Found"),
)


@click.command("test")
@tenant_argument
@click.option("--model", metavar="M", help="The model to ask. Default: the tenant's default, else its first allowed.")
@asks_server
def test(session: Session, tenant: str, model: str | None) -> None:
    """Make a small real call to the tenant's upstream, with its credential, and tell how each step went.

    The gateway itself makes the call, so that it takes the way of the tenant's traffic:
    name, address check, connection, TLS, credential, model. It asks for one token, or for
    the list of models where no model is known; it counts in no limit. 25 s at most.
    Exit code 0 when no step failed, 1 when one did.

    \b
    Examples:
      gatewayctl upstreams test acme
      gatewayctl upstreams test acme --model gpt-6-luna
      gatewayctl upstreams test acme --json | jq '.steps[] | select(.state == "failed")'
    """
    found = find_tenant(session.client, tenant)
    told = session.client.post(path_of(found, "test-upstream"), {} if model is None else {"model": model})

    def for_people() -> None:
        asked = told["model"] or "the list of models"
        click.echo(f"{cell(found['name'])}: {cell(told['upstream'])}, asked for {cell(asked)}\n")
        rows = [(cell(s["name"]), cell(s["state"]), milliseconds(s["ms"]), cell(s["detail"])) for s in told["steps"]]
        render.table(_COLUMNS, rows, empty="")
        click.echo(f"\n{'The upstream works.' if told['ok'] else 'The upstream does not work.'}")

    session.show(told, for_people)
    if not told["ok"]:
        raise SystemExit(1)
