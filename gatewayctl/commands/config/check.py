"""`gatewayctl config check`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from gatewayctl import render
from gatewayctl.before import or_before
from gatewayctl.serve_options import effective, serve_options
from gatewayctl.text import plain

if TYPE_CHECKING:
    from mitmgate.core.settings import Settings
    from mitmgate.core.settings.problem import Problem


@click.command("check")
@serve_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(as_json: bool, **options: Any) -> None:
    """Tell everything that is wrong with the settings, with file, line and what may have been meant.

    Exit code 0 when `serve` would take them, 3 when it would not. Whether stores, ports and
    the data directory can be used is what `doctor` looks at.

    \b
    Examples:
      gatewayctl config check
      gatewayctl config check --config production.yaml
      MITMGATE_CACHE__MODE=exact gatewayctl config check --json
    """
    from mitmgate.core.settings import ConfigError

    as_json = or_before(as_json, "as_json")
    problems: Sequence[Problem] = ()
    origins: Mapping[str, Any] = {}
    try:
        found = effective(options)
        origins, problems = found.origins, _beyond(found.settings)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        told = [dataclasses.asdict(problem) for problem in problems]
        render.document({"ok": not problems, "problems": told})
    elif problems:
        for problem in problems:
            click.echo(plain(str(problem)), err=True)
        click.echo(f"{len(problems)} problem(s); serve would not start.", err=True)
    else:
        from mitmgate.core.settings import config_file

        file = config_file(options["config"])
        count = len(origins)
        given = f"{count} setting{'s' * (count != 1)} given, by file, environment or flags" if count else "none given"
        click.echo(f"{file or 'no file'}: nothing is wrong; {given}, the rest are defaults.")
    if problems:
        raise SystemExit(3)


def _beyond(settings: Settings) -> list[Problem]:
    """What `serve` would refuse of settings that can be read: the host, the demo there, secrets of the environment."""
    from mitmgate.core.settings.problem import Problem
    from mitmgate.services.secrets import check_given
    from mitmgate.supervisor.errors import CannotStart
    from mitmgate.supervisor.listeners import check_host

    problems = [Problem(variable, None, "", why) for variable, why in check_given(os.environ)]
    try:
        check_host(settings.server.host, settings.demo)
    except CannotStart as error:
        problems.append(Problem("server.listen", None, "", str(error)))
    return problems
