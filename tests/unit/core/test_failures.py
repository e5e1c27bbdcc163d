import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.failures import FailureLimiter

ME = "192.0.2.1"


def fail(limiter: FailureLimiter, address: str, times: int, now: float = 0.0) -> None:
    for _ in range(times):
        limiter.failed(address, now)


def test_thirty_failures_are_within_the_limit_and_the_next_has_to_wait():
    limiter = FailureLimiter()
    assert limiter.retry_after_s(ME, 0) is None
    fail(limiter, ME, 29)
    assert limiter.retry_after_s(ME, 0) is None
    fail(limiter, ME, 1)
    assert limiter.retry_after_s(ME, 0) == 60


def test_the_wait_ends_when_the_oldest_failure_leaves_the_window():
    limiter = FailureLimiter(limit=2)
    limiter.failed(ME, 100.0)
    limiter.failed(ME, 110.5)
    assert limiter.retry_after_s(ME, 120.0) == 40
    assert limiter.retry_after_s(ME, 120.3) == 40
    assert limiter.retry_after_s(ME, 159.999) == 1
    assert limiter.retry_after_s(ME, 160.0) is None
    limiter.failed(ME, 160.0)
    assert limiter.retry_after_s(ME, 160.0) == 11


def test_addresses_are_apart():
    limiter = FailureLimiter(limit=1)
    limiter.failed(ME, 0)
    assert limiter.retry_after_s(ME, 0) == 60
    assert limiter.retry_after_s("192.0.2.2", 0) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("no address", "no address", True),
        ("no address", "nor this", False),
        ("", "", True),
    ],
)
def test_what_counts_as_one_address(one, other, same):
    limiter = FailureLimiter(limit=1)
    limiter.failed(one, 0)
    assert (limiter.retry_after_s(other, 0) is not None) is same


def test_memory_is_bounded_and_the_longest_quiet_goes_first():
    limiter = FailureLimiter(limit=2, max_addresses=3)
    fail(limiter, "10.0.0.1", 2, now=0)
    fail(limiter, "10.0.0.2", 2, now=1)
    fail(limiter, "10.0.0.3", 2, now=2)
    limiter.failed("10.0.0.1", 3)
    limiter.failed("10.0.0.4", 4)
    assert len(limiter) == 3
    assert limiter.retry_after_s("10.0.0.2", 4) is None
    assert limiter.retry_after_s("10.0.0.1", 4) is not None
    for number in range(1000):
        limiter.failed(f"10.1.{number // 256}.{number % 256}", 5)
    assert len(limiter) == 3


@given(st.lists(st.floats(0, 50), max_size=40), st.integers(1, 5))
def test_never_more_than_the_limit_within_any_window(gaps, limit):
    limiter, now, taken = FailureLimiter(limit=limit, window_s=60), 0.0, []
    for gap in gaps:
        now += gap
        recent = [time for time in taken if time + 60 - now > 0]
        wait_s = limiter.retry_after_s(ME, now)
        assert (wait_s is None) == (len(recent) < limit)
        if wait_s is None:
            limiter.failed(ME, now)
            taken.append(now)
        else:
            assert wait_s == math.ceil(recent[0] + 60 - now)


@given(st.text())
def test_any_address_can_fail(address):
    limiter = FailureLimiter(limit=1)
    limiter.failed(address, 0)
    assert limiter.retry_after_s(address, 0) == 60
