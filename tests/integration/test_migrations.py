"""From every version that was ever landed a database comes to the present one, with its rows, to the same tables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import asyncpg
import pytest

from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.migrations import ROOT, find_migrations, migrate
from mitmgate.services.postgres import open_connection, prepare_database
from mitmgate.services.tenants import load_tenants
from tests.conftest import TESTS, new_database
from tests.integration.database import SECRETS

VERSIONS = [migration.version for migration in find_migrations(ROOT)]
SHAPE = """
SELECT relname, relkind::text, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND NOT relispartition AND relname !~ '_[0-9]{4}_[0-9]{2}_[0-9]{2}'
ORDER BY 1, 3
"""


#: Files that databases out there have run. A change to them is a new file: these never run again.
LANDED = {
    "schema.sql": "0cf8772fbde4a94297e86db913302e26919e2fa4136d4c55b199a0c580971c5f",
    "migrations/0002_request_stories.sql": "f809ea911fc8dd8baa1fc937e3a9ecd380ab4ec138ebd74315cf908f6f85fa07",
}


@pytest.mark.parametrize("name", LANDED)
def test_what_has_landed_is_not_changed(name: str) -> None:
    assert sha256((TESTS.parent / name).read_bytes()).hexdigest() == LANDED[name]


async def test_a_database_with_the_first_form_of_0002_gets_the_present_lock(postgres_dsn: str) -> None:
    connection = await open_connection(postgres_dsn)
    await migrate(connection, up_to=2)
    lock = await connection.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'usage_lock'")
    old = lock.replace("6077, 4", "6077, 3")
    assert old != lock
    await connection.execute(f"CREATE OR REPLACE FUNCTION usage_lock() RETURNS trigger LANGUAGE plpgsql AS $$ {old} $$")
    await prepare_database(postgres_dsn, SECRETS)
    assert await connection.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'usage_lock'") == lock
    await connection.close()


@pytest.fixture(scope="module")
def made_at_once(postgres: EmbeddedPostgres) -> Iterator[list[asyncpg.Record]]:
    """The shape of a database that was never older."""

    async def shape(dsn: str) -> list[asyncpg.Record]:
        await prepare_database(dsn, SECRETS)
        connection = await open_connection(dsn)
        try:
            return await connection.fetch(SHAPE)
        finally:
            await connection.close()

    with new_database(postgres) as name, ThreadPoolExecutor(1) as pool:
        yield pool.submit(asyncio.run, shape(postgres.dsn_of(name))).result()


@pytest.mark.parametrize("version", VERSIONS)
async def test_from_each_version_to_the_present_one(
    version: int, made_at_once: list[asyncpg.Record], postgres_dsn: str
) -> None:
    connection = await open_connection(postgres_dsn)
    assert await migrate(connection, up_to=version) == VERSIONS[:version]
    await connection.execute("SELECT usage_ensure_partition(current_date)")
    await connection.execute("INSERT INTO tenants (name, backend_url) VALUES ('kept', 'https://x')")
    await connection.execute("INSERT INTO api_keys (tenant_id, name, prefix, hash) VALUES (1, 'k', 'mg_', 'h')")
    await connection.execute(
        "INSERT INTO usage (request_id, started_at, tenant_id, method, endpoint, status, latency_ms, client_format,"
        " streamed, attempts, request_bytes, response_bytes)"
        " VALUES (gen_random_uuid(), now(), 1, 'POST', '/v1', 200, 1, 'openai', false, 1, 1, 1)"
    )
    await prepare_database(postgres_dsn, SECRETS)
    applied = await connection.fetch("SELECT version FROM schema_migrations ORDER BY 1")
    assert [row["version"] for row in applied] == VERSIONS
    tenants, _ = await load_tenants(connection)
    assert [(tenant.name, len(tenant.keys)) for tenant in tenants] == [("kept", 1)]
    assert await connection.fetchval("SELECT count(*) FROM usage") == 1
    assert await connection.fetch(SHAPE) == made_at_once
    await connection.close()
