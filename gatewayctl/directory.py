"""Finds the tenant a person means: by id or by name."""

from __future__ import annotations

from typing import Any

import click

from gatewayctl.client import AdminClient, NotFound
from gatewayctl.text import plain

Tenant = dict[str, Any]


def find_tenant(client: AdminClient, id_or_name: str) -> Tenant:
    """The tenant with that id, else the one with that name. Raises NotFound."""
    if id_or_name.isascii() and id_or_name.isdigit():
        try:
            return _tenant(client.get(f"/admin/tenants/{int(id_or_name)}"))
        except NotFound:
            pass  # a name may be a number too
    named = [tenant for tenant in client.linked("/admin/tenants") if tenant.get("name") == id_or_name]
    if not named:
        raise NotFound(404, f"there is no tenant '{plain(id_or_name)}' (gatewayctl tenants list shows them)")
    if len(named) > 1:
        ids = ", ".join(str(tenant["id"]) for tenant in named)
        raise click.ClickException(f"several tenants are called '{plain(id_or_name)}'; give an id: {ids}")
    return _tenant(named[0])


def path_of(tenant: Tenant, *more: object) -> str:
    return "/".join(["/admin/tenants", str(tenant["id"]), *map(str, more)])


def _tenant(answer: Any) -> Tenant:
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
        raise click.ClickException("the server did not answer with a tenant; is it a mitmgate gateway?")
    return answer
