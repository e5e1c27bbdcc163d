"""A slip of the keyboard makes no new question; another word does."""

from __future__ import annotations

import pytest

from mitmgate.core.text.known import two_words
from mitmgate.core.verdict import judge

ALIKE = 0.97


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the capital of Iran?", "Iraq: what is its capital?"),
        ("what is the capital of iran", "what is the capital of iraq"),
        ("How do I groom a horse?", "How do I groom a house?"),
        ("Is a planet made of gas?", "Is a plane made of gas?"),
        ("How do you brew beer?", "How do you brew beef?"),
        ("How deep is a crack in a wall?", "How deep is a crack in a well?"),
        ("Which bread is best for children?", "Which breed is best for children?"),
        ("What does a county clerk do?", "What does a country clerk do?"),
        ("How is steel painted at home?", "At home, how is a steep painted?"),
        ("How do I draw a plan?", "How do I draw a plane?"),
        ("How do I fly a kit?", "How do I fly a kite?"),
        ("How do I paint a trail?", "How do I paint a train?"),
    ],
)
def test_two_words_one_letter_apart_are_two_questions(one: str, other: str) -> None:
    assert judge(one, other, ALIKE).reasons
    assert judge(other, one, ALIKE).reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I clean a keybord?", "How do I clean a keyboard?"),
        ("What is photosinthesis?", "What is photosynthesis?"),
        ("How do I traval to Peru by train?", "How do I travel to Peru by train?"),
        ("Which color suits a kitchen?", "Which colour suits a kitchen?"),
        ("How do I organise a party?", "How do I organize a party?"),
        ("Is the theatre open on Monday?", "Is the theater open on Monday?"),
        ("Do cats like milk?", "Does a cat like milk?"),
        ("Will the wether change in Rome?", "Will the weather change in Rome?"),
        ("How do I chose a bicycle?", "How do I choose a bicycle?"),
        ("Who knew about the plot against Caesar?", "Who know about the plot against Caesar?"),
    ],
)
def test_a_slip_or_another_form_is_no_other_word(one: str, other: str) -> None:
    assert judge(one, other, ALIKE).reasons == ()
    assert judge(other, one, ALIKE).reasons == ()


@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        ("sweden", "sweeden", False),
        ("marina", "marian", True),
        ("their", "there", False),
        ("quiet", "quite", False),
        ("analyse", "analyze", False),
        ("fibre", "fiber", False),
        ("singe", "singer", False),
        ("protein", "protean", False),
        ("austin", "austen", True),
        ("angel", "angle", True),
    ],
)
def test_words_of_their_own(one: str, other: str, two: bool) -> None:
    assert two_words(one, other) is two
    assert two_words(other, one) is two
