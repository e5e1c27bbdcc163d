"""Brings a database to the schema this code was written for: schema.sql is version 1, migrations/ the later ones."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

import mitmgate
from mitmgate.services.queries import queries

ROOT: Final = Path(mitmgate.__file__).parent.parent

logger = logging.getLogger(__name__)


class DatabaseUnusable(Exception):
    """The gateway cannot run on this database; the message says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One version of the schema; the file is applied as a whole."""

    version: int
    path: Path


def find_migrations(root: Path) -> list[Migration]:
    """schema.sql and the numbered files, in order. Raises ValueError where a number is missing or there twice."""
    found = [Migration(1, root / "schema.sql")]
    paths = sorted((root / "migrations").glob("[0-9]*.sql"))
    found += [Migration(int(path.name.partition("_")[0]), path) for path in paths]
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered without gaps from 2: {[m.path.name for m in found[1:]]}")
    return found


async def migrate(connection: asyncpg.Connection, root: Path = ROOT, *, up_to: int | None = None) -> list[int]:
    """Applies what is missing, each version in its own transaction, one node at a time. -> the versions it applied.

    up_to: no version after this one.

    Raises DatabaseUnusable where the database is newer than the code, or a version cannot be applied.
    """
    known = find_migrations(root)
    await connection.fetchval(queries.lock_setup)
    try:
        applied: set[int] = set()
        if await connection.fetchval(queries.is_set_up):
            applied = {row["version"] for row in await connection.fetch(queries.migrations)}
        newest = max(applied, default=0)
        if newest > known[-1].version:
            raise DatabaseUnusable(
                f"the database is at schema version {newest}, this gateway knows versions up to {known[-1].version}:"
                " it was set up by a newer gateway"
            )
        known = [migration for migration in known if up_to is None or migration.version <= up_to]
        missing = [migration for migration in known if migration.version not in applied]
        for migration in missing:
            await _apply(connection, migration)
        return [migration.version for migration in missing]
    finally:
        if not connection.is_closed():
            with suppress(
                asyncpg.InFailedSQLTransactionError
            ):  # of a restore; its connection ends, and the lock with it
                await connection.fetchval(queries.unlock_setup)


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.path.read_text())
            await connection.execute(queries.record_migration, migration.version, migration.path.stem)
    except asyncpg.DuplicateObjectError as error:
        raise DatabaseUnusable(
            f"{migration.path.name} cannot be applied, the database is not empty: {error}"
        ) from error
    except asyncpg.PostgresError as error:
        raise DatabaseUnusable(f"{migration.path.name} cannot be applied: {error}") from error
    logger.info("applied %s to the database", migration.path.name)
