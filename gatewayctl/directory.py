"""Finds the tenant a person means: by id or by name."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import click

from gatewayctl.client import AdminClient, NotFound
from gatewayctl.text import plain

Tenant = dict[str, Any]


def find_tenant(client: AdminClient, id_or_name: str) -> Tenant:
    """The tenant with that id or that name. Raises NotFound, and ClickException where that is two tenants."""
    by_id = None
    if id_or_name.isascii() and id_or_name.isdigit():
        with suppress(NotFound):  # a name may be a number too
            by_id = _tenant(client.get(f"/admin/tenants/{int(id_or_name)}"))
    named = [tenant for tenant in client.linked("/admin/tenants") if tenant.get("name") == id_or_name]
    if by_id is not None:
        others = [tenant["id"] for tenant in named if tenant["id"] != by_id["id"]]
        if others:
            raise click.ClickException(
                f"{id_or_name} is the id of '{plain(by_id['name'])}' and the name of the tenant with id {others[0]}:"
                " give the first one's name, or the other's id"
            )
        return by_id
    if not named:
        raise NotFound(404, f"there is no tenant '{plain(id_or_name)}' (gatewayctl tenants list shows them)")
    if len(named) > 1:
        ids = ", ".join(str(tenant["id"]) for tenant in named)
        raise click.ClickException(f"several tenants are called '{plain(id_or_name)}'; give an id: {ids}")
    return _tenant(named[0])


def find_tenant_id(client: AdminClient, id_or_name: str) -> int:
    """The id of a tenant, also of a deleted one, which only its id names. Raises NotFound, ClickException."""
    try:
        return int(find_tenant(client, id_or_name)["id"])
    except NotFound:
        if not (id_or_name.isascii() and id_or_name.isdecimal()):
            raise
        return int(id_or_name)


def path_of(tenant: Tenant, *more: object) -> str:
    return "/".join(["/admin/tenants", str(tenant["id"]), *map(str, more)])


def _tenant(answer: Any) -> Tenant:
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
        raise click.ClickException("the server did not answer with a tenant; is it a mitmgate gateway?")
    return answer
