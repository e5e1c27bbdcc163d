"""`gatewayctl cache tune`."""

from __future__ import annotations

from pathlib import Path

import click

from gatewayctl.completion import tenant_argument
from gatewayctl.directory import find_tenant
from gatewayctl.durations import SINCE
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell, plain
from gatewayctl.tuning_view import show


@click.command("tune")
@tenant_argument
@click.option("--from", "since", type=SINCE, metavar="WHEN", help="2h, 3d ago, or a time in ISO 8601, UTC. [30 days]")
@click.option("--to", type=SINCE, metavar="WHEN", help="The same; a day is included.")
@click.option("--max-wrong", type=click.FloatRange(0, 1), help="The budget, instead of the tenant's own.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), metavar="SVG", help="Draw it into this file.")
@asks_server
def tune(
    session: Session, tenant: str, since: str | None, to: str | None, max_wrong: float | None, plot: Path | None
) -> None:
    """Estimate a tenant's wrong semantic hits over the bar, and suggest a setting.

    Needs comparisons of stored answers with real ones: of requests in mode shadow, or of
    live hits that were audited (`--cache-audit-share`). Whether two answers say the same is
    told by rule and model and is wrong at times; the estimate is corrected for that.

    \b
    Examples:
      gatewayctl cache tune acme
      gatewayctl cache tune acme --from 7d --plot acme.svg
      gatewayctl cache tune acme --max-wrong 0.02 --json
    """
    found = find_tenant(session.client, tenant)
    query = {"tenant_id": found["id"], "from": since, "to": to, "max_wrong": max_wrong}
    figures = session.client.get("/admin/cache/tune", **query)
    session.show(figures, lambda: show(figures, cell(found["name"])))
    if plot is not None:
        from gatewayctl.tuning_plot import plot as drawn

        try:
            plot.write_text(drawn(figures, f"{plain(str(found['name']))}: cache tune"), encoding="utf-8")
        except OSError as problem:
            raise click.ClickException(f"{plain(str(plot))} cannot be written: {problem.strerror}") from None
