"""A database made ready: from nothing, again, by several nodes at once, and refused where it is not ours to use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.histogram import BOUNDS, BUCKETS, bucket_of
from mitmgate.core.keys import hash_key
from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.migrations import ROOT, DatabaseUnusable, find_migrations, migrate
from mitmgate.services.postgres import (
    borrow,
    create_pool,
    ensure_demo_tenant,
    has_tenants,
    open_connection,
    prepare_database,
)
from mitmgate.services.queries import queries
from mitmgate.services.tenants import load_tenant, load_tenants
from tests.integration.database import SECRETS, stopped


@pytest.fixture
async def connection(postgres_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    await prepare_database(postgres_dsn, SECRETS)
    connection = await open_connection(postgres_dsn)
    yield connection
    await connection.close()


async def versions(connection: asyncpg.Connection) -> list[int]:
    return [row["version"] for row in await connection.fetch("SELECT version FROM schema_migrations ORDER BY version")]


async def test_an_empty_database_is_made_ready_once_by_all_nodes(postgres_dsn: str) -> None:
    await asyncio.gather(*(prepare_database(postgres_dsn, SECRETS) for _ in range(4)))
    await prepare_database(postgres_dsn, SECRETS)
    connection = await open_connection(postgres_dsn)
    assert (await versions(connection))[0] == 1
    partitions = await connection.fetchval("SELECT count(*) FROM pg_inherits WHERE inhparent = 'usage'::regclass")
    assert partitions == 3
    await connection.close()


async def test_migrations_are_applied_in_order_each_once(connection: asyncpg.Connection, tmp_path: Path) -> None:
    first = len(await versions(connection)) + 1
    (tmp_path / "schema.sql").write_text((ROOT / "schema.sql").read_text())
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in (ROOT / "migrations").glob("*.sql"):
        (folder / path.name).write_text(path.read_text())
    (folder / f"{first:04}_a.sql").write_text("CREATE TABLE a (id int); INSERT INTO a VALUES (1);")
    (folder / f"{first + 1:04}_b.sql").write_text("INSERT INTO a SELECT id + 1 FROM a;")
    assert await migrate(connection, tmp_path) == [first, first + 1]
    assert await migrate(connection, tmp_path) == []
    assert await connection.fetchval("SELECT array_agg(id ORDER BY id) FROM a") == [1, 2]

    (folder / f"{first + 2:04}_c.sql").write_text("INSERT INTO a VALUES (9); SELECT 1 / 0;")
    with pytest.raises(DatabaseUnusable, match=r"_c\.sql cannot be applied: division by zero"):
        await migrate(connection, tmp_path)
    assert await connection.fetchval("SELECT max(id) FROM a") == 2
    assert max(await versions(connection)) == first + 1


async def test_rows_of_the_first_schema_stay_and_new_ones_join_them(postgres_dsn: str, tmp_path: Path) -> None:
    connection = await open_connection(postgres_dsn)
    (tmp_path / "schema.sql").write_text((ROOT / "schema.sql").read_text())
    assert await migrate(connection, tmp_path) == [1]
    await connection.execute("SELECT usage_ensure_partition((now() AT TIME ZONE 'UTC')::date)")
    old = """INSERT INTO usage (request_id, started_at, tenant_id, method, endpoint, status, latency_ms, client_format,
        streamed, attempts, request_bytes, response_bytes)
        SELECT gen_random_uuid(), now(), 1, 'POST', '/v1/x', 200, 1, 'openai', false, 0, 1, 1
        FROM generate_series(1, 10)"""
    await connection.execute(old)
    assert await migrate(connection) == [migration.version for migration in find_migrations(ROOT)[1:]]
    await connection.execute(old)
    told = "SELECT count(*) FILTER (WHERE arrival IS NULL), array_agg(arrival ORDER BY arrival) FROM usage"
    before, arrivals = await connection.fetchrow(told)
    assert (before, arrivals[:10]) == (10, list(range(1, 11)))
    assert await connection.fetchval(queries.newest_arrival) == 10
    await connection.close()
    await prepare_database(postgres_dsn, SECRETS)


async def test_a_database_of_a_newer_gateway_is_refused(connection: asyncpg.Connection, postgres_dsn: str) -> None:
    await connection.execute("INSERT INTO schema_migrations (version, name) VALUES (9000, 'tomorrow')")
    with pytest.raises(DatabaseUnusable, match="newer"):
        await prepare_database(postgres_dsn, SECRETS)


async def test_somebody_elses_tables_are_left_alone(postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute("CREATE TABLE tenants (theirs int)")
    with pytest.raises(DatabaseUnusable, match=r"schema\.sql cannot be applied"):
        await prepare_database(postgres_dsn, SECRETS)
    assert await connection.fetchval("SELECT to_regclass('schema_migrations')") is None
    await connection.close()


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        (replace(SECRETS, pepper=b"q" * 32), "another pepper"),
        (replace(SECRETS, master_keys={"one": b"z" * 32}), "another master key"),
        (replace(SECRETS, master_keys={"two": b"z" * 32}), "another master key"),
    ],
)
async def test_other_secrets_are_refused(
    connection: asyncpg.Connection, postgres_dsn: str, secrets: object, message: str
) -> None:
    with pytest.raises(DatabaseUnusable, match=message):
        await prepare_database(postgres_dsn, secrets)  # type: ignore[arg-type]
    await prepare_database(postgres_dsn, SECRETS)


async def test_a_master_key_may_be_added_and_then_stand_alone(
    connection: asyncpg.Connection, postgres_dsn: str
) -> None:
    both = replace(SECRETS, master_keys={"two": b"z" * 32, **SECRETS.master_keys})
    await prepare_database(postgres_dsn, both)
    await prepare_database(postgres_dsn, replace(SECRETS, master_keys={"two": b"z" * 32}))


@pytest.mark.parametrize("dsn", ["postgresql://nobody@127.0.0.1:1/x", "postgresql:///x?host=/nowhere", "mysql://x"])
async def test_a_server_that_is_not_there_is_said_clearly(dsn: str) -> None:
    with pytest.raises(DatabaseUnusable, match="cannot be reached"):
        await prepare_database(dsn, SECRETS)


async def test_the_demo_tenant_is_made_once_and_follows_its_upstream(
    connection: asyncpg.Connection, postgres_dsn: str
) -> None:
    id = await ensure_demo_tenant(postgres_dsn, SECRETS, "http://127.0.0.1:9000")
    assert await ensure_demo_tenant(postgres_dsn, SECRETS, "http://127.0.0.1:9001") == id == 1
    tenants, as_of_version = await load_tenants(connection)
    assert [(t.name, t.backend_url, t.is_demo, t.rate_limit_per_hour, t.allow_private_upstream) for t in tenants] == [
        ("Test Tenant", "http://127.0.0.1:9001", True, 1000, True)
    ]
    assert [key.hash for key in tenants[0].keys] == [hash_key(SECRETS.pepper, "test-key-123")]
    assert tenants[0].version == as_of_version
    assert not await has_tenants(postgres_dsn)
    await connection.execute("INSERT INTO tenants (name, backend_url) VALUES ('Test Tenant', 'https://real')")
    assert await has_tenants(postgres_dsn)


async def test_every_change_of_a_tenant_or_its_keys_raises_its_version(connection: asyncpg.Connection) -> None:
    async def version() -> int:
        value: int = await connection.fetchval("SELECT version FROM tenants WHERE name = 'a'")
        return value

    await connection.execute("INSERT INTO tenants (name, backend_url) VALUES ('a', 'https://x')")
    seen = [await version()]
    for statement in (
        "UPDATE tenants SET backend_url = 'https://y'",
        "INSERT INTO api_keys (tenant_id, name, prefix, hash) SELECT id, 'k', 'mg_', 'h' FROM tenants",
        "UPDATE api_keys SET expires_at = now() + interval '1 hour'",
        "UPDATE api_keys SET revoked_at = now()",
        "DELETE FROM api_keys",
        "UPDATE tenants SET status = 'deleted', deleted_at = now()",
    ):
        await connection.execute(statement)
        seen.append(await version())
    assert seen == sorted(set(seen))

    await connection.execute(
        "INSERT INTO api_keys (tenant_id, name, prefix, hash) SELECT id, 'k', 'mg_', 'h' FROM tenants"
    )
    before = await version()
    await connection.execute("UPDATE api_keys SET last_used_at = now()")
    assert await version() == before
    with pytest.raises(asyncpg.RestrictViolationError):
        await connection.execute("DELETE FROM tenants")


async def test_versions_are_committed_in_the_order_they_were_drawn(
    connection: asyncpg.Connection, postgres_dsn: str
) -> None:
    first, second = await open_connection(postgres_dsn), await open_connection(postgres_dsn)
    insert = "INSERT INTO tenants (name, backend_url) VALUES ($1, 'https://x') RETURNING version"
    began = first.transaction()
    await began.start()
    lower = await first.fetchval(insert, "first")
    waiting = asyncio.ensure_future(second.fetchval(insert, "second"))
    while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
        await asyncio.sleep(0.01)
    assert not waiting.done()
    await began.commit()
    assert lower < await waiting
    await first.close()
    await second.close()


async def test_a_deleted_tenants_name_is_free_and_its_keys_are_gone(connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO tenants (name, backend_url) VALUES ('a', 'https://x')")
    await connection.execute("INSERT INTO api_keys (tenant_id, name, prefix, hash) VALUES (1, 'k', 'mg_', 'h')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO tenants (name, backend_url) VALUES ('a', 'https://x')")
    await connection.execute("UPDATE tenants SET status = 'deleted', deleted_at = now()")
    await connection.execute("INSERT INTO tenants (id, name, backend_url) VALUES (77, 'a', 'https://x')")
    deleted = await load_tenant(connection, 1)
    assert deleted is not None
    assert (deleted.status, deleted.keys) == ("deleted", ())
    assert [tenant.id for tenant in (await load_tenants(connection))[0]] == [77]
    assert await load_tenant(connection, 12345) is None


async def test_the_database_counts_latencies_as_the_code_does(connection: asyncpg.Connection) -> None:
    values = [0.0, 1e9, *BOUNDS, *(bound * 0.97 for bound in BOUNDS), *(bound * 1.03 for bound in BOUNDS)]
    found = await connection.fetch(
        "SELECT latency_bucket(ms) AS bucket FROM unnest($1::float8[]) AS all_ms (ms)", values
    )
    assert [row["bucket"] for row in found] == [bucket_of(value) for value in values]
    total = await connection.fetchval(
        """
        SELECT histogram_sum(histogram_add(counts, counts))
        FROM (SELECT histogram_of(3, 2) AS counts UNION ALL SELECT histogram_of(5, 1)) AS two
        """
    )
    assert total == [{3: 4, 5: 2}.get(place, 0) for place in range(BUCKETS)]


async def test_a_server_that_stands_still_is_an_error_not_a_wait(
    connection: asyncpg.Connection, postgres_dsn: str, postgres: EmbeddedPostgres
) -> None:
    pool = await create_pool(postgres_dsn)
    async with borrow(pool) as borrowed:
        assert await borrowed.fetchval("SELECT $1::jsonb", {"a": [1]}) == {"a": [1]}
    with stopped(postgres):
        for _ in range(2):  # over a connection that is open, over a new one
            with pytest.raises(ServiceUnavailable) as refusal:
                async with borrow(pool, 0.3) as borrowed:
                    await borrowed.fetchval("SELECT 1")
            assert refusal.value.status == 503
    async with borrow(pool) as borrowed:
        assert await borrowed.fetchval("SELECT 1") == 1
        with pytest.raises(asyncpg.UndefinedTableError):
            await borrowed.fetchval("SELECT * FROM nothing")
    with pytest.raises(asyncpg.DataError):  # what asyncpg cannot encode is not an outage
        async with borrow(pool) as borrowed:
            await borrowed.fetchval("SELECT $1::int", "one")
    pool.terminate()
