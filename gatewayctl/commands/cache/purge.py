"""`gatewayctl cache purge`."""

from __future__ import annotations

from typing import Any

import click

from gatewayctl.cache_options import entry_count, entry_filters
from gatewayctl.client import LONG_WORK_S
from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant
from gatewayctl.session import Session, asks_server, confirm
from gatewayctl.text import cell


@click.command("purge")
@tenant_argument
@entry_filters
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks_server
def purge(session: Session, tenant: str, yes: bool, **filters: Any) -> None:
    """Remove a tenant's cached answers, all or those that match every filter.

    \b
    Examples:
      gatewayctl cache purge acme
      gatewayctl cache purge acme --model gpt-6-luna --older-than 7d --yes
    """
    found = find_tenant(session.client, tenant)
    what = "the matching" if any(value is not None for value in filters.values()) else "all"
    confirm(f"Remove {what} cached answers of tenant {cell(found['name'])} (id {found['id']})?", yes)
    session.client.wait_within(LONG_WORK_S)
    answer = session.client.delete("/admin/cache/entries", tenant_id=found["id"], **filters)
    session.show(answer, lambda: click.echo(f"Evicted {entry_count(answer['evicted'])} of {cell(found['name'])}."))
