"""`gatewayctl serve`."""

from __future__ import annotations

import time
from pathlib import Path

import click


@click.command()
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings; by default config.yaml here, if there is one."
)
@click.option("--host", help="Address to listen on. [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one. [8080]")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes. [the cores]")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.")
@click.option(
    "--demo/--no-demo", default=None, help="A tenant with a known key and a mock LLM. [until there are tenants]"
)
def serve(
    config: Path | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    data_dir: Path | None,
    demo: bool | None,
) -> None:
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
    import os

    from mitmgate.core.settings import ConfigError, Settings, load_settings
    from mitmgate.services.logs import log_to_stderr
    from mitmgate.supervisor.errors import CannotStart
    from mitmgate.supervisor.supervisor import Supervisor

    file = (config or Path("config.yaml")).absolute()
    flags = {"host": host, "port": port, "server.workers": workers, "data_dir": data_dir, "demo": demo}

    def load() -> Settings:
        return load_settings(file if config or file.exists() else None, os.environ, flags)

    log_to_stderr("supervisor")
    try:
        code = asyncio.run(Supervisor(load(), load, begun_s).run())
    except (ConfigError, CannotStart) as error:
        for line in str(error).splitlines():
            click.echo(f"Error: {line}", err=True)
        raise SystemExit(3) from None
    raise SystemExit(code)
