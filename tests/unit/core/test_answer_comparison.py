"""Whether two answers say the same: what is read in each, and that every reason is true of its pair."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mitmgate.core.answer_comparison import APART, NAMES, answer_text, compare, features, read_weights
from mitmgate.core.answer_reading import MAX_CHARACTERS, PIECE, PIECES, embedded_pieces, read_answer

_PIECES = st.sampled_from(
    [
        "Yes, ", "No, ", "Paris", "Lyon", "in 1969", "3 km", "3 miles", "2.50", "2.5", "not", "- eggs\n", "- milk\n",
        "1. mix\n", "2. bake\n", "`git branch -d x`", "I'm sorry, I can't help.", "hot", "cold", "the river flows ",
        "\n\n", "```\nprint(1)\n```", "It depends. ", "increase", "decrease", "20 July 1969",
    ]
)  # fmt: skip
ANSWERS = st.lists(_PIECES, min_size=1, max_size=30).map(" ".join) | st.text(max_size=300)


def chat(*contents: object) -> bytes:
    return orjson.dumps({"choices": [{"message": {"role": "assistant", "content": each}} for each in contents]})


@pytest.mark.parametrize(
    ("stored", "real", "similarity", "reason"),
    [
        ("Yes, you can freeze it.", "No, you cannot freeze it.", 0.97, "yes or no"),
        ("It takes about 45 minutes.", "It takes about 20 minutes.", 0.96, "number"),
        ("The author was Jane Austen.", "The author was Charlotte Bronte.", 0.6, "name"),
        ("I'm sorry, I can't help with that.", "Hold the button for ten seconds.", 0.1, "no answer"),
        ("Run `git branch -d topic`.", "Run `git branch -D topic`.", 1.0, "code"),
    ],
)
def test_answers_that_differ_in_a_fact_disagree(stored: str, real: str, similarity: float, reason: str) -> None:
    found = compare(stored, real, similarity)
    assert not found.agrees
    assert reason in found.reasons


@pytest.mark.parametrize(
    ("stored", "real", "similarity"),
    [
        ("Paris.", "The capital of France is Paris.", 0.69),
        ("1. **Eggs**\n2. Milk\n3. Flour", "- flour\n- eggs\n- milk", 0.78),
        ("It is about 1,609 meters.", "1 mile = 1609.34 m, so about 1.6 km.", 0.62),
        ("Apollo 11 landed on July 20, 1969.", "On 20 July 1969 Apollo 11 landed on the Moon.", 0.95),
    ],
)
def test_other_words_for_the_same_agree(stored: str, real: str, similarity: float) -> None:
    assert compare(stored, real, similarity).agrees


@given(ANSWERS, ANSWERS, st.floats(-1, 1))
@example("- eggs\n- eggs\n", "- eggs\n- milk\n", 0.0)
def test_it_makes_no_difference_which_answer_comes_first(one: str, other: str, similarity: float) -> None:
    assert features(read_answer(one), read_answer(other), similarity) == pytest.approx(
        features(read_answer(other), read_answer(one), similarity)
    )
    assert compare(one, other, similarity).agrees == compare(other, one, similarity).agrees


@given(ANSWERS)
def test_an_answer_agrees_with_itself(text: str) -> None:
    assert compare(text, text, 1.0).agrees


@given(ANSWERS, ANSWERS, st.floats(-1, 1))
def test_every_reason_is_true_of_its_pair(one: str, other: str, similarity: float) -> None:
    left, right = read_answer(one), read_answer(other)
    found = compare(one, other, similarity)
    assert bool(found.reasons) != found.agrees
    for reason in found.reasons:
        match reason:
            case "number":
                assert set(left.numbers) != set(right.numbers)
            case "unit":
                assert left.measured != right.measured
            case "name":
                assert left.names and right.names
                assert set(left.names) != set(right.names)
            case "yes or no":
                assert {left.says, right.says} == {True, False}
            case "negation":
                assert left.negated != right.negated
            case "no answer":
                assert left.gives_none != right.gives_none
            case "list":
                assert set(left.items) != set(right.items)
            case "code":
                assert left.code != right.code
            case "another word":
                assert left.words - right.words
                assert right.words - left.words
            case "similarity":
                assert similarity < APART
            case _:
                assert reason == "wording"


@given(ANSWERS, st.text(max_size=50))
def test_only_the_beginning_of_a_long_answer_is_read(text: str, more: str) -> None:
    begun = (text + "x" * MAX_CHARACTERS)[:MAX_CHARACTERS]
    assert read_answer(begun + more) == read_answer(begun)


@pytest.mark.parametrize(
    "text", ["1" * 400, "9" * 308 + " million", "1e999", "hundred " * 500, "\ufdfa" * 5000, "\x00", "\ud800"]
)
def test_odd_texts_are_read(text: str) -> None:
    assert compare(text, text, 1.0).agrees
    assert isinstance(compare(text, "2 km", 0.5).agrees, bool)


@given(ANSWERS, st.text(max_size=50))
def test_what_is_embedded_is_bounded(text: str, more: str) -> None:
    pieces = embedded_pieces(text)
    assert len(pieces) <= PIECES and all(len(piece) <= PIECE for piece in pieces)
    begun = (text + "x" * PIECES * PIECE)[: PIECES * PIECE]
    assert embedded_pieces(begun + more) == embedded_pieces(begun)


def test_the_shipped_weights_are_of_these_features() -> None:
    assert len(read_weights().of) == len(NAMES)


@pytest.mark.parametrize(
    ("client_format", "body", "text"),
    [
        ("openai", chat("Hello"), "Hello"),
        ("openai", chat("One", "Two"), None),
        ("openai", chat(None), None),
        ("openai", chat([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab"),
        ("openai", chat([{"type": "image_url"}]), None),
        ("openai", b'{"choices":[]}', None),
        ("openai", b'{"error":{}}', None),
        ("openai", b"not JSON", None),
        ("openai", b"[1]", None),
        ("anthropic", orjson.dumps({"content": [{"type": "text", "text": "Hi"}]}), "Hi"),
        (
            "anthropic",
            orjson.dumps({"content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "Hi"}]}),
            "Hi",
        ),
        ("anthropic", orjson.dumps({"content": [{"type": "tool_use"}]}), None),
        ("anthropic", orjson.dumps({"content": [{"type": "text", "text": " "}]}), None),
    ],
)
def test_the_text_of_an_answer(client_format: str, body: bytes, text: str | None) -> None:
    assert answer_text(client_format, body) == text


def test_a_body_too_large_for_a_tree_has_no_text() -> None:
    assert answer_text("openai", b'{"choices":[' + b"[" * (2 << 20)) is None
