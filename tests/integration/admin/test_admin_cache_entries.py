"""/admin/cache/entries and /stats on a real Valkey and PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mitmgate.control.cache_purge import evict_matching
from mitmgate.control.context import CacheStore
from mitmgate.control.upkeep import sweep_once
from mitmgate.core.entry_id import entry_id
from mitmgate.services.cache_entries import Filter
from mitmgate.services.exact_cache import Entry
from mitmgate.services.matcher_client import MatcherAway
from mitmgate.services.redis import Store
from mitmgate.services.vectors_store import StoredVector, VectorsStore
from tests.integration.admin.conftest import Admin
from tests.integration.test_backup import ship

MOST = 64 << 20
SCOPE = b"s" * 32
COUNT = 450  # more than two of a listing's reads


class Matcher:
    """Notes what it was told; may be away."""

    def __init__(self) -> None:
        self.removed: list[tuple[int, list[bytes]]] = []
        self.forgotten: list[int] = []
        self.away = False

    async def remove(self, tenant: int, fingerprints: list[bytes], *, texts: bool) -> bool:
        if self.away:
            raise MatcherAway
        self.removed.append((tenant, list(fingerprints)))
        return True

    async def forget(self, tenant: int, *, deadline_s: float) -> bool:
        if self.away:
            raise MatcherAway
        self.forgotten.append(tenant)
        return True

    async def stats(self) -> dict[str, Any]:
        if self.away:
            raise MatcherAway
        return {"scopes": 1}


@pytest.fixture
async def cache(admin: Admin, valkey_url: str) -> AsyncIterator[CacheStore]:
    store = Store(valkey_url, deadline_s=10)
    admin.control.cache, admin.control.matcher = CacheStore(store), Matcher()  # type: ignore[assignment]
    yield admin.control.cache  # type: ignore[misc]
    await store.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mitmgate.services.exact_cache.PUT_WITHIN_S", 10.0)


def matcher_of(admin: Admin) -> Matcher:
    found: Any = admin.control.matcher
    return found  # type: ignore[no-any-return]


def name(number: int) -> bytes:
    return number.to_bytes(32)


async def put(
    cache: CacheStore, tenant_id: int, number: int, *, age_s: float = 0, most: int = MOST, **more: Any
) -> Entry:
    """An entry with its text and vector."""
    now = time.time()
    entry = Entry(
        tenant_id=tenant_id,
        fingerprint=name(number),
        request_id=f"request-{number}",
        status=200,
        headers=[(b"Content-Type", b"application/json")],
        body=more.pop("body", b'{"n": %d}' % number),
        stored_at=now - age_s,
        expires_at=now + more.pop("ttl_s", 600.0),
        model=more.pop("model", "m"),
        namespace=more.pop("namespace", "default"),
        question=more.pop("question", f"What is {number}?"),
    )
    if await cache.exact.put(tenant_id, entry, most):
        vector = StoredVector(entry.fingerprint, entry.question, np.ones(384, np.float32), "minilm", entry.expires_at)
        assert await VectorsStore(cache.store).put(tenant_id, SCOPE, vector)
    return entry


async def listed(admin: Admin, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await admin("GET", f"/cache/entries?{query}{cursor}")
        assert answer.status_code == 200, answer.text
        rows += answer.json()["data"]
        if answer.json()["next_cursor"] is None:
            return rows
        cursor = f"&cursor={answer.json()['next_cursor']}"


async def keys_of(store: Store, tenant_id: int) -> set[bytes]:
    return set((await store.demand(("KEYS", f"*{{{tenant_id}}}*")))[0])


async def weight(store: Store, tenant_id: int) -> int:
    """What the tenant's entries, texts and vectors that are there must be counted with."""
    total = 0
    for key in await keys_of(store, tenant_id):
        if key.startswith(b"x:"):
            total += (await store.demand(("STRLEN", key)))[0] + 512
        elif key.startswith(b"v:"):
            stored = await store.demand(("HMGET", key, "text", "vector", "model"))
            total += sum(map(len, stored[0])) + 512
    return total


async def test_all_are_listed_once_page_by_page_and_by_filter(admin: Admin, cache: CacheStore) -> None:
    one, other = (await admin.tenant("one"))["id"], (await admin.tenant("other"))["id"]
    await admin.tenant("empty")
    for number in range(COUNT):
        ttl_s = 100.0 if number % 2 else 200.0 + number
        await put(
            cache, one, number, model=f"m{number % 3}", namespace=f"n{number % 5}", age_s=1000 * number, ttl_s=ttl_s
        )
    await put(cache, other, 1, model="x" * 3000, question="long " * 100)
    for limit in (1000, 100, 7):
        rows = await listed(admin, f"tenant_id={one}&limit={limit}")
        assert sorted(row["id"] for row in rows) == sorted(entry_id(one, name(n)) for n in range(COUNT))
        assert [row["expires_at"] for row in rows] == sorted((row["expires_at"] for row in rows), reverse=True)
    assert len(await listed(admin, "limit=50")) == COUNT + 1
    assert {row["id"] for row in await listed(admin, f"tenant_id={one}&model=m1&namespace=n2&older_than_s=100500")} == {
        entry_id(one, name(n)) for n in range(101, COUNT) if n % 3 == 1 and n % 5 == 2
    }
    (row,) = await listed(admin, f"tenant_id={other}")
    assert row["question"].startswith("long long") and len(row["question"]) <= 200
    assert row["model"] == "x" * 3000 and row["bytes"] > 3000 + 1536 and row["content_type"] == "application/json"


async def test_a_cursor_is_for_its_tenant_only(admin: Admin, cache: CacheStore) -> None:
    one, other = (await admin.tenant("one"))["id"], (await admin.tenant("other"))["id"]
    for number in range(3):
        await put(cache, one, number)
        await put(cache, other, number)
    cursor = (await admin("GET", f"/cache/entries?tenant_id={one}&limit=1")).json()["next_cursor"]
    assert (await admin("GET", f"/cache/entries?tenant_id={other}&cursor={cursor}")).status_code == 400
    assert {row["tenant_id"] for row in await listed(admin, f"tenant_id={other}&limit=1")} == {other}
    for bad in ("x", "WzFd", "W251bGwsMSwxXQ"):
        assert (await admin("GET", f"/cache/entries?cursor={bad}")).status_code == 400


async def test_one_is_shown_and_evicted_and_the_matcher_told(admin: Admin, cache: CacheStore) -> None:
    tenant, other = (await admin.tenant("one"))["id"], (await admin.tenant("other"))["id"]
    entry, theirs = (
        await put(cache, tenant, 1, body="größer".encode(), question="Wie groß?"),
        await put(cache, other, 1),
    )
    path = f"/cache/entries/{entry.entry_id}"
    shown = (await admin("GET", path)).json()
    assert (shown["question"], shown["body"], shown["request_id"]) == ("Wie groß?", "größer", "request-1")
    assert (await admin("DELETE", path)).status_code == 204
    assert matcher_of(admin).removed == [(tenant, [name(1)])]
    for method in ("GET", "DELETE"):
        assert (await admin(method, path)).json()["error"]["code"] == "entry_not_found"
        assert (await admin(method, "/cache/entries/1.nonsense")).status_code == 404
    assert not [key for key in await keys_of(cache.store, tenant) if key.startswith((b"x:", b"v"))]
    assert (await admin("GET", f"/cache/entries/{theirs.entry_id}")).status_code == 200
    rows = await admin.pool.fetch("SELECT action, target, target_id, details FROM audit_log WHERE target = 'cache'")
    assert [tuple(row)[:3] for row in rows] == [("cache.evict", "cache", tenant)]
    assert entry.entry_id in str(rows[0]["details"]) and "groß" not in str(rows[0]["details"])


async def test_those_that_match_are_evicted(admin: Admin, cache: CacheStore) -> None:
    tenant, other = (await admin.tenant("one"))["id"], (await admin.tenant("other"))["id"]
    for number in range(COUNT):
        await put(cache, tenant, number, model=f"m{number % 2}", age_s=1000 * number)
    await put(cache, other, 1)
    answer = await admin("DELETE", f"/cache/entries?tenant_id={tenant}&model=m1&older_than_s=50500")
    assert answer.status_code == 200 and answer.json() == {"evicted": 200}
    assert sum(len(names) for _, names in matcher_of(admin).removed) == 200
    assert len(await listed(admin, f"tenant_id={tenant}")) == COUNT - 200
    assert await cache.exact.bytes_used(tenant) == await weight(cache.store, tenant)
    matcher_of(admin).away = True
    assert (await admin("DELETE", f"/cache/entries?tenant_id={tenant}")).json() == {"evicted": COUNT - 200}
    assert await keys_of(cache.store, tenant) == set()
    matcher_of(admin).away = False
    assert (await admin("DELETE", "/cache/entries?all=true")).json() == {"evicted": 1}
    assert matcher_of(admin).forgotten == [other]


async def test_evicting_finds_all_of_many_that_expire_together(cache: CacheStore) -> None:
    now = time.time()
    for number in range(COUNT):
        entry = Entry(1, name(number), "r", 200, [], b"{}", now - 9, now + 60, f"m{number % 2}", "default")
        assert await cache.exact.put(1, entry, MOST)
    assert await evict_matching(cache, None, 1, Filter(model="m1")) == COUNT // 2
    found, place, _ = await cache.entries.page(1, Filter(), None, 1000, 1000)
    assert len(found) == COUNT // 2 and place is None


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "entries?colour=red", "colour"),
        ("GET", "entries?tenant_id=zero", "tenant_id"),
        ("GET", "entries?limit=0", "limit"),
        ("GET", "entries?older_than_s=-1", "older_than_s"),
        ("GET", "entries?older_than_s=nan", "older_than_s"),
        ("GET", "stats?tenant=1", "tenant"),
        ("DELETE", "entries", "tenant_id"),
        ("DELETE", "entries?model=m", "tenant_id"),
        ("DELETE", "entries?all=maybe", "all"),
        ("DELETE", "entries?all=true&tenant_id=1", "tenant_id"),
        ("DELETE", "entries?tenant_id=1&limit=5", "limit"),
    ],
)
async def test_a_query_at_fault_is_named(admin: Admin, cache: CacheStore, method: str, path: str, field: str) -> None:
    answer = await admin(method, f"/cache/{path}")
    assert answer.status_code == 422 and answer.json()["error"]["param"] == field, answer.text


async def test_who_may_what(admin: Admin, cache: CacheStore) -> None:
    tenant = (await admin.tenant())["id"]
    entry = await put(cache, tenant, 1)
    made = await admin("POST", "/tokens", {"name": "v", "role": "viewer"})
    viewer = admin.with_token(made.json()["token"])
    for path in ("/cache/stats", "/cache/entries", f"/cache/entries/{entry.entry_id}"):
        assert (await viewer("GET", path)).status_code == 200
    for path in (f"/cache/entries/{entry.entry_id}", f"/cache/entries?tenant_id={tenant}"):
        assert (await viewer("DELETE", path)).status_code == 403
    for path in ("/cache/entries?tenant_id=999", "/cache/stats?tenant_id=999"):
        assert (await admin("GET", path)).json()["error"]["code"] == "tenant_not_found"
    assert (await admin("DELETE", "/cache/entries?tenant_id=999")).status_code == 404


async def test_without_a_store_it_says_so(admin: Admin, cache: CacheStore) -> None:
    tenant = (await admin.tenant())["id"]
    await cache.store.close()
    for method, path in (
        ("GET", "/cache/stats"),
        ("GET", f"/cache/stats?tenant_id={tenant}"),
        ("GET", f"/cache/entries?tenant_id={tenant}"),
        ("GET", f"/cache/entries/{entry_id(tenant, name(1))}"),
        ("DELETE", f"/cache/entries?tenant_id={tenant}"),
    ):
        assert (await admin(method, path)).json()["error"]["code"] == "cache_unavailable"


async def test_statistics(admin: Admin, cache: CacheStore) -> None:
    tenant, other = (await admin.tenant("one", cache={"max_bytes": 99_999}))["id"], (await admin.tenant("other"))["id"]
    for number in range(4):
        await put(cache, tenant, number)
    await put(cache, other, 1)
    for fingerprint, hits in ((name(2), 5), (name(3), 2), (name(99), 3)):
        for _ in range(hits):
            cache.exact.touch(tenant, fingerprint)
            cache.exact.count(tenant, "exact")
    cache.exact.count(tenant, "semantic")
    for _ in range(9):
        cache.exact.count(tenant, "miss")
    cache.exact.touch(other, name(1))
    cache.exact.count(other, "semantic")
    await cache.exact.flush()
    one = (await admin("GET", f"/cache/stats?tenant_id={tenant}")).json()
    assert (one["total_cached"], one["total_hits"], one["misses"], one["hit_rate"]) == (4, 11, 9, 55.0)
    assert one["hits_by_kind"] == {"exact": 10, "semantic": 1} and one["avg_hits_per_entry"] == 1.75
    assert one["bytes"] == await weight(cache.store, tenant) and one["max_bytes"] == 99_999
    assert one["top_cached_queries"] == [
        {"question": "What is 2?", "hits": 5, "entry": entry_id(tenant, name(2)), "tenant_id": tenant},
        {"question": "What is 3?", "hits": 2, "entry": entry_id(tenant, name(3)), "tenant_id": tenant},
    ]
    every = (await admin("GET", "/cache/stats")).json()
    assert (every["total_cached"], every["total_hits"], every["max_bytes"]) == (5, 12, None)
    assert every["matcher"] == {"scopes": 1} and len(every["top_cached_queries"]) == 3
    await cache.entries.evict(tenant, [name(2)])
    after = (await admin("GET", f"/cache/stats?tenant_id={tenant}")).json()
    assert after["total_cached"] == 3 and [each["hits"] for each in after["top_cached_queries"]] == [2]
    assert after["avg_hits_per_entry"] == 0.67
    matcher_of(admin).away = True
    assert (await admin("GET", "/cache/stats")).json()["matcher"] is None


async def test_a_deleted_tenants_cache_is_forgotten_at_once_or_by_the_sweep(admin: Admin, cache: CacheStore) -> None:
    tenant, other = (await admin.tenant("one"))["id"], (await admin.tenant("other"))["id"]
    await put(cache, tenant, 1)
    await put(cache, other, 1)
    assert (await admin("DELETE", f"/tenants/{tenant}")).status_code == 204
    assert await keys_of(cache.store, tenant) == set() and matcher_of(admin).forgotten == [tenant]
    await put(cache, tenant, 2)  # by a request that was under way
    await sweep_once(admin.pool, cache, admin.control.matcher)
    assert await keys_of(cache.store, tenant) == set() and matcher_of(admin).forgotten == [tenant, tenant]
    assert len(await listed(admin)) == 1


async def test_a_purge_counts_and_is_not_complete_without_the_matcher(admin: Admin, cache: CacheStore) -> None:
    tenant, other = (await admin.tenant("one"))["id"], (await admin.tenant("other"))["id"]
    for number in range(3):
        await put(cache, tenant, number)
    await put(cache, other, 1)
    matcher_of(admin).away = True
    refused = await admin("POST", f"/tenants/{tenant}/purge")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "cache_unavailable")
    matcher_of(admin).away = False
    await put(cache, tenant, 4)
    done = (await admin("POST", f"/tenants/{tenant}/purge")).json()
    assert (done["removed"]["answers"], done["left"]) == (1, {"answers": 0, "questions": 0})
    assert matcher_of(admin).forgotten == [tenant]
    assert await keys_of(cache.store, tenant) == set() and len(await listed(admin)) == 1


async def test_rows_that_come_after_a_purge_are_removed_by_the_sweep(
    admin: Admin, cache: CacheStore, tmp_path: Path, postgres_dsn: str
) -> None:
    purged, deleted = (await admin.tenant("one"))["id"], (await admin.tenant("other"))["id"]
    for id in (purged, deleted):
        assert (await admin("DELETE", f"/tenants/{id}")).status_code == 204
    answer = await admin("POST", f"/tenants/{purged}/purge", {"usage": True})
    assert answer.status_code == 200 and set(answer.json()["left"].values()) == {0}
    for id in (purged, deleted):  # of requests that were under way, or of a journal not shipped yet
        await ship(postgres_dsn, tmp_path / str(id), 3, tenant_id=id)
    await sweep_once(admin.pool, cache, admin.control.matcher)
    for table, kept in (("usage", 3), ("usage_hourly", 1)):
        counted = f"SELECT tenant_id, count(*) FROM {table} GROUP BY 1"
        assert [tuple(row) for row in await admin.pool.fetch(counted)] == [(deleted, kept)]


async def test_bytes_hold_for_texts_and_vectors_and_stay_right(cache: CacheStore) -> None:
    most = 40_000
    for number in range(60):  # some overwritten, the least recently used evicted
        await put(cache, 1, number % 45, most=most, body=os.urandom(50 * (number % 7)))
        assert await weight(cache.store, 1) == await cache.exact.bytes_used(1) <= most
    keys = await keys_of(cache.store, 1)
    assert {key[6:] for key in keys if key.startswith(b"x:")} == {key[6:] for key in keys if key.startswith(b"v:")}
    assert await VectorsStore(cache.store).count(1, SCOPE) == len([key for key in keys if key.startswith(b"x:")])


async def test_after_a_thousand_expiries_the_bytes_are_right(cache: CacheStore) -> None:
    for number in range(1000):
        await put(cache, 1, number, most=1 << 30, ttl_s=1.0)
    await put(cache, 1, 5000)
    await asyncio.sleep(1.2)
    await cache.exact.expire(1)
    assert await cache.exact.bytes_used(1) == await weight(cache.store, 1) > 0
    assert len([key for key in await keys_of(cache.store, 1) if key.startswith(b"v:")]) == 1
    assert await cache.store.demand(("ZCARD", "xends:{1}"), ("ZCARD", "vs:{1}:" + SCOPE.hex())) == [1, 1]


async def test_what_the_server_evicts_is_counted_off(cache: CacheStore) -> None:
    for number in range(10):
        await put(cache, 1, number)
    gone = [f"x:{{1}}:{name(1).hex()}", f"x:{{1}}:{name(2).hex()}", f"v:{{1}}:{name(3).hex()}"]
    await cache.store.demand(("UNLINK", *gone))
    await cache.exact.sweep([1])
    assert await cache.exact.bytes_used(1) == await weight(cache.store, 1) > 0
    kept = {key[6:] for key in await keys_of(cache.store, 1) if key.startswith(b"v:")}
    assert kept == {name(n).hex().encode() for n in (0, 4, 5, 6, 7, 8, 9)}


async def test_a_vector_without_its_entry_does_not_stay(cache: CacheStore) -> None:
    vector = StoredVector(name(1), "q", np.ones(384, np.float32), "minilm", time.time() + 60)
    assert await VectorsStore(cache.store).put(1, SCOPE, vector)
    assert await cache.exact.bytes_used(1) == await weight(cache.store, 1) > 0
    await cache.exact.sweep([1])
    assert await keys_of(cache.store, 1) == set()


async def test_a_listing_goes_on_while_entries_come_and_go(admin: Admin, cache: CacheStore) -> None:
    tenant = (await admin.tenant())["id"]
    stay = {(await put(cache, tenant, number, ttl_s=100.0 + number)).entry_id for number in range(0, 60, 2)}
    for number in range(1, 60, 2):
        await put(cache, tenant, number, ttl_s=100.0 + number)
    seen, cursor = [], ""
    for number in range(1, 60, 2):
        page = (await admin("GET", f"/cache/entries?tenant_id={tenant}&limit=2{cursor}")).json()
        seen += [row["id"] for row in page["data"]]
        await cache.entries.evict(tenant, [name(60 - number)])
        with suppress(TypeError):
            cursor = "&cursor=" + page["next_cursor"]
    assert stay <= set(seen) and len(seen) == len(set(seen))
