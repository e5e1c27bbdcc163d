"""`gatewayctl cache explain`."""

from __future__ import annotations

from urllib.parse import quote

import click

from gatewayctl.cache_explained import show_request, show_text
from gatewayctl.completion import tenant_names
from gatewayctl.directory import find_tenant
from gatewayctl.session import Session, asks_server


@click.command("explain")
@click.argument("what", metavar="REQUEST_ID|TEXT")
@click.option("--tenant", shell_complete=tenant_names, help="Look for TEXT among the answers of this tenant.")
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True, help="Entries at most, for a text.")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Another lowest similarity than the tenant's.")
@click.option("--max-wrong", type=click.FloatRange(0, 1), help="Another share of wrong hits than the tenant's.")
@asks_server
def explain(
    session: Session, what: str, tenant: str | None, limit: int, threshold: float | None, max_wrong: float | None
) -> None:
    """Tell why a request or a text is answered from the cache or not.

    With --tenant, WHAT is a text: shows the stored questions nearest to it, in all scopes of
    the tenant, and the verdict on each. Without, it is a request's id, or how that begins:
    shows what came nearest to a hit, and in what the scopes differ that had answers. That
    comes from ids and digests in the request's row; no prompt is stored there.

    \b
    Examples:
      gatewayctl cache explain "How do I reset my router?" --tenant acme
      gatewayctl cache explain 01a2107b-9134-70cc
    """
    if tenant is None:
        if threshold is not None or max_wrong is not None:
            raise click.UsageError("--threshold and --max-wrong are for a text, with --tenant")
        answer = session.client.get(f"/admin/cache/explain/{quote(what, safe='')}")
        session.show(answer, lambda: show_request(answer))
        return
    body = {
        "tenant_id": find_tenant(session.client, tenant)["id"],
        "text": what,
        "limit": limit,
        "threshold": threshold,
        "max_wrong": max_wrong,
    }
    session.client.wait_within(120)
    answer = session.client.post("/admin/cache/explain", body)
    session.show(answer, lambda: show_text(what, answer))
