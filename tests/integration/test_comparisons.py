"""Comparing stored answers with the upstream's, on real stores: isolated, bounded, in nobody's way when it fails."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import orjson
import pytest

from mitmgate.control import upkeep
from mitmgate.services import comparison_rows, comparisons
from mitmgate.services.comparison_rows import Compared, ComparisonRows
from mitmgate.services.comparisons import LARGEST_BYTES, MOST_WAITING, Answer, Comparisons, Pair
from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.exact_cache import Entry, ExactCache
from mitmgate.services.matcher_client import LocalMatcher, MatcherAway
from mitmgate.services.postgres import create_pool, prepare_database
from mitmgate.services.redis import Store, StoreDown
from tests.integration.database import SECRETS, eventually
from tests.integration.test_exact_cache import digest, entry_of, patient, store  # noqa: F401 - fixtures

JSON = b"application/json"


def says(text: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return orjson.dumps({"choices": [choice]})


class Matcher(LocalMatcher):
    """Finds the same similarity for every pair."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.away = self.unhealthy = False

    @property
    def healthy(self) -> bool:
        return not self.unhealthy

    async def similarity(self, one: str, other: str, **more: Any) -> float:
        self.asked.append((one, other))
        if self.away:
            raise MatcherAway
        return 0.97


class Rows(ComparisonRows):
    """Holds what was found."""

    def __init__(self) -> None:
        self.found: list[Compared] = []

    def add(self, row: Compared) -> None:
        self.found.append(row)


@pytest.fixture
def cache(store: Store) -> ExactCache:  # noqa: F811
    return ExactCache(store)


@asynccontextmanager
async def comparing(cache: ExactCache) -> AsyncIterator[tuple[Comparisons, Matcher, Rows]]:
    matcher, rows = Matcher(), Rows()
    made = Comparisons(cache, matcher, rows)
    running = asyncio.create_task(made.run())
    try:
        yield made, matcher, rows
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def pair(name: object, text: str = "It is 4.", *, tenant_id: int = 1, stored: Answer | None = None) -> Pair:
    real = Answer(JSON, says(text))
    return Pair("shadow", tenant_id, str(uuid.uuid4()), "openai", 0.9, digest(name), real, stored)


async def kept(cache: ExactCache, name: object, text: str, tenant_id: int = 1) -> Entry:
    entry = entry_of(name, body=says(text), tenant_id=tenant_id)
    assert await cache.put(tenant_id, entry, 1 << 20)
    return entry


async def test_two_answers_are_compared_and_equal_ones_without_the_matcher(cache: ExactCache) -> None:
    await kept(cache, "a", "It is 4.")
    async with comparing(cache) as (made, matcher, rows):
        made.offer(pair("a", "It is 4."))
        made.offer(pair("a", "It is 17."))
        await eventually(lambda: len(rows.found) == 2)
        assert [row.agrees for row in rows.found] == [True, False]
        assert rows.found[1].reasons and matcher.asked == [("It is 4.", "It is 17.")]
        assert [(row.tenant_id, row.kind, row.probability) for row in rows.found] == [(1, "shadow", 0.9)] * 2


async def test_only_the_tenants_own_entry_is_taken(cache: ExactCache) -> None:
    await kept(cache, "a", "It is 4.", tenant_id=2)
    async with comparing(cache) as (made, _, rows):
        made.offer(pair("a"))
        await eventually(lambda: made.left_out == 1)
        assert rows.found == []


async def test_what_waits_is_bounded_and_forgotten_with_its_tenant(cache: ExactCache) -> None:
    made = Comparisons(cache, Matcher(), Rows())  # nobody works on it
    large = Answer(JSON, says("x" * LARGEST_BYTES))
    made.offer(pair("a", stored=large))
    made.offer(pair("a", "x" * LARGEST_BYTES))
    assert made.left_out == 2 and not made._waiting
    for number in range(MOST_WAITING + 5):
        made.offer(pair("a", tenant_id=1 + number % 2))
    assert len(made._waiting) == MOST_WAITING and made.left_out == 7
    made.forget(2)
    assert {each.tenant_id for each in made._waiting} == {1}


async def fails_matcher(made: Comparisons, matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    matcher.away = True


async def fails_store(made: Comparisons, matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> Any:
        raise StoreDown

    monkeypatch.setattr(made._cache, "fetch", away)


async def fails_health(made: Comparisons, matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    matcher.unhealthy = True


async def fails_compare(made: Comparisons, matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("the answer is secret-17")

    monkeypatch.setattr(comparisons, "compare", broken)


@pytest.mark.parametrize("fails", [fails_matcher, fails_store, fails_health, fails_compare])
async def test_what_fails_is_left_out_and_the_next_is_compared(
    cache: ExactCache, fails: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await kept(cache, "a", "It is 4.")
    async with comparing(cache) as (made, matcher, rows):
        with monkeypatch.context() as patched:
            await fails(made, matcher, patched)
            made.offer(pair("a", "It is secret-17."))
            made.offer(pair("a", stored=Answer(JSON, b"no JSON")))
            await eventually(lambda: made.left_out == 2)
        matcher.away = matcher.unhealthy = False
        made.offer(pair("a"))
        await eventually(lambda: len(rows.found) == 1)
    assert "secret" not in caplog.text


def row(tenant_id: int = 1, at: float | None = None, reasons: tuple[str, ...] = ("number", "yes or no")) -> Compared:
    at = time.time() if at is None else at
    return Compared(tenant_id, str(uuid.uuid4()), at, "audit", 0.93, not reasons, reasons)


async def test_rows_wait_for_postgresql_bounded(
    careful_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare_database(careful_postgres.dsn, SECRETS)
    pool = await create_pool(careful_postgres.dsn, max_size=1)
    rows = ComparisonRows(pool)
    rows.add(row())
    await rows.flush()
    careful_postgres.stop()
    for _ in range(comparison_rows.MOST_WAITING + 10):
        rows.add(row(reasons=()))
    await rows.flush()
    assert len(rows._waiting) == comparison_rows.MOST_WAITING
    careful_postgres.start()

    async def written() -> bool:
        await rows.flush()
        return not rows._waiting

    while not await written():
        await asyncio.sleep(0.1)
    assert await pool.fetchval("SELECT count(*) FROM cache_comparisons") == comparison_rows.MOST_WAITING + 1
    [[reasons, kind]] = await pool.fetch("SELECT reasons, kind FROM cache_comparisons WHERE NOT agrees")
    assert (reasons, kind) == (["number", "yes or no"], "audit")
    assert await pool.fetchval("SELECT count(*) FROM cache_comparisons WHERE reasons = '{}'") > 0
    pool.terminate()


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    await prepare_database(postgres_dsn, SECRETS)
    pool = await create_pool(postgres_dsn)
    yield pool
    pool.terminate()


async def test_a_batch_that_is_refused_stops_no_other(pool: asyncpg.Pool) -> None:
    rows = ComparisonRows(pool)
    bad = row()
    rows.add(Compared(1, bad.request_id, bad.at, "neither", 0.9, True, ()))
    await rows.flush()
    rows.add(row())
    await rows.flush()
    assert await pool.fetchval("SELECT count(*) FROM cache_comparisons") == 1


async def test_the_sweep_keeps_the_newest_of_thirty_days(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "MOST_COMPARISONS", 3)
    rows, now = ComparisonRows(pool), time.time()
    for days in (31, 40, 1, 2):
        rows.add(row(1, now - days * 86_400))
    for hours in range(10):
        rows.add(row(2, now - hours * 3600))
    rows.add(row(3, now - 40 * 86_400))
    await rows.flush()
    await upkeep.trim_comparisons(pool, [1, 2])
    counts = await pool.fetch("SELECT tenant_id, count(*) FROM cache_comparisons GROUP BY 1 ORDER BY 1")
    assert [tuple(each) for each in counts] == [(1, 2), (2, 3), (3, 1)]
    oldest = await pool.fetchval("SELECT min(created_at) FROM cache_comparisons WHERE tenant_id = 2")
    assert oldest.timestamp() == pytest.approx(now - 2 * 3600, abs=1)
