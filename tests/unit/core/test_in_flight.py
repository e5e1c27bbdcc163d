from __future__ import annotations

from mitmgate.core.in_flight import InFlight, share_of


def test_places_are_counted_by_tenant_and_forgotten_with_the_last() -> None:
    places = InFlight()
    for tenant in (1, 1, 2):
        places.enter(tenant)
    assert (places.count, places.of(1), places.of(2), places.of(3)) == (3, 2, 1, 0)
    for tenant in (1, 2, 1):
        places.leave(tenant)
    assert places == InFlight()


def test_a_tenant_has_at_least_one_place() -> None:
    assert [share_of(1000, 0.5), share_of(3, 0.5), share_of(1, 0.001), share_of(7, 1.0)] == [500, 1, 1, 7]
