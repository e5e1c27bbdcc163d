"""Takes a backup: every table in one snapshot, while the gateway serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg

from mitmgate import __version__
from mitmgate.services.backup.archive import BackupWriter, Manifest, Part
from mitmgate.services.migrations import DatabaseUnusable
from mitmgate.services.queries import queries

#: (table, rows written since the last call)
Told = Callable[[str, int], None]


async def count_rows(connection: asyncpg.Connection) -> int:
    """About how many rows a backup will have; for whoever waits."""
    return sum([
        int(await connection.fetchval(f"SELECT count(*) FROM {_name(table['name'])}"))  # noqa: S608
        for table in await _tables(connection)
    ])  # fmt: skip


async def dump(
    connection: asyncpg.Connection, writer: BackupWriter, secrets: Mapping[str, Any] | None, told: Told
) -> Manifest:
    """Writes all tables as they were at one moment. secrets: goes into the file, when given.

    Raises DatabaseUnusable for a database that is no gateway's.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(queries.plain_copies)
        taken_at = datetime.now(UTC)
        if not await connection.fetchval(queries.is_set_up):
            raise DatabaseUnusable("the database is empty: no gateway was ever started on it")
        versions = [row["version"] for row in await connection.fetch(queries.migrations)]
        parts = [
            await _dump_table(connection, writer, table["name"], tuple(table["columns"]), told)
            for table in await _tables(connection)
        ]
        sequences = {}
        for row in await connection.fetch(queries.backup_sequences):
            at = await connection.fetchrow(f"SELECT last_value, is_called FROM {_name(row['name'])}")  # noqa: S608
            sequences[row["name"]] = (at["last_value"], at["is_called"])
        days = [row["day"].isoformat() for row in await connection.fetch(queries.backup_usage_days)]
    if secrets is not None:
        writer.secrets(dict(secrets))
    manifest = Manifest(
        schema_version=max(versions),
        made_by=__version__,
        taken_at=taken_at.isoformat(timespec="seconds"),
        parts=tuple(parts),
        sequences=sequences,
        days=tuple(days),
        has_secrets=secrets is not None,
    )
    writer.finish(manifest)
    return manifest


async def _tables(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    return await connection.fetch(queries.backup_tables)  # type: ignore[no-any-return]


async def _dump_table(
    connection: asyncpg.Connection, writer: BackupWriter, table: str, columns: tuple[str, ...], told: Told
) -> Part:
    with writer.table(table) as member:

        async def write(data: bytes) -> None:
            told(table, member.write(data))

        listed = ", ".join(map(_name, columns))
        await connection.copy_from_query(f"SELECT {listed} FROM {_name(table)}", output=write)  # noqa: S608
        return member.part(table, columns)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
