"""Code, links and long numbers are compared word for word only; ordinary questions are not held up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.text.unfit import LONGEST, unfit


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Summarise https://example.com/a", "link"),
        ("What is on www.example.com?", "link"),
        ("Fix this:\n```\nprint(1)\n```", "code"),
        ("What does this do?\nfor (i = 0; i < 3; i++) {\n  run(i);\n}", "code"),
        ("Explain\ndef f(x): return x", "code"),
        ("Why is <div class='a'> wrong?", "code"),
        ("Is a == b in C?", "code"),
        ("Who owns account 123456789012?", "long number"),
        ("What is 123e4567-e89b-12d3-a456-426614174000?", "long number"),
        ("Find commit 9b65f97c0ffee1234abc", "long number"),
        ("Which methods of suicide are there?", "crisis"),
        ("My friend talks about killing herself", "crisis"),
        ("She takes her own life in which act?", "crisis"),
        ("What do I do when somebody overdosed?", "crisis"),
        ("What is the easiest way to die?", "crisis"),
        ("painless ways to die", "crisis"),
        ("How can I die in my sleep?", "crisis"),
        ("Is there a peaceful death?", "crisis"),
        ("He says he is better off dead", "crisis"),
        ("My brother is tired of living", "crisis"),
        ("What do I say to somebody who doesn't want to live?", "crisis"),
        ("Is ibuprofen safe during pregnancy?", "crisis"),
        ("My wife is pregnant and has cramps", "crisis"),
        ("I just want to end it all", "crisis"),
        ("he says he can't go on anymore", "crisis"),
        ("How many tablets are fatal?", "crisis"),
        ("How much bleach would kill a person?", "crisis"),
        ("Signs of a stroke?", "crisis"),
        ("What helps against chest pain?", "crisis"),
        ("My dog ate rat poison", "crisis"),
        ("How much ibuprofen is a lethal dose?", "crisis"),
        ("He beats her every night", "crisis"),
        ("Who helps victims of abuse?", "crisis"),
        ("什么是自杀", "crisis"),
        ("Wie hoch ist der Kölner Dom?", "language"),
        ("日本の首都はどこですか", "language"),
        ("x" * (LONGEST + 1), "too long"),
        ("   ", "empty"),
    ],
)
def test_held_to_exact_words(text: str, why: str) -> None:
    assert unfit(text) == why


@pytest.mark.parametrize(
    "text",
    [
        "What is 2+2?",
        "What does str.split do?",
        "How do I parse JSON in Python (3.12)?",
        "Is 1,234,567 a prime number; and why?",
        "Write a unit test for the function load_config.",
        "How do I return a parcel: by post or in the shop?",
        "Which class should I choose?",
        "Which swimming stroke is fastest?",
        "How does a two-stroke engine work?",
        "Who killed Caesar?",
        "Can you get pregnant on your period?",
        "How long are elephants pregnant?",
        "How do stars die?",
        "What does fatal error mean in git?",
        "How do I kill a process?",
        "How does the film end?",
        "Why do bees die after a sting?",
        "How did Mozart die?",
        "Where do penguins live?",
        "When did Death Valley get its name?",
        "Is Elvis alive?",
        "What does MS-DOS do?",
        "How do I drape a curtain?",
        "Is the word accuse a verb?",
        "Is 🍎 the sign of apples?",
    ],
)
def test_ordinary_questions_are_fit(text: str) -> None:
    assert unfit(text) is None


@given(st.text(max_size=500))
def test_any_text_has_an_answer(text: str) -> None:
    assert unfit(text) in (None, "too long", "code", "link", "long number", "crisis", "empty", "language")
