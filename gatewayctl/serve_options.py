"""The options that decide with which settings `serve` runs: shared by it and by what tells of its settings."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayctl.before import or_before

if TYPE_CHECKING:
    from mitmgate.core.settings import Effective

_OPTIONS: Final = (
    click.option(
        "--config", type=click.Path(path_type=Path), help="Settings; by default config.yaml here, if there is one."
    ),
    click.option("--host", help="Address to listen on. [127.0.0.1]"),
    click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one. [8080]"),
    click.option("--workers", type=click.IntRange(1, 256), help="Worker processes. [the cores]"),
    click.option("--data-dir", type=click.Path(path_type=Path), help="Where everything is kept."),
    click.option(
        "--demo/--no-demo", default=None, help="A tenant with a known key and a mock LLM. [until there are tenants]"
    ),
)


def serve_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --config, --host, --port, --workers, --data-dir and --demo; `effective` reads them."""

    @functools.wraps(command)
    def with_options(data_dir: Path | None, **options: Any) -> None:
        command(data_dir=or_before(data_dir, "data_dir"), **options)

    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


def effective(options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Effective:
    """The settings that `serve` with these options would run with. Raises ConfigError."""
    from mitmgate.core.settings import config_file, load_effective

    flags = {
        "host": options["host"],
        "port": options["port"],
        "server.workers": options["workers"],
        "data_dir": options["data_dir"],
        "demo": options["demo"],
    }
    return load_effective(config_file(options["config"]), environ, flags)
