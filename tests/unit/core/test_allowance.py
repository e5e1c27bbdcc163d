"""A burst at once, then so many a second, each for itself and in bounded memory."""

from __future__ import annotations

from mitmgate.core.allowance import Allowance


def test_a_burst_and_then_a_rate() -> None:
    allowance = Allowance[int](2.0, 3)
    assert [allowance.take(1, 0.0) for _ in range(4)] == [True, True, True, False]
    assert allowance.take(2, 0.0)
    assert not allowance.take(1, 0.4) and allowance.take(1, 0.5) and not allowance.take(1, 0.5)
    assert [allowance.take(1, 100.0) for _ in range(4)] == [True, True, True, False]


def test_its_memory_is_bounded() -> None:
    allowance = Allowance[int](1.0, 1, remembered=10)
    for who in range(100):
        assert allowance.take(who, 0.0)
    assert len(allowance) == 10
