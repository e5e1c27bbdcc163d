"""How a text is cut: the shorter ways find what the whole pattern finds."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mitmgate.core.text import order, tokens
from mitmgate.core.text.reading import read

_PARTS = (
    "word", "What", "isn't", "user_id", "parseDate", "main()", "C++", "c#", "--force", "-x", "a.m.", "5am", "9:30",
    "21st", "2024-05-06", "1/2/2024", "1,000.5", ".5", "os.path", "a::b", "p->q", "_x", "x_", "U.S.", "iPhone", "=",
    "!=", "**", " ", "  ", "\n", "?", ".", "(", "é", "٣", "_", "-", "'",
)  # fmt: skip
_TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(_PARTS), max_size=12).map("".join))


@settings(deadline=None)
@given(_TEXTS)
@example("at 5pm or 5 p.m.")
@example("a-b --c")
@example("x.y")
def test_no_shorter_pattern_misses_anything(text: str) -> None:
    whole = [(match.lastgroup, match.span()) for match in tokens._ANY(text)]
    assert [(match.lastgroup, match.span()) for match in tokens.pieces_of(text)] == whole


def test_each_pattern_is_used() -> None:
    used = {text: tokens.pieces_of(text) for text in ("two words", "2 words", "two_words")}
    assert [len(list(matches)) for matches in used.values()] == [2, 2, 1]
    assert [tokens.tokenise(text)[0].kind for text in used] == [tokens.Kind.WORD, tokens.Kind.NUMBER, tokens.Kind.CODE]


@settings(deadline=None)
@given(st.permutations([*"abcdef"]))
def test_two_words_have_changed_sides_of_a_third(turned: list[str]) -> None:
    places = [turned.index(letter) for letter in "abcdef"]
    wanted = any(one > two > three for one, two, three in combinations(places, 3))
    assert order._turned_round([*"abcdef"], turned) is wanted


@pytest.mark.parametrize("first", ["words", "amounts", "code", "negations"])
def test_a_reading_is_the_same_whatever_is_asked_first(first: str) -> None:
    text = "Why is main() not 5 km from user_id in 1999?"
    read.cache_clear()
    other = read(text)
    assert getattr(other, first)
    read.cache_clear()
    names = ("words", "amounts", "counted", "sequence", "dates", "code", "negations", "kind", "keys")
    assert [getattr(other, name) for name in names] == [getattr(read(text), name) for name in names]
