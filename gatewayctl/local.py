"""What commands share that work on a gateway's data directory or database themselves, without its admin API."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gatewayctl.before import or_before
from mitmgate.core.settings import ConfigError, Settings, config_file, load_settings


class CannotBeUsed(click.ClickException):
    """The data directory, the database or the settings cannot be used."""

    exit_code = 3


def of_gateway(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --config and --data-dir and passes the Settings that `serve` would have with them."""

    @click.option("--config", type=click.Path(path_type=Path), help="The gateway's settings; config.yaml here, if any.")
    @click.option("--data-dir", type=click.Path(path_type=Path), help="Its data directory. [MITMGATE_DATA_DIR]")
    @functools.wraps(command)
    def with_settings(config: Path | None, data_dir: Path | None, **options: Any) -> None:
        try:
            found = load_settings(config_file(config), os.environ, {"data_dir": or_before(data_dir, "data_dir")})
        except ConfigError as error:
            raise CannotBeUsed(str(error)) from None
        command(found, **options)

    return with_settings


def where(settings: Settings) -> str:
    """Which database that is, without a password."""
    from mitmgate.core.store_urls import place_of

    url = settings.database.url
    return f"the data directory {settings.data_dir}" if url == "embedded" else f"the database at {place_of(url)}"
