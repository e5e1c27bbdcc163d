"""Restores a backup: schema as it was, rows, then the migrations since; all in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import asyncpg

from mitmgate.services.backup.archive import BackupReader, BackupUnusable, Part
from mitmgate.services.backup.dump import Told
from mitmgate.services.migrations import ROOT, DatabaseUnusable, find_migrations, migrate
from mitmgate.services.queries import queries


class NotEmpty(Exception):
    """There is something in the database that a restore would replace."""


async def check_empty(connection: asyncpg.Connection) -> None:
    """Raises NotEmpty; DatabaseUnusable where a restore is out of the question, whatever is asked for."""
    if (foreign := await connection.fetchval(queries.foreign_tables)) is not None:
        raise DatabaseUnusable(
            f"the database has a table {foreign} and none that says it is a gateway's: give the gateway one of its own"
        )
    if running := await connection.fetchval(queries.other_gateways):
        raise DatabaseUnusable(f"gateways are running on this database ({running} connections): end them first")
    if await connection.fetchval(queries.is_set_up):
        raise NotEmpty("the database is a gateway's already")


async def load(
    connection: asyncpg.Connection, reader: BackupReader, told: Told, *, replace: bool, root: Path = ROOT
) -> list[int]:
    """Makes the database what the backup says. replace: what is there goes. -> versions it was migrated to.

    Raises BackupUnusable, DatabaseUnusable and PostgreSQL's errors; the database is then as it was.
    """
    manifest, known = reader.manifest, find_migrations(root)[-1].version
    if manifest.schema_version > known:
        raise BackupUnusable(
            f"the backup is of schema version {manifest.schema_version}, this gateway knows versions up to {known}:"
            f" restore it with mitmgate {manifest.made_by} or newer"
        )
    async with connection.transaction():
        await connection.execute(queries.plain_copies)
        if replace:
            await connection.execute(queries.drop_everything)
        await migrate(connection, root, up_to=manifest.schema_version)
        for day in manifest.days:
            await connection.execute(queries.ensure_partition, date.fromisoformat(day))
        tables = [row["name"] for row in await connection.fetch(queries.backup_tables)]
        missing = [part.table for part in manifest.parts if part.table not in tables]
        if missing:
            raise BackupUnusable(f"the backup has rows of a table that its schema does not have: {missing[0]}")
        for part in manifest.parts:
            await _load_table(connection, reader, part, told)
        for name, (last, given) in manifest.sequences.items():
            await connection.fetchval("SELECT setval(to_regclass(quote_ident($1)), $2, $3)", name, last, given)
        applied = await migrate(connection, root)
        await connection.execute(queries.forget_gateway_id)  # what was made from the backup is a gateway of its own
        return applied


async def _load_table(connection: asyncpg.Connection, reader: BackupReader, part: Part, told: Told) -> None:
    name = '"' + part.table.replace('"', '""') + '"'
    # What triggers would write (versions, times of change) is in the rows. Foreign keys stay checked.
    await connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    try:
        done = await connection.copy_to_table(
            part.table,
            source=_told_chunks(reader, part, lambda rows: told(part.table, rows)),
            columns=part.columns,
        )
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.UndefinedColumnError) as error:
        raise BackupUnusable(f"the backup's {part.table} cannot be loaded: {error}") from None
    await connection.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
    if done != f"COPY {part.rows}":
        raise BackupUnusable(f"the backup's {part.table} has {part.rows} rows by its manifest, but loaded as {done}")


async def _told_chunks(reader: BackupReader, part: Part, told: Callable[[int], None]) -> AsyncIterator[bytes]:
    async for data in reader.chunks(part):
        yield data
        told(data.count(b"\n"))
