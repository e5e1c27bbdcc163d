from __future__ import annotations

import pytest

from mitmgate.core.descriptors import MOST_CLIENTS, OWN, Division, divide


@pytest.mark.parametrize("descriptors", [256, 1024, 4096, 65_536, 1 << 20])
@pytest.mark.parametrize("in_flight", [1, 1000, 1_000_000])
def test_the_parts_and_our_own_files_fit(descriptors: int, in_flight: int) -> None:
    parts = divide(descriptors, in_flight)
    assert 0 < parts.clients <= MOST_CLIENTS and parts.upstreams > 0
    assert parts.clients + parts.upstreams + OWN <= descriptors


def test_the_usual_limits() -> None:
    assert divide(1024, 1000) == Division(448, 448)
    assert divide(65_536, 1000) == Division(MOST_CLIENTS, 1256)


def test_a_limit_below_our_own_files_still_serves_somebody() -> None:
    assert divide(64, 1000) == Division(1, 1)
