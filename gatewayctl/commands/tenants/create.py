"""`gatewayctl tenants create`."""

from __future__ import annotations

from typing import Any

import click

from gatewayctl.key_options import show_warnings
from gatewayctl.session import Session, asks_server
from gatewayctl.tenant_options import fields_of, tenant_options
from gatewayctl.text import cell
from gatewayctl.try_it import curl, model_to_try


@click.command("create")
@click.argument("name")
@click.option("--backend", required=True, metavar="URL", help="The upstream, such as https://api.openai.com.")
@tenant_options
@asks_server
def create(session: Session, name: str, backend: str, **options: Any) -> None:
    """Make a tenant and its first API key, which is shown this once.

    The upstream's key is read from the environment or from standard input, stored
    encrypted and never shown. It is sent as `Authorization: Bearer KEY` to an OpenAI-like
    upstream and as `x-api-key: KEY` to an Anthropic-like one; a value that has a scheme
    already (`Basic ...`) is sent as it is.

    \b
    Examples:
      gatewayctl tenants create acme --backend https://api.openai.com \\
        --upstream-key-env OPENAI_API_KEY
      pass show anthropic | gatewayctl tenants create zoo --format anthropic \\
        --backend https://api.anthropic.com --upstream-key-stdin
      gatewayctl tenants create local --backend http://127.0.0.1:9000 \\
        --allow-private --limit 100
    """
    told = {"name": name, "backend_url": backend}
    told |= fields_of(options, options["upstream_format"] or "openai")
    tenant = session.client.post("/admin/tenants", told)

    def for_people() -> None:
        click.echo(f"Made tenant {cell(tenant['name'])} with id {tenant['id']}, upstream {cell(tenant['backend_url'])}")
        show_warnings(tenant)
        click.echo(f"\nIts API key, shown this once:\n\n  {tenant['api_key']}\n\nTry it:\n")
        model = model_to_try(tenant.get("default_model"), tenant.get("allowed_models") or ())
        vendor, client = str(tenant.get("upstream_format")), session.client
        click.echo(curl(client.url, tenant["api_key"], vendor, model, client.trusted_by))

    session.show(tenant, for_people)
