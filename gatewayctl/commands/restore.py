"""`gatewayctl restore`."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import click

from gatewayctl import render
from gatewayctl.backups import contents, summary
from gatewayctl.before import or_before
from gatewayctl.local import CannotBeUsed, of_gateway, where
from gatewayctl.restoring import load_backup
from mitmgate.core.settings import Settings
from mitmgate.services.backup.archive import BackupReader, BackupUnusable


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace what is there; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what was in it as JSON.")
@of_gateway
def restore(settings: Settings, file: Path, force: bool, yes: bool, as_json: bool) -> None:
    """Make a new data directory, or an empty database, what a backup says.

    The gateway must not run meanwhile. All of it is restored or nothing. A backup of an
    older version is brought up to date. Secrets that are in the backup are put into
    the data directory where it has none.

    \b
    Examples:
      gatewayctl restore mitmgate-monday.zip --data-dir ./fresh
      gatewayctl restore --config production.yaml --force mitmgate-monday.zip
    """
    from mitmgate.services.migrations import DatabaseUnusable
    from mitmgate.services.secrets import SecretsUnusable
    from mitmgate.supervisor.database_access import open_database
    from mitmgate.supervisor.errors import CannotStart

    as_json = or_before(as_json, "as_json")
    try:
        with BackupReader(file) as reader, open_database(settings, alone=True) as dsn:
            missing = asyncio.run(load_backup(settings, dsn, reader, force, yes))
            if settings.redis.url == "embedded":  # what is kept of tenants whose ids are other tenants' now
                shutil.rmtree(settings.data_dir / "valkey" / "data", ignore_errors=True)
    except (BackupUnusable, SecretsUnusable) as error:
        raise click.ClickException(str(error)) from None
    except (CannotStart, DatabaseUnusable) as error:
        raise CannotBeUsed(str(error)) from None
    if as_json:
        render.document(summary(reader.manifest))
    else:
        click.echo(f"Restored {contents(reader.manifest)}, as of {reader.manifest.taken_at}, to {where(settings)}.")
    if missing:
        click.echo(f"Before its first start: {missing}", err=True)
