from __future__ import annotations

from mitmgate.core.in_flight import InFlight, share_of


def test_who_waits_is_counted_by_tenant_and_forgotten_with_the_last() -> None:
    places = InFlight()
    for tenant in (1, 1, 2):
        places.wait(tenant)
    assert (places.waiting_of(1), places.waiting_of(2), places.waiting_of(3)) == (2, 1, 0)
    for tenant in (1, 2, 1):
        places.go_on(tenant)
    assert places == InFlight()


def test_a_tenant_has_at_least_one_place() -> None:
    assert [share_of(1000, 0.5), share_of(3, 0.5), share_of(1, 0.001), share_of(7, 1.0)] == [500, 1, 1, 7]
