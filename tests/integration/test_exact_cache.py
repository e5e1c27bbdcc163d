"""The exact cache on a real Valkey: isolation by construction, and bytes that stay counted and bounded."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from mitmgate.core.classifier import SHA256 as CLASSIFIER_SHA256
from mitmgate.core.token_usage import Tokens
from mitmgate.services.cache_books import books
from mitmgate.services.cache_entries import CacheEntries
from mitmgate.services.embedded import EmbeddedValkey
from mitmgate.services.exact_cache import DROPPED_AT_ONCE, MAX_BODY_BYTES, OVERHEAD_BYTES, Entry, ExactCache
from mitmgate.services.redis import Store, StoreError
from mitmgate.services.vectors_store import StoredVector, VectorsStore

MIB = 1 << 20


@pytest.fixture
async def store(valkey_url: str) -> AsyncIterator[Store]:
    store = Store(valkey_url, deadline_s=10)
    yield store
    await store.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not turn a put into a miss here."""
    monkeypatch.setattr("mitmgate.services.exact_cache.PUT_WITHIN_S", 10.0)


def digest(name: object) -> bytes:
    return sha256(str(name).encode()).digest()


def entry_of(name: object, *, tenant_id: int = 1, body: bytes = b'{"a":1}', ttl_s: float = 60, now: float = 0) -> Entry:
    now = now or time.time()
    return Entry(
        tenant_id=tenant_id,
        fingerprint=digest(name),
        request_id=f"id-{name}",
        status=200,
        headers=[(b"Content-Type", b"application/json; x=\xe9")],
        body=body,
        stored_at=now,
        expires_at=now + ttl_s,
        model="m",
        namespace="default",
        tokens=Tokens(prompt=3, completion=4),
        question=f"What is {name}? 重",
        classified=str(name) == "q",
    )


async def look(store: Store, tenant_id: int, name: object, now: float = 0) -> Entry | None:
    reply = (await store.demand(ExactCache.get_command(tenant_id, digest(name))))[0]
    return ExactCache.read(reply, tenant_id, digest(name), now or time.time())


async def weight(store: Store, tenant_id: int = 1) -> int:
    """What the entries that are there weigh."""
    names, total = [], 0
    cursor = b"0"
    while True:
        cursor, page = (await store.demand(("SCAN", cursor, "MATCH", f"x:{{{tenant_id}}}:*", "COUNT", 1000)))[0]
        names += page
        if int(cursor) == 0:
            break
    for name in set(names):
        total += (await store.demand(("STRLEN", name)))[0] + OVERHEAD_BYTES
    return total


async def test_an_entry_comes_back_as_it_was_put(store: Store) -> None:
    cache = ExactCache(store)
    entry = entry_of("q", body=bytes(range(256)) * 40)
    assert await cache.put(1, entry, MIB)
    assert await look(store, 1, "q") == entry
    assert await look(store, 1, "other") is None


async def test_an_entry_is_marked_where_it_is(store: Store) -> None:
    cache = ExactCache(store)
    entry = entry_of("unmarked", body=b"x" * 1000)
    assert await cache.put(1, entry, MIB)
    key = f"x:{{1}}:{digest('unmarked').hex()}"
    before = await store.demand(("STRLEN", key), ("PEXPIRETIME", key))
    for _ in range(2):
        cache.mark_classified(1, digest("unmarked"))
        cache.mark_classified(1, digest("none such"))
        await cache.flush()
        found = await look(store, 1, "unmarked")
        assert found is not None and found.classified
        assert found == replace(entry, classified=True)
        assert await store.demand(("STRLEN", key), ("PEXPIRETIME", key)) == before
    assert await look(store, 1, "none such") is None


async def test_the_mark_of_another_classifier_counts_for_nothing(store: Store) -> None:
    cache = ExactCache(store)
    assert await cache.put(1, entry_of("q"), MIB)
    [stored] = await store.demand(ExactCache.get_command(1, digest("q")))
    assert stored[4:].startswith(f'{{"classified":"{CLASSIFIER_SHA256[:8]}"'.encode())
    other = stored.replace(CLASSIFIER_SHA256[:8].encode(), b"0" * 8)
    found = ExactCache.read(other, 1, digest("q"), time.time())
    assert found is not None and not found.classified


async def test_no_tenant_gets_anothers_entry_even_where_the_key_lies(store: Store) -> None:
    cache = ExactCache(store)
    await cache.put(1, entry_of("q"), MIB)
    assert await look(store, 2, "q") is None
    # Even a value that got under the wrong key is not served.
    value = (await store.demand(ExactCache.get_command(1, digest("q"))))[0]
    await store.demand(("SET", ExactCache.get_command(2, digest("q"))[1], value))
    await store.demand(("SET", ExactCache.get_command(1, digest("p"))[1], value))
    assert await look(store, 2, "q") is None
    assert await look(store, 1, "p") is None
    await cache.purge(2)
    assert await look(store, 1, "q") is not None


async def test_what_is_cut_or_altered_is_no_entry(store: Store) -> None:
    cache = ExactCache(store)
    await cache.put(1, entry_of("q"), MIB)
    value = (await store.demand(ExactCache.get_command(1, digest("q"))))[0]
    now = time.time()
    for size in range(len(value)):
        assert ExactCache.read(value[:size], 1, digest("q"), now) is None
    chance = random.Random(1)
    for _ in range(2000):
        rotten = bytearray(value)
        rotten[chance.randrange(len(rotten))] ^= 1 << chance.randrange(8)
        found = ExactCache.read(bytes(rotten), 1, digest("q"), now)
        assert found is None or (found.tenant_id, found.fingerprint) == (1, digest("q"))
    for strange in (None, 7, [], Exception("WRONGTYPE"), b"", b"\xff" * 100, b"\0\0\0\x02[]", b"\0\0\0\x02{}"):
        assert ExactCache.read(strange, 1, digest("q"), now) is None


async def test_an_entry_ends_with_its_ttl_for_reader_and_server(store: Store) -> None:
    cache = ExactCache(store)
    now = time.time()
    await cache.put(1, entry_of("q", ttl_s=30, now=now), MIB)
    assert await look(store, 1, "q", now + 29.9) is not None
    assert await look(store, 1, "q", now + 30) is None
    assert 28_000 < (await store.demand(("PTTL", ExactCache.get_command(1, digest("q"))[1])))[0] <= 30_000


async def test_what_was_stored_later_than_now_is_no_entry(store: Store) -> None:
    now = time.time()
    assert await ExactCache(store).put(1, entry_of("a", now=now), 1 << 20)
    assert await look(store, 1, "a", now - 59) is not None  # another node's clock
    assert await look(store, 1, "a", now - 61) is None


async def test_bytes_stay_right_through_overwriting_evicting_expiring_and_the_servers_own_eviction(
    store: Store,
) -> None:
    cache, chance = ExactCache(store), random.Random(2)
    most = 60_000
    for _ in range(300):
        what = chance.random()
        name = chance.randrange(40)
        if what < 0.7:
            ttl_s = 0.02 if what < 0.1 else 60
            await cache.put(1, entry_of(name, body=b"x" * chance.randrange(4000), ttl_s=ttl_s), most)
        elif what < 0.8:
            await store.demand(("DEL", ExactCache.get_command(1, digest(name))[1]))
        elif what < 0.9:
            cache.touch(1, digest(name))
            await cache.flush()
        else:
            await cache.sweep([1])
        assert await weight(store) <= most
        assert await cache.bytes_used(1) <= most
    await asyncio.sleep(0.05)
    await cache.sweep([1])
    assert await cache.bytes_used(1) == await weight(store) > 0
    await cache.put(2, entry_of("q", tenant_id=2), MIB)
    assert (await cache.purge(1)).answers > 0
    assert await cache.bytes_used(1) == await weight(store) == 0
    assert await cache.bytes_used(2) == await weight(store, 2) > 0
    assert (await store.demand(("KEYS", "*{1}*")))[0] == []


async def test_the_least_recently_used_goes_first(store: Store) -> None:
    cache = ExactCache(store)
    now = time.time()
    one = entry_of(0, body=b"x" * 1000, now=now - 10)
    await cache.put(1, one, MIB)
    size = await cache.bytes_used(1)
    for n in range(1, 5):
        await cache.put(1, entry_of(n, body=b"x" * 1000, now=now - 10 + n), MIB)
    cache.touch(1, digest(0))
    cache.touch(1, digest("never stored"))
    await cache.flush()
    await cache.put(1, entry_of(9, body=b"x" * 1000), size * 5 + 100)
    assert [n for n in (0, 1, 2, 3, 4, 9) if await look(store, 1, n)] == [0, 2, 3, 4, 9]
    assert (await store.demand(("ZCARD", "xused:{1}"))) == [5]


async def test_what_is_too_large_is_not_stored_and_takes_nobodys_place(store: Store) -> None:
    cache = ExactCache(store)
    await cache.put(1, entry_of("small"), 10_000)
    assert not await cache.put(1, entry_of("large", body=b"x" * 10_000), 10_000)
    assert not await cache.put(1, entry_of("huge", body=b"x" * (MAX_BODY_BYTES + 1)), 1 << 40)
    assert not await cache.put(1, entry_of("none"), 0)
    assert await look(store, 1, "small") is not None
    # An overwriting answer that does not fit must not leave the old one behind as if it were the new.
    assert not await cache.put(1, entry_of("small", body=b"x" * 10_000), 10_000)
    assert await look(store, 1, "small") is None
    assert await cache.bytes_used(1) == 0


async def test_one_put_evicts_no_more_than_it_may(store: Store) -> None:
    cache = ExactCache(store)
    count = DROPPED_AT_ONCE + 200
    for n in range(count):
        await cache.put(1, entry_of(n), MIB)
    full = await cache.bytes_used(1)
    assert not await cache.put(1, entry_of("large", body=b"x" * (full - 2000)), full)
    left = (await store.demand(("ZCARD", "xused:{1}")))[0]
    assert count - DROPPED_AT_ONCE <= left < count
    assert await cache.put(1, entry_of("large", body=b"x" * (full - 2000)), full)
    assert await cache.bytes_used(1) == await weight(store) <= full


async def test_the_server_evicts_answers_and_the_sweep_counts_again(store: Store) -> None:
    cache = ExactCache(store, total_max_bytes=1 << 40)
    used = int((await store.demand(("INFO", "memory")))[0].split(b"used_memory:")[1].split()[0])
    await store.demand(("CONFIG", "SET", "maxmemory", used + 6 * MIB), ("SET", "b:{1}", 1))
    try:
        for n in range(200):
            await cache.put(1, entry_of(n, body=os.urandom(100_000)), 1 << 40)
        assert await weight(store) < await cache.bytes_used(1)
        assert await cache.sweep([1]) > 0
        assert await weight(store) == await cache.bytes_used(1) > 0
        assert await store.demand(("GET", "b:{1}")) == [b"1"]  # what has no end is never evicted
    finally:
        await store.demand(("CONFIG", "SET", "maxmemory", "512mb"))


async def test_namespaces_are_bounded_and_one_that_is_empty_makes_room(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mitmgate.services.exact_cache.MAX_NAMESPACES", 3)
    cache = ExactCache(store)

    async def put(name: object, namespace: str, tenant_id: int = 1, ttl_s: float = 60) -> bool:
        entry = entry_of(name, tenant_id=tenant_id, ttl_s=ttl_s)
        return await cache.put(tenant_id, replace(entry, namespace=namespace), MIB)

    assert [await put(n, f"of-{n}") for n in range(5)] == [True] * 3 + [False] * 2
    assert await put("again", "of-0") and await put("plain", "default") and await put("other", "of-4", tenant_id=2)
    assert await put(0, "of-1")  # moves its entry there; of-0 still has one
    assert not await put("new", "of-4")
    assert await put(2, "default")  # of-2 is empty now
    assert await put("short", "of-4", ttl_s=0.2)
    assert not await put("new", "of-5")
    await asyncio.sleep(0.3)
    assert await put("new", "of-5")
    for name in ("again", 0, 1, "plain", 2, "new"):
        await CacheEntries(store).evict(1, [digest(name)])
    assert await store.demand(("HGETALL", books(1)[0])) == [[]]


async def test_lost_books_are_mended_by_the_sweep(store: Store) -> None:
    cache = ExactCache(store)
    for n in range(20):
        await cache.put(1, entry_of(n), MIB)
    await store.demand(("DEL", "xused:{1}", "xends:{1}"))
    await cache.sweep([1])
    assert await store.demand(("ZCARD", "xused:{1}"), ("ZCARD", "xends:{1}")) == [20, 20]
    assert await cache.bytes_used(1) == await weight(store)


async def test_entries_outlive_a_killed_server(valkey: EmbeddedValkey, store: Store) -> None:
    cache = ExactCache(store)
    await cache.put(1, entry_of("q"), MIB)
    os.kill(valkey._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
    assert not await cache.put(1, entry_of("p"), MIB)  # a store that is away is no error of the answer's
    valkey._process.wait()  # type: ignore[union-attr]  # its socket is closed before it is known to have ended
    valkey.start()
    while not await store.probe():
        await asyncio.sleep(0.05)
    assert await look(store, 1, "q") is not None
    assert await cache.put(1, entry_of("p"), MIB)


async def test_touches_are_bounded_and_a_lost_flush_harms_nothing(store: Store) -> None:
    cache = ExactCache(store)
    for n in range(10_000):
        cache.touch(n % 7, digest(n))
    assert len(cache._touched) == 4096
    await cache.flush()
    assert not cache._touched
    assert (await store.demand(("DBSIZE",)))[0] == 0
    await store.close()
    cache.touch(1, digest(1))
    await cache.flush()


async def removal_of(store: Store, tenant_id: int) -> str:
    removal, _ = ExactCache.looked_up(await store.demand(*ExactCache.lookup_commands(tenant_id, None)))
    assert removal is not None
    return removal


@pytest.mark.parametrize("remove", ["purge", "begin_removal"])
async def test_an_answer_in_flight_during_a_removal_is_not_stored(store: Store, remove: str) -> None:
    cache, vectors = ExactCache(store), VectorsStore(store)
    entry, ones = entry_of("q"), np.full(384, 384**-0.5, np.float32)
    vector = StoredVector(entry.fingerprint, "What is q?", ones, "m", entry.expires_at)
    begun, of_other = await removal_of(store, 1), await removal_of(store, 2)
    await getattr(cache, remove)(1)
    assert not await cache.put(1, entry, MIB, begun)
    assert not await vectors.put(1, digest("scope"), vector, begun)
    assert (await store.demand(("KEYS", "*{1}*")))[0] == []
    assert await cache.put(2, entry_of("q", tenant_id=2), MIB, of_other)
    later = await removal_of(store, 1)
    assert later != begun
    assert await cache.put(1, entry, MIB, later) and await vectors.put(1, digest("scope"), vector, later)


async def test_removals_are_forgotten_when_no_request_can_be_older(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ExactCache(store)
    await cache.purge(1)
    known = await removal_of(store, 1)
    await cache.forget_removals()
    assert await removal_of(store, 1) == known != ""
    monkeypatch.setattr("mitmgate.services.exact_cache.REMOVAL_S", -10.0)
    await cache.forget_removals()
    assert await removal_of(store, 1) == ""


def test_a_removal_that_is_not_known_is_none() -> None:
    assert ExactCache.looked_up([]) == (None, None)
    assert ExactCache.looked_up([StoreError("WRONGTYPE"), b"x"]) == (None, b"x")
    assert ExactCache.looked_up([None, b"x"]) == ("", b"x")
