"""`gatewayctl restore`."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatewayctl import render
from gatewayctl.commands.backup import contents, summary
from gatewayctl.local import CannotBeUsed, of_gateway, where
from gatewayctl.session import confirm
from mitmgate.core.settings import Settings
from mitmgate.services.backup.archive import BackupReader, BackupUnusable

if TYPE_CHECKING:
    import asyncpg


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

    as_json = as_json or bool(click.get_current_context().find_root().params.get("as_json"))
    try:
        with BackupReader(file) as reader, open_database(settings, alone=True) as dsn:
            missing = asyncio.run(_restore(settings, dsn, reader, force, yes))
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


async def _restore(settings: Settings, dsn: str, reader: BackupReader, force: bool, yes: bool) -> str | None:
    """-> what is still to be done before a gateway can start on it"""
    from mitmgate.services.backup.load import NotEmpty, check_empty, load
    from mitmgate.services.database_reasons import check_rights, check_server
    from mitmgate.services.postgres import close_connection, reach_database, telling
    from mitmgate.services.secret_files import install_secrets

    connection = await reach_database(dsn, name="restore of mitmgate")
    try:
        with telling(dsn):
            await check_server(connection)
            await check_rights(connection)
            replace = False
            try:
                await check_empty(connection)
            except NotEmpty as reason:
                if not force:
                    raise BackupUnusable(f"{where(settings)} is in use: {reason}; --force replaces it") from None
                confirm(f"Delete all tenants, keys and usage in {where(settings)} and restore the backup there?", yes)
                replace = True
            if settings.redis.url != "embedded":
                await _forget_tenants(connection, settings.redis.url)
            with render.progress("rows", reader.manifest.rows) as told:
                await load(connection, reader, lambda _, rows: told(rows), replace=replace)
            if reader.manifest.has_secrets:
                install_secrets(settings.data_dir, reader.secrets(), replace=replace)
            return await _missing_secrets(settings, connection)
    finally:
        await close_connection(connection)


async def _forget_tenants(connection: asyncpg.Connection, redis_url: str) -> None:
    """Their ids will be other tenants', who must not find these tenants' answers."""
    from mitmgate.services.redis import StoreDown
    from mitmgate.services.redis_start import StoreUnusable, check_store
    from mitmgate.services.store_owner import release_store

    try:
        await check_store(redis_url)
        await release_store(connection, redis_url)
    except (StoreUnusable, StoreDown) as error:
        raise CannotBeUsed(
            f"{error or 'the store of redis.url'} (a restore removes what it keeps of tenants)"
        ) from None


async def _missing_secrets(settings: Settings, connection: object) -> str | None:
    from mitmgate.services.migrations import DatabaseUnusable
    from mitmgate.services.postgres import check_secrets
    from mitmgate.services.secret_files import secrets_beside
    from mitmgate.services.secrets import SecretsUnusable

    try:
        await check_secrets(connection, secrets_beside(settings))
    except SecretsUnusable:
        return "give it the pepper and the master key that the backup's gateway had (its DATA_DIR/secrets)"
    except DatabaseUnusable as error:
        return str(error)
    return None
