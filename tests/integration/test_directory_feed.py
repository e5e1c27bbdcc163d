"""The workers' directory follows the tables, through everything that can come between."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from mitmgate.core.directory import Directory, TenantId
from mitmgate.services.directory_feed import DirectoryFeed
from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.postgres import open_connection, prepare_database
from tests.integration.database import SECRETS, eventually, postmaster, stopped

ONE = TenantId(1)


@pytest.fixture
async def dsn(postgres_dsn: str) -> str:
    await prepare_database(postgres_dsn, SECRETS)
    return postgres_dsn


@asynccontextmanager
async def following(dsn: str) -> AsyncIterator[tuple[DirectoryFeed, Directory]]:
    directory = Directory()
    feed = DirectoryFeed(dsn, directory)
    await feed.start()
    try:
        yield feed, directory
    finally:
        await feed.close()


async def make_tenant(connection: asyncpg.Connection, name: str = "a") -> int:
    version: int = await connection.fetchval(
        "INSERT INTO tenants (name, backend_url, model_aliases) VALUES ($1, 'https://x', $2) RETURNING version",
        name,
        {"a": "b"},
    )
    return version


async def make_key(connection: asyncpg.Connection, hash: bytes, tenant_id: int = 1) -> int:
    await connection.execute(
        "INSERT INTO api_keys (tenant_id, name, prefix, hash) VALUES ($1, 'k', 'mg_', $2)", tenant_id, hash
    )
    version: int = await connection.fetchval("SELECT version FROM tenants WHERE id = $1", tenant_id)
    return version


async def test_changes_arrive_by_themselves(dsn: str) -> None:
    connection = await open_connection(dsn)
    async with following(dsn) as (feed, directory):
        assert feed.healthy
        assert len(directory) == 0
        await make_tenant(connection)
        await make_key(connection, b"k1")
        await eventually(lambda: directory.by_key_hash(b"k1") is not None)
        tenant = directory.tenant(ONE)
        assert tenant is not None
        assert (tenant.name, tenant.model_aliases) == ("a", {"a": "b"})
        await connection.execute("UPDATE api_keys SET revoked_at = now()")
        await eventually(lambda: directory.by_key_hash(b"k1") is None)
        await make_key(connection, b"k2")
        await eventually(lambda: directory.by_key_hash(b"k2") is not None)
        await connection.execute("UPDATE tenants SET status = 'deleted', deleted_at = now()")
        await eventually(lambda: directory.by_key_hash(b"k2") is None)
    await connection.close()


async def test_what_was_ensured_is_there(dsn: str) -> None:
    connection = await open_connection(dsn)
    async with following(dsn) as (feed, directory):
        await feed.ensure(1, await make_tenant(connection))
        for n in range(20):
            await feed.ensure(1, await make_key(connection, b"%d" % n))
            assert directory.by_key_hash(b"%d" % n) is not None
        await connection.execute("UPDATE api_keys SET revoked_at = now()")
        await feed.ensure(1, await connection.fetchval("SELECT version FROM tenants"))
        assert directory.by_key_hash(b"7") is None
        assert {task.get_name() for task in asyncio.all_tasks()} >= {"directory feed"}
    assert "directory feed" not in {task.get_name() for task in asyncio.all_tasks()}
    await connection.close()


async def test_a_change_without_a_notification_arrives_too(dsn: str) -> None:
    connection = await open_connection(dsn)
    async with following(dsn) as (feed, directory):
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        await make_tenant(connection)
        await eventually(lambda: directory.tenant(ONE) is not None)
        await connection.execute("ALTER TABLE tenants DISABLE TRIGGER tenants_stamp")
        await connection.execute("UPDATE tenants SET name = 'silent', version = nextval('directory_version')")
        await eventually(lambda: getattr(directory.tenant(ONE), "name", "") == "silent")
        assert feed.healthy
    await connection.close()


async def test_an_unknown_key_is_looked_up_but_a_flood_of_them_is_not(dsn: str) -> None:
    connection = await open_connection(dsn)
    await make_tenant(connection)
    async with following(dsn) as (feed, _):
        await make_key(connection, b"new")
        assert await feed.lookup(b"new")
        before = await connection.fetchval(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        )
        assert not any(await asyncio.gather(*(feed.lookup(b"invented %d" % n) for n in range(2000))))
        for n in range(200):
            assert not await feed.lookup(b"more %d" % n)
        await asyncio.sleep(1.1)  # statistics are flushed each second
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        after = await connection.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        assert after - before < 200
        assert await feed.lookup(b"new")
        assert len(feed._waiting) == 0
    await connection.close()


async def test_a_server_that_stands_still_is_noticed_and_what_changed_meanwhile_arrives(
    dsn: str, postgres: EmbeddedPostgres
) -> None:
    connection = await open_connection(dsn)
    await make_tenant(connection)
    await make_key(connection, b"old")
    async with following(dsn) as (feed, directory):
        began = connection.transaction()
        await began.start()
        await connection.execute("UPDATE api_keys SET revoked_at = now()")
        with stopped(postgres):
            await eventually(lambda: not feed.healthy)
            assert directory.by_key_hash(b"old") is not None  # who is known goes on
            assert not await feed.lookup(b"unknown")
        await began.commit()
        await feed.ensure(1, await connection.fetchval("SELECT version FROM tenants"))
        assert directory.by_key_hash(b"old") is None
        assert feed.healthy
    await connection.close()


async def test_a_killed_server_is_followed_again_when_it_is_back(careful_postgres: EmbeddedPostgres) -> None:
    dsn = careful_postgres.dsn
    await prepare_database(dsn, SECRETS)
    async with following(dsn) as (feed, directory):
        os.kill(postmaster(careful_postgres), signal.SIGKILL)
        await eventually(lambda: not feed.healthy)
        waiting = asyncio.ensure_future(feed.ensure(1, 1))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        careful_postgres.start()
        connection = await open_connection(dsn)
        await make_tenant(connection)
        await waiting
        assert directory.tenant(ONE) is not None
        await connection.close()


async def test_a_worker_starts_before_its_database(careful_postgres: EmbeddedPostgres) -> None:
    await prepare_database(careful_postgres.dsn, SECRETS)
    os.kill(postmaster(careful_postgres), signal.SIGKILL)
    feed = DirectoryFeed(careful_postgres.dsn, Directory())
    starting = asyncio.ensure_future(feed.start())
    await asyncio.sleep(0.3)
    assert not starting.done()
    assert not feed.healthy
    careful_postgres.start()
    await starting
    assert feed.healthy
    await feed.close()


async def test_ten_thousand_tenants_do_not_hold_up_the_loop(dsn: str) -> None:
    connection = await open_connection(dsn)
    await connection.execute(
        """
        INSERT INTO tenants (name, backend_url) SELECT 't' || n, 'https://x' FROM generate_series(1, 10000) n;
        INSERT INTO api_keys (tenant_id, name, prefix, hash)
        SELECT id, 'k', 'mg_', sha256(name::bytea) FROM tenants;
        """
    )
    turns_cpu_s: list[float] = []

    async def watch() -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            turns_cpu_s.append(time.thread_time() - began)

    watching = asyncio.ensure_future(watch())
    async with following(dsn) as (_, directory):
        assert len(directory) == 10_000
        await connection.execute("UPDATE tenants SET backend_url = 'https://y'")
        await eventually(lambda: directory.tenant(TenantId(10_000)).backend_url == "https://y")  # type: ignore[union-attr]
    watching.cancel()
    assert len(turns_cpu_s) > 100  # it had its turns in between; how long each took is the machine's affair
    await connection.close()
