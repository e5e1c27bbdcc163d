"""Which candidate is chosen does not depend on whether its facts are known from before."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mitmgate.core.text.sieve import Stored
from mitmgate.core.verdict import VERIFIED
from mitmgate.matcher.choosing import Judged, Measure, choosing
from tests.verdicts import PLAIN

NEAR = (
    "How do I boil 7 eggs?", "How do I boil 5 goose eggs?", "How do I not boil 5 eggs?", "How can I boil five eggs?",
    "How do I boil eggs?", "How do I cook 5 eggs?", "How do I boil 5 eggs on Monday?", "How do I boil  5 eggs",
)  # fmt: skip
QUERY = "How do I boil 5 eggs?"


def chosen(near: Sequence[tuple[Stored, float]], log_odds: float) -> tuple[int | None, dict[int, Judged], int]:
    """-> the place, what was told, and how often the verifier was asked."""
    steps, answer, asked = choosing(QUERY, near, Measure(PLAIN, 0.9)), None, 0
    while True:
        try:
            pair = steps.send(answer)
        except StopIteration as ended:
            return *ended.value, asked
        answer = None if pair is None else log_odds
        asked += pair is not None


@pytest.mark.parametrize("log_odds", [-9.0, 9.0])
@pytest.mark.parametrize("count", range(1, len(NEAR) + 1))
def test_the_same_is_chosen_again(count: int, log_odds: float) -> None:
    near = [(Stored(text), 0.97 - place / 100) for place, text in enumerate(NEAR[:count])]
    place, told, asked = chosen(near, log_odds)
    assert all(stored.sieve for stored, _ in near)
    again_place, again_told, again_asked = chosen(near, log_odds)
    assert (again_place, again_told, again_asked) == (place, told, asked)
    assert asked <= VERIFIED
    assert place == (count - 1 if count == len(NEAR) else 1 if log_odds > 0 and count > 1 else None)
