from __future__ import annotations

import time
from ipaddress import ip_network

import pytest

from mitmgate.proxy import clients
from mitmgate.proxy.clients import Clients, ConnectionLimits

FAR = "203.0.113.7"


class One:
    """A connection: idle for so long, or at work."""

    def __init__(self, idle_s: float = 0.0, at_work: bool = False, head_begun: bool = False) -> None:
        self.served_at = time.monotonic() - idle_s
        self.head_since: float | None = None
        self.at_work, self.head_begun, self.closed = at_work, head_begun, False

    def idle(self) -> bool:
        return not self.at_work

    def awaits_head(self) -> bool:
        return self.head_begun

    def close_client(self) -> None:
        self.closed = True


def filled(limits: ConnectionLimits, *connections: One, address: str = "127.0.0.1") -> Clients:
    made = Clients(limits)
    for each in connections:
        made.add(each, address)
    return made


def test_an_address_has_half_of_all_or_what_is_set() -> None:
    for limits, most in ((ConnectionLimits(10), 5), (ConnectionLimits(10, 2), 2)):
        made = Clients(limits)
        for _ in range(most):
            assert made.admits(FAR)
            made.add(One(at_work=True), FAR)
        assert not made.admits(FAR) and made.admits("203.0.113.8")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.8.8", "::ffff:127.0.0.1", "10.1.2.3", ""])
def test_loopback_and_trusted_proxies_are_exempt(address: str) -> None:
    made = filled(ConnectionLimits(100, 1, (ip_network("10.0.0.0/8"),)), *[One() for _ in range(5)], address=address)
    assert made.admits(address)


def test_ipv6_counts_by_its_64_and_mapped_ipv4_as_ipv4() -> None:
    made = filled(ConnectionLimits(100, 1), One(), address="2001:db8::1")
    assert not made.admits("2001:db8::ffff") and made.admits("2001:db8:0:1::1")
    made.add(One(), f"::ffff:{FAR}")
    assert not made.admits(FAR)


def test_a_place_is_free_again_when_its_connection_ends() -> None:
    one, made = One(at_work=True), Clients(ConnectionLimits(100, 1))
    made.add(one, FAR)
    assert not made.admits(FAR)
    made.remove(one)
    made.remove(one)
    assert made.admits(FAR) and len(made) == 0


def test_when_all_places_are_taken_the_longest_idle_makes_room() -> None:
    old, older, busy = One(idle_s=10), One(idle_s=20), One(idle_s=30, at_work=True)
    made = filled(ConnectionLimits(3), old, older, busy)
    assert made.admits("127.0.0.1")
    assert (old.closed, older.closed, busy.closed) == (False, True, False) and len(made) == 2


def test_who_is_at_work_or_has_just_come_makes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "YOUNG_S", 3600.0)
    made = filled(ConnectionLimits(2), One(at_work=True), One())
    assert not made.admits("127.0.0.1") and len(made) == 2


def test_looking_for_the_idle_is_not_repeated_for_each_that_comes() -> None:
    class Counted(One):
        looks = 0

        def idle(self) -> bool:
            Counted.looks += 1
            return super().idle()

    made = filled(ConnectionLimits(1), Counted(idle_s=9, at_work=True))
    assert [made.admits("127.0.0.1") for _ in range(1000)] == [False] * 1000
    assert Counted.looks < 100


def test_the_sweep_ends_the_idle_and_heads_that_never_end() -> None:
    idle, at_work, fresh = One(idle_s=clients.IDLE_S + 1), One(idle_s=9999, at_work=True), One()
    slow = One(head_begun=True)
    made = filled(ConnectionLimits(), idle, at_work, fresh, slow)
    made.sweep()
    assert [each.closed for each in (idle, at_work, fresh, slow)] == [True, False, False, False]
    assert slow.head_since is not None
    slow.head_since -= clients.HEAD_S + 1
    made.sweep()
    assert slow.closed and not fresh.closed


def test_a_head_that_ended_is_forgotten() -> None:
    one = One(head_begun=True)
    made = filled(ConnectionLimits(), one)
    made.sweep()
    one.head_begun = False
    made.sweep()
    assert one.head_since is None
