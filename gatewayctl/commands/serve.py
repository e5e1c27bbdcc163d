"""`gatewayctl serve`."""

from __future__ import annotations

import time
from typing import Any

import click

from gatewayctl.serve_options import effective, serve_options


@click.command()
@serve_options
def serve(**options: Any) -> None:
    """Run the gateway.

    Starts everything it needs, PostgreSQL and Valkey included, and runs until it is
    told to end: SIGTERM or Ctrl-C lets what is under way end first, SIGHUP reads the
    settings again. Flags win over the environment (MITMGATE_SERVER__WORKERS=4), the
    environment over the file.

    \b
    Examples:
      gatewayctl serve
      gatewayctl serve --port 9090 --data-dir ./state --no-demo
      gatewayctl serve --config production.yaml --host 0.0.0.0
    """
    begun_s = time.monotonic()
    import asyncio

    from mitmgate.core.settings import ConfigError, Settings
    from mitmgate.services.logs import log_to_stderr
    from mitmgate.supervisor.errors import CannotStart
    from mitmgate.supervisor.supervisor import Supervisor

    if options["config"] is not None:
        options["config"] = options["config"].absolute()

    def load() -> Settings:
        return effective(options).settings

    log_to_stderr("supervisor")
    try:
        code = asyncio.run(Supervisor(load(), load, begun_s).run())
    except (ConfigError, CannotStart) as error:
        for line in str(error).splitlines():
            click.echo(f"Error: {line}", err=True)
        raise SystemExit(3) from None
    raise SystemExit(code)
