"""The local limiter: each worker's share, fixed windows, blocks, bounded memory."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core import limits
from mitmgate.core.limits import BLOCK_S, EXCESS_WINDOW_S, WINDOW_S, LocalLimiter, Reservation


def test_the_shares_of_all_workers_are_the_limit_and_hardly_more() -> None:
    for limit, workers in ((100, 2), (10, 3), (1, 8)):
        limiters = [LocalLimiter(workers, 1000) for _ in range(workers)]
        allowed = sum(each.reserve(1, limit, 1, None, 0.0).allowed for each in limiters for _ in range(limit))
        assert limit <= allowed == workers * math.ceil(limit / workers) < limit + workers


def test_a_window_begins_with_the_first_request_and_does_not_slide() -> None:
    limiter = LocalLimiter(1, 100)
    assert limiter.reserve(1, 2, 1, None, 1000.0).reset_s == WINDOW_S
    assert limiter.reserve(1, 2, 1, None, 1000.0 + WINDOW_S - 1).allowed
    over = limiter.reserve(1, 2, 1, None, 1000.0 + WINDOW_S - 0.5)
    assert (over.allowed, over.blocked, over.retry_after_s, over.remaining) == (False, False, 1, 0)
    again = limiter.reserve(1, 2, 1, None, 1000.0 + WINDOW_S)
    assert (again.allowed, again.remaining) == (True, 1)


def test_the_excess_that_reaches_block_after_is_not_yet_a_block() -> None:
    limiter = LocalLimiter(1, 3)
    taken = [limiter.reserve(1, 1, 1, None, 10.0) for _ in range(6)]
    assert [(one.allowed, one.blocked) for one in taken] == [(True, False)] + [(False, False)] * 3 + [(False, True)] * 2
    assert taken[-1].retry_after_s == BLOCK_S
    assert limiter.reserve(1, 9, 1, None, 10.0 + BLOCK_S - 1).blocked
    assert limiter.reserve(1, 9, 1, None, 10.0 + BLOCK_S).allowed
    assert limiter.reserve(2, 1, 2, None, 10.0).allowed


def test_a_block_outlives_the_window() -> None:
    limiter = LocalLimiter(1, 1)
    limiter.reserve(1, 1, 1, None, 0.0)
    limiter.reserve(1, 1, 1, None, WINDOW_S - 1.0)
    assert limiter.reserve(1, 1, 1, None, WINDOW_S + 1.0).blocked
    assert limiter.reserve(1, 1, 1, None, WINDOW_S + BLOCK_S).allowed


def test_excess_is_forgotten_after_its_minute() -> None:
    limiter = LocalLimiter(1, 2)
    limiter.reserve(1, 1, 1, None, 0.0)
    for minute in range(10):
        assert not limiter.reserve(1, 1, 1, None, minute * (EXCESS_WINDOW_S + 1.0)).blocked


def test_a_keys_excess_blocks_the_key_and_costs_the_tenant_nothing() -> None:
    limiter = LocalLimiter(1, 1)
    assert limiter.reserve(1, 3, 7, 1, 0.0).scope == "key"
    assert [limiter.reserve(1, 3, 7, 1, 0.0).blocked for _ in range(3)] == [False, True, True]
    other = limiter.reserve(1, 3, 8, None, 0.0)
    assert (other.allowed, other.scope, other.remaining) == (True, "tenant", 1)


def test_what_the_store_refused_stays_refused_while_it_is_away() -> None:
    limiter = LocalLimiter(2, 100)
    limiter.remember(Reservation(False, False, 10, 0, 1800, 1800, "tenant"), 1, 7, 100.0)
    refused = limiter.reserve(1, 10, 7, None, 101.0)
    assert not refused.allowed and not refused.blocked and refused.retry_after_s == 1799
    assert limiter.reserve(1, 10, 7, None, 1901.0).allowed and limiter.reserve(2, 10, 8, None, 101.0).allowed
    limiter.remember(Reservation(False, True, 10, 0, 1800, 300, "tenant"), 5, 7, 100.0)
    limiter.forget(5, 7)  # it was unblocked, and the store let one pass
    assert limiter.reserve(5, 10, 7, None, 101.0).allowed
    limiter.remember(Reservation(False, True, 5, 0, 1800, 300, "key"), 3, 9, 100.0)
    blocked = limiter.reserve(3, 10, 9, 5, 101.0)
    assert blocked.blocked and blocked.scope == "key" and blocked.retry_after_s == 299
    assert limiter.reserve(3, 10, 10, 5, 101.0).allowed
    assert limiter.reserve(3, 10, 9, 5, 401.0).allowed
    limiter.remember(Reservation(False, False, 10, 0, 1800, 1800, "tenant"), 4, 7, 100.0)
    assert limiter.reserve(4, 1000, 7, None, 101.0).allowed  # a limit that was raised holds at once


def test_memory_is_bounded_and_the_busy_are_kept() -> None:
    limiter = LocalLimiter(1, 100)
    for tenant in range(limits.MAX_REMEMBERED + 500):
        limiter.reserve(tenant, 1, 0, None, 0.0)
        limiter.reserve(0, 10**9, 0, None, 0.0)
    assert len(limiter._windows) == limits.MAX_REMEMBERED
    assert limiter.reserve(0, 10**9, 0, None, 0.0).remaining < 10**9 - limits.MAX_REMEMBERED


steps = st.lists(st.tuples(st.integers(1, 2), st.sampled_from([None, 1, 3]), st.floats(0, 2000)), max_size=60)


@given(steps, st.integers(1, 5), st.integers(1, 3), st.integers(1, 6))
def test_never_more_than_the_share_in_any_window(
    steps: list[tuple[int, int | None, float]], limit: int, workers: int, block_after: int
) -> None:
    limiter, now, share = LocalLimiter(workers, block_after), 0.0, math.ceil(limit / workers)
    begun, used = -math.inf, 0
    for key, key_limit, wait in steps:
        now += wait
        taken = limiter.reserve(1, limit, key, key_limit, now)
        assert 0 <= taken.remaining <= taken.limit and 0 <= taken.reset_s <= WINDOW_S
        assert (taken.retry_after_s is None) == taken.allowed
        assert taken.retry_after_s is None or 1 <= taken.retry_after_s <= WINDOW_S
        if taken.allowed:
            if now - begun >= WINDOW_S:
                begun, used = now, 0
            used += 1
            assert used <= share


def test_a_window_begins_with_a_request_that_counts_not_with_one_refused() -> None:
    limiter = LocalLimiter(workers=1, block_after=100)
    assert limiter.reserve(1, 2, 7, 1, 1000.0).allowed
    assert not limiter.reserve(2, 2, 7, 1, 1010.0).allowed  # the key is over; tenant 2 has counted nothing
    first = limiter.reserve(2, 2, 8, None, 1500.0)
    assert first.allowed and first.reset_s == 3600


def test_block_after_zero_never_blocks() -> None:
    limiter = LocalLimiter(1, 0)
    taken = [limiter.reserve(1, 1, 7, None, 0.0) for _ in range(200)]
    assert sum(each.allowed for each in taken) == 1 and not any(each.blocked for each in taken)


def test_whom_the_store_refused_is_known_until_it_may_come_back() -> None:
    limiter = LocalLimiter(2, 100)
    assert not limiter.refuses(1, 7, 100.0)
    limiter.remember(Reservation(False, False, 10, 0, 1800, 1800, "tenant"), 1, 7, 100.0)
    limiter.remember(Reservation(False, True, 10, 0, 1800, 300, "key"), 2, 9, 100.0)
    assert limiter.refuses(1, 8, 1899.0) and not limiter.refuses(1, 8, 1901.0)
    assert limiter.refuses(2, 9, 399.0) and not limiter.refuses(2, 10, 399.0) and not limiter.refuses(2, 9, 401.0)
    limiter.forget(1, 7)
    assert not limiter.refuses(1, 7, 101.0)


def test_a_share_used_up_here_is_no_refusal_of_the_store() -> None:
    limiter = LocalLimiter(2, 100)
    while limiter.reserve(1, 10, 7, None, 0.0).allowed:
        pass
    assert not limiter.refuses(1, 7, 1.0)
