"""What the sieve excludes is excluded by a guard as well; what it lets pass is read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mitmgate.core.text.guards import first_veto, vetoes
from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import read
from mitmgate.core.text.sieve import excludes, sieve

_WORDS = (
    "How", "do", "I", "boil", "eggs", "one", "1", "a", "two", "2", "2.0", "dozen", "12", "km", "5", "5000", "m", "%",
    "$", "+", "minus", "-", "on", "Monday", "in", "May", "2024", "main()", "user_id", "not", "il", "gatto", "?", "é",
)  # fmt: skip
_QUESTIONS = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=9).map(" ".join)


@settings(deadline=None)  # the first call reads the words' table
@given(_QUESTIONS, _QUESTIONS)
def test_a_guard_excludes_what_the_sieve_does(one: str, other: str) -> None:
    left, right = read(one), read(other)
    pair = Pair(left, right)
    if excludes(sieve(left), sieve(right)):
        assert left.plain != right.plain and vetoes(pair)
    assert excludes(sieve(left), sieve(right)) is excludes(sieve(right), sieve(left))
    assert (first_veto(pair) is None) is (not vetoes(pair))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I boil 5 eggs?", "How do I boil 6 eggs?"),
        ("How do I boil 5 eggs?", "How do I boil eggs?"),
        ("Is it open on Monday?", "Is it open on Tuesday?"),
        ("What is 2*3?", "What is 2/3?"),
        ("What does main() do?", "What does open() do?"),
    ],
)
def test_what_is_excluded(one: str, other: str) -> None:
    assert excludes(sieve(read(one)), sieve(read(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I boil 5 eggs?", "How can I boil five eggs?"),
        ("How do I boil 5 eggs?", " How do I boil 5 eggs"),
        ("How do I clean one?", "How do I clean 1?"),
        ("How do I clean one?", "How do I clean?"),
    ],
)
def test_what_passes(one: str, other: str) -> None:
    assert not excludes(sieve(read(one)), sieve(read(other)))


def test_what_was_never_read_passes() -> None:
    made = sieve(read("How do I boil 5 eggs?"))
    assert made and not excludes(made, 0) and not excludes(0, made)
