"""The labelled answers, and how the comparison's error is counted on them."""

from __future__ import annotations

import pytest

from training.answers import blocks, in_second_half, labelled, rate


def test_there_are_enough_labelled_answers_of_both_kinds_in_both_halves() -> None:
    for half in (False, True):
        same = [pair.same for pair in labelled() if in_second_half(pair.block) is half]
        assert sum(same) >= 60
        assert len(same) - sum(same) >= 60


def test_no_answer_is_in_both_halves() -> None:
    fitted = {text for pair in labelled() if not in_second_half(pair.block) for text in (pair.answer_a, pair.answer_b)}
    unseen = {text for pair in labelled() if in_second_half(pair.block) for text in (pair.answer_a, pair.answer_b)}
    assert {text for text in fitted & unseen if len(text.split()) > 3} == set()


def test_a_block_has_a_question_its_answers_and_near_misses() -> None:
    (block,) = blocks("? Q\n= one\n= two\nlines\n! name | P\n= three\n")
    assert [(asked.question, asked.kind, asked.answers) for asked in block] == [
        ("Q", "same", ["one", "two\nlines"]),
        ("P", "name", ["three"]),
    ]


def test_what_is_no_block_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        list(blocks("an answer without a question"))


def test_pairs_of_one_block_count_as_few() -> None:
    alone = rate((str(place), place % 2 == 0) for place in range(100))
    alike = rate((str(place // 10), place // 10 % 2 == 0) for place in range(100))
    assert alone.rate == alike.rate == 0.5
    assert alone.trials > 5 * alike.trials
    assert alike.interval()[1] - alike.interval()[0] > alone.interval()[1] - alone.interval()[0]
