"""`gatewayctl keys create`."""

from __future__ import annotations

from typing import Any

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.durations import UNTIL
from gatewayctl.key_options import SCOPES, show_warnings
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell
from gatewayctl.try_it import curl, model_to_try


@click.command("create")
@tenant_argument
@click.option("--name", help="What it is for.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What it may call; repeat. Default: any."
)
@click.option("--limit", type=click.IntRange(1), help="Requests an hour, below the tenant's.")
@click.option(
    "--model", "models", multiple=True, metavar="M", help="A model it may use; repeat. Default: the tenant's."
)
@click.option(
    "--expires", "--expires-in", "expires", type=UNTIL, metavar="WHEN", help="90d from now, or a time in ISO 8601, UTC."
)
@asks_server
def create(
    session: Session,
    tenant: str,
    name: str | None,
    scopes: tuple[str, ...],
    limit: int | None,
    models: tuple[str, ...],
    expires: str | None,
) -> None:
    """Make one more API key, which is shown this once.

    \b
    Examples:
      gatewayctl keys create acme --name laptop
      gatewayctl keys create acme --name ci --scope chat --limit 100 \\
        --expires 90d
    """
    found = find_tenant(session.client, tenant)
    told: dict[str, Any] = {
        "name": name,
        "scopes": list(scopes) or None,
        "limits": {"rate_limit_per_hour": limit} if limit else None,
        "allowed_models": list(models) or None,
        "expires_at": expires,
    }
    key = session.client.post(
        path_of(found, "keys"), {field: value for field, value in told.items() if value is not None}
    )

    def for_people() -> None:
        show_warnings(key)
        click.echo(f"Made key {key['id']} ({cell(key['name'])}) of {cell(found['name'])}, shown this once:\n")
        click.echo(f"  {key['api_key']}")
        if not scopes or {"chat", "any"} & set(scopes):
            default = None if models else found.get("default_model")
            model = model_to_try(default, models or found.get("allowed_models") or ())
            vendor, client = str(found["upstream_format"]), session.client
            click.echo(f"\nTry it:\n\n{curl(client.url, key['api_key'], vendor, model, client.trusted_by)}")

    session.show(key, for_people)
