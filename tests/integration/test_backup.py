"""Backups: what is restored is what was there, at one moment; what is damaged or of another time is refused whole."""

from __future__ import annotations

import asyncio
import os
import random
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from mitmgate.control.shipper import Shipper
from mitmgate.services.backup.archive import BackupReader, BackupUnusable, BackupWriter, Manifest
from mitmgate.services.backup.dump import dump
from mitmgate.services.backup.load import NotEmpty, check_empty, load
from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.journal import Journal
from mitmgate.services.migrations import ROOT, DatabaseUnusable, find_migrations
from mitmgate.services.postgres import create_pool, open_connection, prepare_database
from tests.conftest import execute
from tests.integration.database import SECRETS, record

ODD = "line\nend\ttab\\back\\.slash \\N ' \" ünïcode 🦊"


def quiet(table: str, rows: int) -> None:
    """Nobody watches."""


@pytest.fixture
def other_dsn(postgres: EmbeddedPostgres, postgres_dsn: str) -> Iterator[str]:
    """Another empty database, whose defaults print values in other ways."""
    execute(postgres.dsn, "CREATE DATABASE other_one TEMPLATE template0")
    execute(postgres.dsn, "ALTER DATABASE other_one SET datestyle = 'SQL, DMY'")
    execute(postgres.dsn, "ALTER DATABASE other_one SET timezone = 'Asia/Kolkata'")
    yield postgres.dsn_of("other_one")
    execute(postgres.dsn, "DROP DATABASE other_one WITH (FORCE)")


@pytest.fixture
async def source(postgres_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    await prepare_database(postgres_dsn, SECRETS)
    connection = await open_connection(postgres_dsn)
    for number in range(3):
        await connection.execute(
            "INSERT INTO tenants (name, backend_url, tags, allowed_models, upstream_auth_header, upstream_auth_sealed)"
            " VALUES ($1, 'https://x', $2, $3, 'authorization', $4)",
            *(f"{ODD} {number}", {"a": ODD}, ["m", ODD, ""], os.urandom(60)),
        )
        await connection.execute(
            "INSERT INTO api_keys (tenant_id, name, prefix, hash, expires_at) VALUES ($1, $2, 'mg_', $3, $4)",
            *(number + 1, ODD, os.urandom(32), datetime.now(UTC) + timedelta(microseconds=number)),
        )
    await connection.execute("UPDATE tenants SET status = 'deleted', deleted_at = now() WHERE id = 2")
    await connection.execute("DELETE FROM api_keys WHERE id = 3")  # its id must not be given out again
    await connection.execute("INSERT INTO admin_tokens (name, role, prefix, hash) VALUES ('a', 'viewer', 'mga_', 'h')")
    await connection.execute(
        "INSERT INTO audit_log (actor, action, target, target_id, details) VALUES ('a', 'b', 'c', 1, $1)", {"x": ODD}
    )
    yield connection
    await connection.close()


async def ship(dsn: str, folder: Path, count: int, **fields: Any) -> None:
    journal = Journal(folder / "journal", "w")
    for number in range(count):
        journal.append(record(latency_ms=1 + number / 7, error=ODD if number % 5 == 0 else None, **fields))
    journal.close()
    pool = await create_pool(dsn)
    assert await Shipper(folder / "journal", folder / "dead", pool).flush(30)
    await pool.close()


async def everything(connection: asyncpg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"
    )
    found = {}
    for (table,) in tables:
        unlike = "version, name" if table == "schema_migrations" else "*"
        rows = await connection.fetch(f"SELECT {unlike} FROM {table} ORDER BY 1, 2")
        found[table] = [tuple(row) for row in rows]
    sequences = await connection.fetch("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
    return {**found, "sequences": [tuple(row) for row in sequences]}


async def test_what_is_restored_is_what_was_there(
    source: asyncpg.Connection, postgres_dsn: str, other_dsn: str, tmp_path: Path
) -> None:
    await ship(postgres_dsn, tmp_path, 300)
    days_ago = (datetime.now(UTC) - timedelta(days=40)).timestamp()
    await ship(postgres_dsn, tmp_path / "old", 20, started_at=days_ago, tenant_id=2, prompt_tokens=None)
    file = tmp_path / "b.zip"
    with BackupWriter(file) as writer:
        made = await dump(source, writer, None, quiet)
    assert file.stat().st_mode & 0o777 == 0o600
    assert {part.table for part in made.parts} == (await everything(source)).keys() - {"sequences", "schema_migrations"}

    target = await open_connection(other_dsn)
    with BackupReader(file) as reader:
        assert reader.manifest == made
        assert await load(target, reader, quiet, replace=False) == []
    assert await everything(target) == await everything(source)

    # It is a living database: triggers give versions above all that were seen, days get partitions, rows are counted.
    highest = await target.fetchval("SELECT max(version) FROM tenants")
    id, version = await target.fetchrow(
        "INSERT INTO tenants (name, backend_url) VALUES ('n', 'u') RETURNING id, version"
    )
    assert id == 4 and version > highest
    key = await target.fetchval(
        "INSERT INTO api_keys (tenant_id, name, prefix, hash) VALUES (4, 'k', 'mg_', 'n') RETURNING id"
    )
    assert key == 4
    await ship(other_dsn, tmp_path / "more", 5)
    assert await target.fetchval("SELECT sum(requests) FROM usage_hourly") == 325
    await prepare_database(other_dsn, SECRETS)
    await target.close()


async def test_a_backup_is_of_one_moment(
    source: asyncpg.Connection, postgres_dsn: str, other_dsn: str, tmp_path: Path
) -> None:
    await ship(postgres_dsn, tmp_path, 2000)

    async def keep_writing() -> None:
        for turn in range(1000):
            await ship(postgres_dsn, tmp_path / str(turn), 50)

    writing = asyncio.ensure_future(keep_writing())
    while not list(tmp_path.glob("[1-9]")):
        await asyncio.sleep(0.01)
    for number in range(5):
        with BackupWriter(tmp_path / f"{number}.zip") as writer:
            made = await dump(source, writer, None, quiet)
            await asyncio.sleep(0.05)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    assert made.rows_of("usage") < await source.fetchval("SELECT count(*) FROM usage")
    target = await open_connection(other_dsn)
    with BackupReader(tmp_path / "4.zip") as reader:
        await load(target, reader, quiet, replace=False)
    counted, kept = await target.fetchrow(
        "SELECT (SELECT sum(requests) FROM usage_hourly), (SELECT count(*) FROM usage)"
    )
    assert counted == kept == made.rows_of("usage")
    await target.close()


async def backed_up(source: asyncpg.Connection, file: Path) -> Manifest:
    with BackupWriter(file) as writer:
        return await dump(source, writer, {"pepper": "x"}, quiet)


async def test_a_damaged_backup_is_refused_and_changes_nothing(
    source: asyncpg.Connection, postgres_dsn: str, other_dsn: str, tmp_path: Path
) -> None:
    await ship(postgres_dsn, tmp_path, 100)
    await backed_up(source, tmp_path / "good.zip")
    good = (tmp_path / "good.zip").read_bytes()
    target = await open_connection(other_dsn)
    chosen = random.Random(7)
    refused = 0
    for number in range(40):
        bad = bytearray(good)
        if number % 4 == 0:
            del bad[chosen.randrange(1, len(bad)) :]
        else:
            bad[chosen.randrange(len(bad))] ^= 1 << chosen.randrange(8)
        (tmp_path / "bad.zip").write_bytes(bad)
        try:
            with BackupReader(tmp_path / "bad.zip") as reader:
                await load(target, reader, quiet, replace=True)
        except BackupUnusable as error:
            assert "\n" not in str(error)
            refused += 1
            assert await target.fetchval("SELECT to_regclass('tenants')") is None
        else:  # a bit that says nothing, such as of a member's time
            assert (await everything(target))["usage"] == (await everything(source))["usage"]
            await target.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert refused >= 20
    await target.close()


async def test_no_bit_of_the_file_can_break_the_reader(source: asyncpg.Connection, tmp_path: Path) -> None:
    await backed_up(source, tmp_path / "good.zip")
    good = (tmp_path / "good.zip").read_bytes()
    chosen = random.Random(11)
    refused = 0
    for _ in range(1500):
        bad = bytearray(good)
        bad[chosen.randrange(len(bad))] ^= 1 << chosen.randrange(8)
        (tmp_path / "bad.zip").write_bytes(bad)
        try:
            with BackupReader(tmp_path / "bad.zip") as reader:
                reader.secrets()
                for part in reader.manifest.parts:
                    async for _data in reader.chunks(part):
                        pass
        except BackupUnusable as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 1000


async def rewritten(file: Path, **changes: object) -> Path:
    """The backup with another manifest."""
    out = file.with_name("rewritten.zip")
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "manifest.json":
                content = orjson.dumps({**orjson.loads(content), **changes})
            after.writestr(name, content)
    return out


async def test_a_backup_of_a_newer_version_is_refused(
    source: asyncpg.Connection, other_dsn: str, tmp_path: Path
) -> None:
    await backed_up(source, tmp_path / "b.zip")
    with pytest.raises(BackupUnusable, match="format 2"):
        BackupReader(await rewritten(tmp_path / "b.zip", format=2))
    target = await open_connection(other_dsn)
    with BackupReader(await rewritten(tmp_path / "b.zip", schema_version=9000)) as reader:
        with pytest.raises(BackupUnusable, match="schema version 9000"):
            await load(target, reader, quiet, replace=False)
    await target.close()
    with pytest.raises(BackupUnusable, match="not a backup"):
        BackupReader(await rewritten(tmp_path / "b.zip", parts=[{"table": "x"}]))
    with pytest.raises(BackupUnusable, match="no usable manifest"):
        with zipfile.ZipFile(tmp_path / "z.zip", "w") as other:
            other.writestr("a", "b")
        BackupReader(tmp_path / "z.zip")


async def test_a_backup_of_an_older_schema_is_migrated(
    source: asyncpg.Connection, other_dsn: str, tmp_path: Path
) -> None:
    made = await backed_up(source, tmp_path / "b.zip")
    root = tmp_path / "root"
    (root / "migrations").mkdir(parents=True)
    for migration in find_migrations(ROOT):
        (root / migration.path.relative_to(ROOT)).write_text(migration.path.read_text())
    following = made.schema_version + 1
    (root / "migrations" / f"{following:04}_shout.sql").write_text(
        "ALTER TABLE tenants ADD COLUMN shouted text; UPDATE tenants SET shouted = upper(name);"
    )
    target = await open_connection(other_dsn)
    with BackupReader(tmp_path / "b.zip") as reader:
        assert await load(target, reader, quiet, replace=False, root=root) == [following]
    rows = await target.fetch("SELECT name, shouted FROM tenants")
    assert len(rows) == 3 and all(row["shouted"] == row["name"].upper().replace("ß", "SS") for row in rows)
    await target.close()


async def test_only_an_empty_database_is_taken(
    source: asyncpg.Connection, postgres_dsn: str, other_dsn: str, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseUnusable, match="gateways are running"):
        await check_empty(await open_connection(postgres_dsn, name="restore"))
    target = await open_connection(other_dsn, name="restore")
    await check_empty(target)
    await prepare_database(other_dsn, SECRETS)
    await target.execute("INSERT INTO tenants (name, backend_url) VALUES ('mine', 'u')")
    with pytest.raises(NotEmpty):
        await check_empty(target)
    await backed_up(source, tmp_path / "b.zip")
    with BackupReader(tmp_path / "b.zip") as reader:
        await load(target, reader, quiet, replace=True)
    assert await everything(target) == await everything(source)
    await target.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE invoices (id int)")
    with pytest.raises(DatabaseUnusable, match="has a table invoices"):
        await check_empty(target)
    await target.close()


async def test_a_backup_replaces_no_file_and_leaves_no_half(source: asyncpg.Connection, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(BackupUnusable, match="there already"):
        BackupWriter(tmp_path / "b.zip")
    with pytest.raises(BackupUnusable, match="cannot be written"):
        BackupWriter(tmp_path / "nowhere" / "b.zip")
    with pytest.raises(RuntimeError), BackupWriter(tmp_path / "c.zip"):
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


async def test_an_empty_database_is_no_gateways(postgres_dsn: str, tmp_path: Path) -> None:
    connection = await open_connection(postgres_dsn)
    with (
        BackupWriter(tmp_path / "b.zip") as writer,
        pytest.raises(DatabaseUnusable, match="no gateway was ever started"),
    ):
        await dump(connection, writer, None, quiet)
    await connection.close()
