"""Putting a backup into the gateway's database, and its secrets beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewayctl import render
from gatewayctl.local import CannotBeUsed, where
from gatewayctl.session import confirm
from mitmgate.core.settings import Settings
from mitmgate.services.backup.archive import BackupReader, BackupUnusable

if TYPE_CHECKING:
    import asyncpg


async def load_backup(settings: Settings, dsn: str, reader: BackupReader, force: bool, yes: bool) -> str | None:
    """All of it or nothing. -> what is still to be done before a gateway can start on it

    Raises BackupUnusable, CannotBeUsed, DatabaseUnusable, SecretsUnusable.
    """
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
