"""Backoff: at once, then later and later, and from the beginning after a steady life."""

from __future__ import annotations

from mitmgate.supervisor.backoff import PAUSES_S, Backoff


def test_waits_ever_longer_up_to_a_bound() -> None:
    backoff = Backoff()
    pauses = [backoff.after_death(float(second)) for second in range(8)]
    assert pauses == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]
    assert backoff.restarts == 8


def test_begins_anew_after_a_steady_life() -> None:
    backoff = Backoff()
    for second in range(4):
        backoff.after_death(float(second))
    assert backoff.after_death(60.0) == 0.0
    assert backoff.restarts == 5
