"""Quotas on a real Valkey: exact under concurrency, and blocks that come, hold and end as promised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from mitmgate.core.directory import Key, KeyId, Tenant, TenantId
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.limits import LocalLimiter, Reservation
from mitmgate.core.settings import Limits
from mitmgate.services import limits_store
from mitmgate.services.quota import Quota, scope_keys
from mitmgate.services.redis import Store, StoreDown


@pytest.fixture
async def store(valkey_url: str) -> AsyncIterator[Store]:
    store = Store(valkey_url, deadline_s=10)
    yield store
    await store.close()


def quota_on(store: Store, block_after: int = 100, on_store_failure: str = "open") -> Quota:
    limits = Limits(block_after=block_after, on_store_failure=on_store_failure)
    return Quota(store, LocalLimiter(2, block_after), limits)


def a_key(id: int = 1, limit: int | None = None, tenant_id: int = 1) -> Key:
    return Key(KeyId(id), TenantId(tenant_id), "k", "mg_", b"", frozenset({"any"}), rate_limit_per_hour=limit)


def a_tenant(limit: int, *keys: Key, id: int = 1) -> Tenant:
    return Tenant(TenantId(id), "t", 1, "active", "https://u.example", limit, keys)


async def reserve(store: Store, quota: Quota, tenant: Tenant, key: Key) -> Reservation:
    replies = await store.pipeline(quota.commands(tenant, key))
    return quota.read(replies, has_key_limit=key.rate_limit_per_hour is not None)


async def test_a_thousand_at_once_at_a_limit_of_a_hundred(valkey_url: str) -> None:
    stores = [Store(valkey_url, deadline_s=20) for _ in range(2)]  # two workers
    quotas = [quota_on(store, block_after=10_000) for store in stores]
    tenant, key = a_tenant(100), a_key()
    taken = await asyncio.gather(*(reserve(stores[n % 2], quotas[n % 2], tenant, key) for n in range(1000)))
    assert sum(one.allowed for one in taken) == 100
    assert sorted(one.remaining for one in taken if one.allowed) == list(range(100))
    assert all(one.limit == 100 and 3590 <= one.reset_s <= 3600 and one.scope == "tenant" for one in taken)
    assert {one.retry_after_s is None for one in taken if one.allowed} == {True}
    assert all(3590 <= (one.retry_after_s or 0) <= 3600 for one in taken if not one.allowed)
    for store in stores:
        await store.close()


async def test_a_refused_request_takes_nothing(store: Store) -> None:
    quota, key = quota_on(store), a_key()
    for _ in range(5):
        await reserve(store, quota, a_tenant(2), key)
    assert await store.demand(("GET", scope_keys(1)[0])) == [b"2"]
    assert (await reserve(store, quota, a_tenant(3), key)).allowed  # a raised limit holds at once
    lowered = await reserve(store, quota, a_tenant(1), key)
    assert not lowered.allowed and lowered.remaining == 0


async def test_the_window_begins_with_the_first_request_and_does_not_slide(store: Store) -> None:
    quota, tenant, key = quota_on(store), a_tenant(2), a_key()
    window = scope_keys(1)[0]
    assert (await reserve(store, quota, tenant, key)).reset_s == 3600
    await store.demand(("PEXPIRE", window, 40))
    assert (await reserve(store, quota, tenant, key)).reset_s == 1
    assert (await reserve(store, quota, tenant, key)).retry_after_s == 1
    while (await store.demand(("EXISTS", window)))[0]:
        await asyncio.sleep(0.01)
    assert (await reserve(store, quota, tenant, key)).remaining == 1


async def test_a_window_that_lost_its_end_gets_one_again(store: Store) -> None:
    quota, tenant, key = quota_on(store), a_tenant(1), a_key()
    await store.demand(("SET", scope_keys(1)[0], 1))
    assert not (await reserve(store, quota, tenant, key)).allowed
    assert 0 < (await store.demand(("PTTL", scope_keys(1)[0])))[0] <= 3_600_000


async def test_a_store_whose_clock_was_set_back_keeps_nobody_out_for_longer(store: Store) -> None:
    quota, tenant, key = quota_on(store, block_after=2), a_tenant(1), a_key()
    window, _, block = scope_keys(1)
    await reserve(store, quota, tenant, key)
    await store.demand(("PEXPIRE", window, 9_000_000))  # as an end looks from an earlier time
    refused = await reserve(store, quota, tenant, key)
    assert refused.retry_after_s == refused.reset_s == 3600
    assert (await store.demand(("PTTL", window)))[0] <= 3_600_000
    assert not (await reserve(store, quota, tenant, key)).blocked
    await store.demand(("PEXPIRE", block, 9_000_000))
    assert (await reserve(store, quota, tenant, key)).retry_after_s == 300
    assert (await store.demand(("PTTL", block)))[0] <= 300_000


async def test_the_excess_that_reaches_block_after_is_still_429_then_403(store: Store) -> None:
    quota, tenant, key = quota_on(store, block_after=3), a_tenant(1), a_key()
    taken = [await reserve(store, quota, tenant, key) for _ in range(6)]
    assert [(one.allowed, one.blocked) for one in taken] == [(True, False)] + [(False, False)] * 3 + [(False, True)] * 2
    assert 295 <= (taken[-1].retry_after_s or 0) <= 300
    assert await limits_store.blocked(store, [1, 2]) == {1: pytest.approx(300, abs=5)}
    assert (await reserve(store, quota, a_tenant(1, id=2), a_key(2, tenant_id=2))).allowed
    # A block outlives the window, and counts on against a raised limit.
    await store.demand(("DEL", scope_keys(1)[0]))
    assert (await reserve(store, quota, a_tenant(100), key)).blocked
    await limits_store.unblock(store, 1)
    assert await limits_store.blocked(store, [1]) == {}
    assert (await reserve(store, quota, tenant, key)).allowed


async def test_excess_is_forgotten_after_its_minute(store: Store) -> None:
    quota, tenant, key = quota_on(store, block_after=3), a_tenant(1), a_key()
    for _ in range(3):
        await reserve(store, quota, tenant, key)
    excess = scope_keys(1)[1]
    assert (await store.demand(("GET", excess), ("PTTL", excess)))[0] == b"2"
    await store.demand(("PEXPIRE", excess, 1))
    while (await store.demand(("EXISTS", excess)))[0]:
        await asyncio.sleep(0.005)
    assert not (await reserve(store, quota, tenant, key)).blocked
    assert not (await reserve(store, quota, tenant, key)).blocked


async def test_a_keys_excess_blocks_the_key_and_costs_the_tenant_nothing(store: Store) -> None:
    quota = quota_on(store, block_after=2)
    narrow, free = a_key(7, limit=2), a_key(8)
    tenant = a_tenant(10, narrow, free)
    taken = [await reserve(store, quota, tenant, narrow) for _ in range(6)]
    assert [one.allowed for one in taken] == [True, True, False, False, False, False]
    assert [one.blocked for one in taken] == [False] * 4 + [True] * 2
    assert {one.scope for one in taken} == {"key"} and taken[0].limit == 2
    other = await reserve(store, quota, tenant, free)
    assert other.allowed and other.scope == "tenant" and other.remaining == 7
    assert await limits_store.blocked(store, [1]) == {}
    await limits_store.unblock(store, 1, [7])
    assert not (await reserve(store, quota, tenant, narrow)).blocked


async def test_the_narrower_of_key_and_tenant_is_told(store: Store) -> None:
    quota = quota_on(store)
    wide = a_key(7, limit=100)
    told = await reserve(store, quota, a_tenant(3, wide), wide)
    assert (told.scope, told.limit, told.remaining) == ("tenant", 3, 2)
    for _ in range(2):
        await reserve(store, quota, a_tenant(3, wide), wide)
    over = await reserve(store, quota, a_tenant(3, wide), wide)
    assert not over.allowed and over.scope == "tenant"
    assert await store.demand(("GET", scope_keys(1, 7)[0])) == [b"3"]  # refused by one, taken from none


async def test_a_broken_window_is_the_stores_failure_not_the_clients(store: Store) -> None:
    quota, tenant, key = quota_on(store), a_tenant(1), a_key()
    await store.demand(("LPUSH", scope_keys(1)[0], "x"))
    with pytest.raises(StoreDown):
        await reserve(store, quota, tenant, key)


async def test_without_the_store_open_counts_locally_and_closed_refuses(store: Store) -> None:
    tenant, key = a_tenant(10), a_key()
    open_quota = quota_on(store)
    assert sum(open_quota.degraded(tenant, key, 1000.0).allowed for _ in range(20)) == 5  # one of two workers' shares
    with pytest.raises(ServiceUnavailable) as refusal:
        quota_on(store, on_store_failure="closed").degraded(tenant, key, 1000.0)
    assert (refusal.value.status, refusal.value.code, refusal.value.retry_after_s) == (503, "limiter_unavailable", 1)


async def test_blocks_of_many_tenants_are_read_in_pages(store: Store) -> None:
    await store.demand(*[("SET", scope_keys(id)[2], 1, "PX", 60_000) for id in range(0, 2000, 2)])
    assert sorted(await limits_store.blocked(store, range(2000))) == list(range(0, 2000, 2))
    assert await limits_store.blocked(store, []) == {}


def test_all_keys_of_a_tenant_lie_in_one_hash_slot() -> None:
    keys = [*scope_keys(12), *scope_keys(12, 7)]
    assert all("{12}" in key for key in keys) and len(set(keys)) == 6


async def test_block_after_zero_never_blocks(store: Store) -> None:
    quota, tenant, key = quota_on(store, block_after=0), a_tenant(1), a_key()
    taken = [await reserve(store, quota, tenant, key) for _ in range(5)]
    assert [each.allowed for each in taken] == [True, False, False, False, False]
    assert not any(each.blocked for each in taken)
    assert await limits_store.blocked(store, [1]) == {}
