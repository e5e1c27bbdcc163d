"""What was said of hits reaches every matcher, through restarts and lost connections, and is bounded."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from mitmgate.services import pairs_feed
from mitmgate.services.pairs_feed import PairsFeed
from mitmgate.services.postgres import open_connection, prepare_database
from mitmgate.services.queries import queries
from tests.integration.database import SECRETS, eventually


def pair(number: int) -> bytes:
    return number.to_bytes(32)


@pytest.fixture
async def connection(postgres_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    await prepare_database(postgres_dsn, SECRETS)
    connection = await open_connection(postgres_dsn)
    yield connection
    await connection.close()


async def say(connection: asyncpg.Connection, number: int, *, wrong: bool = True, tenant: int = 1) -> int | None:
    version: int | None = await connection.fetchval(queries.say_pair, tenant, pair(number), wrong, uuid.uuid4())
    return version


@asynccontextmanager
async def following(dsn: str) -> AsyncIterator[PairsFeed]:
    feed = PairsFeed(dsn)
    running = asyncio.create_task(feed.run())
    try:
        await eventually(lambda: feed.pairs is not None)
        yield feed
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def known(feed: PairsFeed, tenant: int = 1) -> list[bytes]:
    assert feed.pairs is not None
    return list(feed.pairs.of(tenant) or ())


async def test_what_is_said_again_changes_nothing(connection: asyncpg.Connection) -> None:
    first = await say(connection, 1)
    assert first is not None and await say(connection, 1) is None
    lifted = await say(connection, 1, wrong=False)
    assert lifted is not None and lifted > first and await say(connection, 1, wrong=False) is None
    assert await connection.fetchval("SELECT count(*) FROM cache_pairs") == 1


async def test_two_matchers_hear_of_it_and_a_third_that_starts_later(
    postgres_dsn: str, connection: asyncpg.Connection
) -> None:
    async with following(postgres_dsn) as left, following(postgres_dsn) as right:
        for number in range(5):
            version = await say(connection, number)
        assert version is not None
        async with asyncio.timeout(10):
            await left.ensure(version)
            await right.ensure(version)
        assert known(left) == known(right) == [pair(number) for number in range(5)]
        version = await say(connection, 3, wrong=False)
        assert version is not None
        async with asyncio.timeout(10):
            await left.ensure(version)
        assert pair(3) not in known(left) and known(left, tenant=2) == []
    async with following(postgres_dsn) as late:
        assert known(late) == [pair(number) for number in (0, 1, 2, 4)]


async def test_a_purged_tenants_pairs_leave_running_matchers(postgres_dsn: str, connection: asyncpg.Connection) -> None:
    async with following(postgres_dsn) as left, following(postgres_dsn) as right:
        await say(connection, 1)
        version = await say(connection, 2, tenant=2)
        assert version is not None
        async with asyncio.timeout(10):
            await left.ensure(version)
            await right.ensure(version)
        assert await connection.fetchval(queries.purge_pairs, 1) == 1
        await eventually(lambda: not known(left) and not known(right))
        assert known(left, tenant=2) == known(right, tenant=2) == [pair(2)]
        again = await say(connection, 3)
        assert again is not None
        async with asyncio.timeout(10):
            await left.ensure(again)
        assert known(left) == [pair(3)]


async def test_a_lost_connection_is_replaced_and_nothing_missed(
    postgres_dsn: str, connection: asyncpg.Connection
) -> None:
    await say(connection, 1)
    async with following(postgres_dsn) as feed:
        killed = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'mitmgate matcher' AND datname = current_database()"
        )
        assert killed == 1 and known(feed) == [pair(1)]
        version = await say(connection, 2)
        assert version is not None
        async with asyncio.timeout(10):
            await feed.ensure(version)
        assert known(feed) == [pair(1), pair(2)]


async def test_without_a_database_nothing_is_known_and_nothing_breaks() -> None:
    feed = PairsFeed("postgresql://nobody@127.0.0.1:9/none")
    running = asyncio.create_task(feed.run())
    await asyncio.sleep(0.3)
    assert feed.pairs is None and not running.done()
    running.cancel()


async def test_many_are_loaded_page_by_page(
    postgres_dsn: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs_feed, "AT_ONCE", 10)
    for number in range(35):
        await say(connection, number, tenant=1 + number % 2, wrong=number % 5 != 0)
    async with following(postgres_dsn) as feed:
        assert feed.pairs is not None and len(feed.pairs) == 28
        for number in range(100, 125):
            version = await say(connection, number)
        async with asyncio.timeout(10):
            await feed.ensure(version or 0)
        assert len(feed.pairs) == 53


async def test_the_oldest_go_first_and_right_ones_drive_out_no_wrong_one(connection: asyncpg.Connection) -> None:
    for number in range(6):
        await say(connection, number)
    for number in range(10, 14):
        await say(connection, number, wrong=False)
    await say(connection, 0, tenant=2)
    await connection.execute(queries.trim_pairs, 1, True, 4)
    await connection.execute(queries.trim_pairs, 1, False, 4)
    rows = await connection.fetch("SELECT tenant_id, pair FROM cache_pairs ORDER BY version")
    kept = [(1, number) for number in (2, 3, 4, 5, 10, 11, 12, 13)]
    assert [(row["tenant_id"], int.from_bytes(row["pair"])) for row in rows] == [*kept, (2, 0)]
