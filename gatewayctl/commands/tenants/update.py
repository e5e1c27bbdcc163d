"""`gatewayctl tenants update`."""

from __future__ import annotations

from typing import Any, Final

import click

from gatewayctl.commands.tenants.show import show_tenant
from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant, path_of
from gatewayctl.key_options import show_warnings
from gatewayctl.session import Session, asks_server
from gatewayctl.tenant_options import fields_of, tenant_options

_CLEARED: Final[dict[str, dict[str, Any]]] = {
    "models": {"allowed_models": None},
    "default-model": {"default_model": None},
    "aliases": {"model_aliases": None},
    "upstream-key": {"upstream_auth": None},
    "cache": {"cache": None},
    "tags": {"tags": None},
}


@click.command("update")
@tenant_argument
@click.option("--name", help="A new name.")
@click.option("--backend", metavar="URL", help="Another upstream.")
@tenant_options
@click.option(
    "--clear", "cleared", multiple=True, type=click.Choice(tuple(_CLEARED)), help="Back to the default; repeat."
)
@asks_server
def update(
    session: Session, tenant: str, name: str | None, backend: str | None, cleared: tuple[str, ...], **options: Any
) -> None:
    """Change what is named and leave the rest. Lists (models, aliases, tags) are replaced whole.

    \b
    Examples:
      gatewayctl tenants update acme --limit 5000
      gatewayctl tenants update acme --model gpt-4o --model gpt-4o-mini \\
        --default-model gpt-4o-mini
      gatewayctl tenants update acme --upstream-key-env NEW_OPENAI_KEY
      gatewayctl tenants update acme --clear models --cache-mode off
    """
    found = find_tenant(session.client, tenant)
    told = fields_of(options, options["upstream_format"] or str(found.get("upstream_format")))
    told |= {field: value for field, value in (("name", name), ("backend_url", backend)) if value is not None}
    for what in cleared:
        for field, value in _CLEARED[what].items():
            if field in told:
                raise click.UsageError(f"--clear {what} and a new value contradict each other")
            told[field] = value
    if not told:
        raise click.UsageError("there is nothing to change: name at least one option")
    changed = session.client.patch(path_of(found), told)

    def for_people() -> None:
        show_warnings(changed)
        show_tenant(changed)

    session.show(changed, for_people)
