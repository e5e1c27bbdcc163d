"""Texts and vectors on a real Valkey: found by scope, gone when they expire or are deleted, apart by tenant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest

from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.redis import Store
from mitmgate.services.vectors_store import StoredVector, VectorsStore

SCOPE, OTHER = b"s" * 32, b"o" * 32


@pytest.fixture
async def store(valkey_url: str) -> AsyncIterator[Store]:
    store = Store(valkey_url, deadline_s=10)
    yield store
    await store.close()


def entry(number: int, text: str = "a question", lives_s: float = 60) -> StoredVector:
    vector = np.full(384, number, np.float32)
    return StoredVector(number.to_bytes(32), text, vector, "m", time.time() + lives_s)


async def loaded(vectors: VectorsStore, tenant: int, scope: bytes) -> dict[bytes, StoredVector]:
    return {
        each.fingerprint: each
        async for page in vectors.load(tenant, await vectors.fingerprints(tenant, scope))
        for each in page
    }


async def names(store: Store) -> set[bytes]:
    return set((await store.demand(("KEYS", "*")))[0])


async def test_what_is_put_is_loaded_again(store: Store) -> None:
    vectors = VectorsStore(store)
    for number in range(450):
        await vectors.put(1, SCOPE, entry(number, f"Wie groß ist {number}? 重"))
    await vectors.put(1, OTHER, entry(999))
    found = await loaded(vectors, 1, SCOPE)
    assert len(found) == 450 == await vectors.count(1, SCOPE)
    one = found[(7).to_bytes(32)]
    assert one.text == "Wie groß ist 7? 重" and one.model == "m"
    assert np.array_equal(one.vector, np.full(384, 7, np.float32))
    assert await loaded(vectors, 2, SCOPE) == {}
    assert list(await loaded(vectors, 1, OTHER)) == [(999).to_bytes(32)]


async def test_expired_entries_leave_nothing(store: Store) -> None:
    vectors = VectorsStore(store)
    await vectors.put(1, SCOPE, entry(1, lives_s=0.2))
    await vectors.put(1, OTHER, entry(2, lives_s=0.2))
    await vectors.put(1, OTHER, entry(3, lives_s=0.4))
    assert await vectors.count(1, SCOPE) == 1
    await asyncio.sleep(0.5)
    assert await vectors.count(1, SCOPE) == 0 and await loaded(vectors, 1, OTHER) == {}
    assert not [name for name in await names(store) if name.startswith(b"v")]
    await ExactCache(store).sweep([1])
    assert await names(store) == set()


async def test_deleted_entries_leave_nothing(store: Store) -> None:
    vectors = VectorsStore(store)
    for number in range(300):
        await vectors.put(1, SCOPE if number % 2 else OTHER, entry(number))
    assert await vectors.delete(2, [(5).to_bytes(32)]) == 0
    assert await vectors.delete(1, [number.to_bytes(32) for number in range(250)]) == 250
    assert await vectors.count(1, SCOPE) == 25
    assert await vectors.count(1, OTHER) == 25
    await vectors.put(2, SCOPE, entry(1))
    assert await vectors.forget_tenant(1) == 50
    assert {name.partition(b"{")[2][:1] for name in await names(store) - {b"xall"}} == {b"2"}


async def test_a_damaged_entry_is_passed_over(store: Store) -> None:
    vectors = VectorsStore(store)
    await vectors.put(1, SCOPE, entry(1))
    await vectors.put(1, SCOPE, entry(2))
    await store.demand(("HSET", f"v:{{1}}:{(1).to_bytes(32).hex()}", "vector", b"abc"))
    assert list(await loaded(vectors, 1, SCOPE)) == [(2).to_bytes(32)]
