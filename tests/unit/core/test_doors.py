"""The doors as a whole: which texts are kept out does not hang on politeness, and no text is costly to read."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core import personal, the_present, unshared
from mitmgate.core.kept_out import why_kept_out
from mitmgate.core.text import courtesy, general, turns
from mitmgate.core.volatile import volatile_text

_parser: Any = importlib.import_module("re._parser")
_constants: Any = importlib.import_module("re._constants")

TEXTS = (
    "How do I reset my router?", "What is the capital of France?", "What's the weather in Paris?", "Where is my order?",
    "Generate a uuid", "flip a coin", "Roll two dice", "try again", "Who is he?", "What is a random forest?",
    "What is my balance?", "Is GitHub down?", "How do I change my password on Google?", "pick any colour",
    "give me a strong password", "What does this mean?", "How long does it take to get a passport?",
    "Why is the sky blue?", "Am I pregnant?", "Which films are in cinemas?", "Convert this to a table",
)  # fmt: skip
BEFORE = st.sampled_from(["", "Hi, ", "Hello! ", "Good morning. ", "hey there, ", "Please ", "Hi, please "])
AFTER = st.sampled_from(["", " please", ", thanks", " Thanks!", " Thank you in advance.", " please, thank you"])


@given(st.sampled_from(TEXTS), BEFORE, AFTER, st.sampled_from(["", ".", "?", "!"]))
def test_politeness_opens_and_shuts_no_door(text: str, before: str, after: str, end: str) -> None:
    said = before + text.rstrip("?") + end + after
    assert why_kept_out(said) == why_kept_out(text)


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    reason = why_kept_out(text)
    assert reason is None or reason.isascii()


def _patterns(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(pattern := getattr(value, "__self__", None), re.Pattern):
        yield pattern
    elif isinstance(value, dict):
        for each in value.values():
            yield from _patterns(each)


@pytest.mark.parametrize("module", [personal, the_present, unshared, courtesy, general, turns])
def test_no_pattern_repeats_a_repetition_without_end(module: object) -> None:
    """So a search takes at most as many steps as the text is long, for each place where it may begin."""
    found = [pattern for value in vars(module).values() for pattern in _patterns(value)]
    assert found
    for pattern in found:
        assert _deepest(_parser.parse(pattern.pattern, pattern.flags)) <= 1, pattern.pattern


def _deepest(parsed: Any) -> int:
    """How many repetitions without end stand in each other."""
    deepest = 0
    for op, argument in parsed:
        inner = max((_deepest(part) for part in _parts(argument)), default=0)
        endless = op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT) and argument[1] == _constants.MAXREPEAT
        deepest = max(deepest, inner + endless)
    return deepest


def _parts(argument: object) -> Iterator[Any]:
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for each in argument:
            yield from _parts(each)


def test_a_repetition_in_a_repetition_would_be_found() -> None:
    assert _deepest(_parser.parse(r"(?:a+b)*")) == 2
    assert _deepest(_parser.parse(r"a+(?:b{1,3}c)*")) == 1


def test_a_long_text_costs_no_more_than_its_ends() -> None:
    assert volatile_text("How do I " + "do it and " * 400) == volatile_text("How do I " + "do it and " * 401)
