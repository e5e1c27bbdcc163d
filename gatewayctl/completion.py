"""What a shell completes: the tenants of a gateway that answers at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import click

from gatewayctl.text import plain

_PATIENCE_S: Final = 0.5
_MOST: Final = 1000


def tenant_argument[F: Callable[..., Any]](command: F) -> F:
    """Adds TENANT, a tenant's name or id."""
    return click.argument("tenant", shell_complete=tenant_names)(command)


def optional_tenant[F: Callable[..., Any]](command: F) -> F:
    """The same where all tenants are meant without it."""
    return click.argument("tenant", required=False, shell_complete=tenant_names)(command)


def tenant_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names that begin so, of the gateway the command would ask; none when it does not answer at once."""
    from gatewayctl.session import connect

    given = {**ctx.find_root().params, **{name: value for name, value in ctx.params.items() if value}}
    try:
        client = connect(given.get("url"), given.get("token"), given.get("data_dir"), os.environ, given.get("cacert"))
        client.wait_within(_PATIENCE_S)
        try:
            tenants = client.get("/admin/tenants", limit=_MOST)
        finally:
            client.close()
        names = [plain(str(tenant["name"])) for tenant in tenants]
    except (click.ClickException, OSError, LookupError, TypeError):
        return []
    return sorted(name for name in names if name.startswith(incomplete))
