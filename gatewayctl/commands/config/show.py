"""`gatewayctl config show`."""

from __future__ import annotations

from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.before import or_before
from gatewayctl.render import Column
from gatewayctl.serve_options import effective, serve_options
from gatewayctl.text import cell, size

_COLUMNS: Final = (Column("Setting", keep=True), Column("Value"), Column("From"))


@click.command("show")
@serve_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON; it also tells which change needs a restart.")
def show(as_json: bool, **options: Any) -> None:
    """Show the effective settings and where each comes from: a flag, a variable, FILE:LINE, or the default.

    Reads the file and the environment here: what `serve` would start with, not what a
    gateway that runs has. That reads its settings at its start and at SIGHUP.

    Passwords, auth.secrets and auth.pepper are never shown, only that they are there. What
    a change needs (reload or restart) is in --json.

    \b
    Examples:
      gatewayctl config show
      gatewayctl config show --config production.yaml --port 9090
      gatewayctl config show --json | jq '.data[] | select(.from != "default")'
    """
    from mitmgate.core.settings import ConfigError
    from mitmgate.core.settings.masking import shown_settings
    from mitmgate.supervisor.reloading import needs_restart

    as_json = or_before(as_json, "as_json")
    try:
        found = effective(options)
    except ConfigError as error:
        raise Unusable(str(error)) from None
    values = shown_settings(found.settings)
    values |= {"data_dir": str(found.settings.data_dir), "demo": found.settings.demo}
    told = [
        {"key": key, "value": value, "from": found.origins.get(key, "default"), "needs_restart": needs_restart(key)}
        for key, value in values.items()
    ]
    if as_json:
        render.document({"data": told})
        return
    rows = [(each["key"], _for_people(each["key"], each["value"]), cell(each["from"])) for each in told]
    render.table(_COLUMNS, rows, empty="")


class Unusable(click.ClickException):
    """The settings cannot be used."""

    exit_code = 3


def _for_people(key: str, value: Any) -> str:
    return size(value) if key.endswith("_bytes") else cell(value)
