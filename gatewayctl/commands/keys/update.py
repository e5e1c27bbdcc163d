"""`gatewayctl keys update`."""

from __future__ import annotations

from typing import Any, Final

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.durations import UNTIL
from gatewayctl.key_options import SCOPES, show_warnings
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell

_CLEARED: Final[dict[str, dict[str, Any]]] = {
    "scopes": {"scopes": None},
    "limit": {"limits": None},
    "models": {"allowed_models": None},
    "expires": {"expires_at": None},
}


@click.command("update")
@tenant_argument
@click.argument("key_id", type=click.IntRange(1))
@click.option("--name", help="A new name.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What it may call; repeat.")
@click.option("--limit", type=click.IntRange(1), help="Requests an hour.")
@click.option("--model", "models", multiple=True, metavar="M", help="A model it may use; repeat.")
@click.option(
    "--expires", "--expires-in", "expires", type=UNTIL, metavar="WHEN", help="90d from now, or a time in ISO 8601, UTC."
)
@click.option(
    "--clear", "cleared", multiple=True, type=click.Choice(tuple(_CLEARED)), help="Back to the default; repeat."
)
@asks_server
def update(
    session: Session,
    tenant: str,
    key_id: int,
    name: str | None,
    scopes: tuple[str, ...],
    limit: int | None,
    models: tuple[str, ...],
    expires: str | None,
    cleared: tuple[str, ...],
) -> None:
    """Change what is named of an API key and leave the rest. Scopes and models are replaced whole.

    \b
    Examples:
      gatewayctl keys update acme 12 --limit 500
      gatewayctl keys update acme 12 --clear expires --model gpt-4o-mini
    """
    given: dict[str, Any] = {
        "name": name,
        "scopes": list(scopes) or None,
        "limits": {"rate_limit_per_hour": limit} if limit else None,
        "allowed_models": list(models) or None,
        "expires_at": expires,
    }
    fields = {field: value for field, value in given.items() if value is not None}
    for each in cleared:
        if fields.keys() & _CLEARED[each].keys():
            raise click.UsageError(f"--clear {each} goes without a value for it")
        fields |= _CLEARED[each]
    if not fields:
        raise click.UsageError("say what to change, such as --limit 500")
    found = find_tenant(session.client, tenant)
    key = session.client.patch(path_of(found, "keys", key_id), fields)

    def for_people() -> None:
        show_warnings(key)
        click.echo(f"Changed key {key_id} ({cell(key['name'])}) of {cell(found['name'])}.")

    session.show(key, for_people)
