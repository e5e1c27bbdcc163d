"""All tenants' cached answers stay within one bound, so that a small store never evicts counters and blocks."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256

import numpy as np
import pytest

from mitmgate.core.limits import WINDOW_S
from mitmgate.services.cache_books import ALL, books
from mitmgate.services.cache_room import SHARE, UNKNOWN_BYTES, share_of
from mitmgate.services.cache_shares import CacheShares, water_level
from mitmgate.services.embedded import EmbeddedValkey
from mitmgate.services.exact_cache import Entry, ExactCache
from mitmgate.services.quota import RESERVE, scope_keys
from mitmgate.services.redis import Store
from mitmgate.services.vectors_store import StoredVector, VectorsStore
from tests.conftest import open_folder

MIB = 1 << 20
MAX_MIB = 12
TENANTS = range(1, 7)
SCOPE = b"\x01" * 32
pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not turn a put into a miss here."""
    monkeypatch.setattr("mitmgate.services.exact_cache.PUT_WITHIN_S", 10.0)


@pytest.fixture
def small() -> Iterator[EmbeddedValkey]:
    with open_folder() as folder:
        server = EmbeddedValkey(folder, maxmemory_mb=MAX_MIB)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
async def store(small: EmbeddedValkey) -> AsyncIterator[Store]:
    store = Store(small.url, deadline_s=10)
    yield store
    await store.close()


def entry_of(tenant_id: int, number: int, size: int) -> Entry:
    now = time.time()
    return Entry(
        tenant_id=tenant_id,
        fingerprint=sha256(f"{tenant_id} {number}".encode()).digest(),
        request_id="id",
        status=200,
        headers=[(b"Content-Type", b"application/json")],
        body=os.urandom(size),
        stored_at=now,
        expires_at=now + 3600,
        model="m",
        namespace="default",
        question=f"What is {number}?",
    )


async def reserve(store: Store, tenant_id: int, limit: int) -> int:
    """Takes one request of the tenant's window. -> the script's outcome: 0 allowed."""
    keys, bounds = scope_keys(tenant_id), (100, WINDOW_S * 1000, 60_000, 300_000)
    return int((await store.demand(store.use(RESERVE).command(keys, (*bounds, limit))))[0][0])


async def evicted(store: Store) -> int:
    info = (await store.demand(("INFO", "stats")))[0].decode()
    return int(info.partition("evicted_keys:")[2].split()[0])


async def sums(store: Store) -> tuple[int, int]:
    """-> the sum that is kept, and the tenants' own."""
    own = [int((await store.demand(("HGET", books(each)[0], "")))[0] or 0) for each in TENANTS]
    return int((await store.demand(("HGET", ALL, "")))[0] or 0), sum(own)


@pytest.mark.parametrize("size", [700, 20_000])
async def test_filled_caches_push_out_no_counter(store: Store, size: int) -> None:
    quotas = range(100, 140)
    for tenant_id in quotas:
        for _ in range(3):
            assert await reserve(store, tenant_id, 3) == 0
    cache, vectors = ExactCache(store), VectorsStore(store)
    ones = np.full(384, 384**-0.5, np.float32)
    weight = 6 * MAX_MIB * MIB // len(TENANTS) // (size + 3_500)
    for number in range(weight):
        for tenant_id in TENANTS:
            entry = entry_of(tenant_id, number, size)
            if await cache.put(tenant_id, entry, 256 * MIB):
                vector = StoredVector(entry.fingerprint, entry.question, ones, "m", entry.expires_at)
                await vectors.put(tenant_id, SCOPE, vector)
    kept, own = await sums(store)
    assert kept == own <= SHARE * MAX_MIB * MIB
    assert own > 0.9 * SHARE * MAX_MIB * MIB, "not full"
    assert await evicted(store) == 0
    assert [await reserve(store, each, 3) for each in quotas] == [1] * len(quotas)


async def test_an_operators_bound_holds_and_a_late_tenant_gets_its_share(store: Store) -> None:
    cache, shares = ExactCache(store, total_max_bytes=MIB), CacheShares(store)
    for number in range(150):
        await cache.put(1, entry_of(1, number, 10_000), 256 * MIB)
    full, _ = await sums(store)
    assert 0.9 * MIB < full <= MIB
    for turn in range(16):
        for number in range(10):
            await cache.put(2, entry_of(2, 10 * turn + number, 10_000), 256 * MIB)
        await shares.level()
        kept, own = await sums(store)
        assert kept == own <= MIB
    one, two = await cache.bytes_used(1), await cache.bytes_used(2)
    assert abs(one - two) < 0.2 * MIB
    assert await shares.level() == 0, "nobody pressed meanwhile"


async def test_a_purge_gives_the_room_back(store: Store) -> None:
    cache = ExactCache(store)
    for tenant_id in (1, 2):
        await cache.put(tenant_id, entry_of(tenant_id, 1, 1000), MIB)
    await cache.purge(1)
    kept, own = await sums(store)
    assert kept == own == await cache.bytes_used(2) > 0


async def test_a_sweep_counts_off_what_is_gone(store: Store) -> None:
    cache = ExactCache(store)
    await cache.put(1, entry_of(1, 1, 1000), MIB)
    await store.demand(("UNLINK", *books(1)))
    await cache.sweep([1])
    assert await sums(store) == (0, 0)


def test_the_share_is_of_what_the_store_may_use() -> None:
    assert share_of(b"maxmemory:1000\r\ntotal_system_memory:5000\r\n") == 700
    assert share_of(b"maxmemory:0\r\ntotal_system_memory:5000\r\n") == 3500
    assert share_of(b"maxmemory:9000\r\ntotal_system_memory:5000\r\n") == 3500
    assert share_of(None) == int(SHARE * UNKNOWN_BYTES)


@pytest.mark.parametrize(
    ("sizes", "room", "level"),
    [([], 9, 0), ([5], 9, 5), ([5], 3, 3), ([1, 9], 8, 7), ([4, 4], 6, 3), ([1, 2, 30, 30], 43, 20), ([3, 3], 0, 0)],
)
def test_the_water_level(sizes: list[int], room: int, level: int) -> None:
    assert water_level(sizes, room) == level
    assert sum(min(size, level) for size in sizes) <= room


async def test_a_reload_gives_another_bound_at_once(store: Store) -> None:
    cache = ExactCache(store, 5 * MIB)
    assert await cache.room.learn(10.0) == 5 * MIB
    cache.room.give(2 * MIB)
    assert cache.room.bytes == 2 * MIB
    cache.room.give(None)
    await cache.room.keep_current()
    assert cache.room.bytes == int(SHARE * MAX_MIB * MIB)
