"""A scope without hits is looked up for one question in twenty, until it has one."""

from __future__ import annotations

from mitmgate.matcher.worth import LOOKUPS, ONE_IN, Worth

NAME, OTHER = (1, b"s"), (2, b"s")


def without_hit(worth: Worth, times: int) -> int:
    """-> how many of the questions were looked up."""
    looked = 0
    for _ in range(times):
        if worth.look(NAME):
            looked += 1
            worth.note(NAME, hit=False)
    return looked


def test_sampled_after_a_thousand_lookups_without_a_hit() -> None:
    worth = Worth()
    assert without_hit(worth, LOOKUPS) == LOOKUPS
    assert without_hit(worth, 10 * ONE_IN) == 10
    assert worth.look(OTHER)


def test_a_hit_makes_it_worth_all_lookups_again() -> None:
    worth = Worth()
    without_hit(worth, LOOKUPS + ONE_IN)
    worth.note(NAME, hit=True)
    assert without_hit(worth, LOOKUPS) == LOOKUPS
    assert not all(worth.look(NAME) for _ in range(ONE_IN))


def test_a_hit_now_and_then_keeps_it() -> None:
    worth = Worth()
    for _ in range(5):
        assert without_hit(worth, LOOKUPS - 1) == LOOKUPS - 1
        worth.note(NAME, hit=True)
    assert worth.look(NAME)


def test_what_is_remembered_is_bounded() -> None:
    worth = Worth(remembered=10)
    without_hit(worth, LOOKUPS)
    for tenant in range(10, 20):
        worth.note((tenant, b"s"), hit=False)
    assert len(worth) == 10
    assert worth.look(NAME)  # forgotten: it costs lookups, never a hit
