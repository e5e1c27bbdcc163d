"""How facts, the similarity, the verifier and the bar make a verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.calibration import NEVER
from mitmgate.core.text.features import NAMES
from mitmgate.core.verdict import BELOW_BAR, VERIFIED, consider, decide, worth_verifying
from tests.verdicts import FLOOR, PLAIN, considered

BAR = 0.9


def test_a_fact_decides_whatever_the_verifier_says() -> None:
    pair = considered("How do I boil 5 eggs?", "How do I boil 6 eggs?")
    assert not pair.open
    verdict = decide(pair, 30.0, PLAIN, BAR)
    assert (verdict.accept, verdict.reasons, verdict.probability) == (False, ("number 5 vs 6",), None)


def test_the_verifier_decides_where_no_fact_does() -> None:
    pair = considered("Which birds live here?", "What birds can be found here?")
    sure, unsure = decide(pair, 5.0, PLAIN, BAR), decide(pair, 0.5, PLAIN, BAR)
    assert sure.accept and sure.reasons == () and sure.probability == pytest.approx(0.993, abs=0.001)
    assert not unsure.accept and unsure.reasons[0] == "not sure: 0.62"
    assert decide(pair, 0.5, PLAIN, 0.6).accept


def test_doubts_are_told_but_decide_nothing() -> None:
    pair = considered("Can I prune roses in March?", "Should I prune roses in March?")
    assert pair.open and pair.doubts == ("modality may vs should",)
    assert decide(pair, 9.0, PLAIN, BAR).accept
    assert decide(pair, 0.0, PLAIN, BAR).reasons == ("not sure: 0.49", "modality may vs should")


@pytest.mark.parametrize("stored", ["How do I boil 6 eggs?", "Can I boil 5 eggs?", "how do I boil 5 eggs"])
def test_leaving_out_what_cannot_matter_decides_the_same(stored: str) -> None:
    query = "How do I boil 5 eggs?"
    whole, less = (consider(query, stored, 0.95, PLAIN, 0.0, whole=each) for each in (True, False))
    assert (less.open, less.same_words, less.rank if less.open else 0) == (
        whole.open,
        whole.same_words,
        whole.rank if whole.open else 0,
    )
    assert bool(less.vetoes) is bool(whole.vetoes)


def test_what_the_verifier_was_not_asked_about_is_refused() -> None:
    pair = considered("Which birds live here?", "What birds can be found here?")
    verdict = decide(pair, None, PLAIN, 0.0)
    assert not verdict.accept and verdict.reasons and verdict.probability is None


@pytest.mark.parametrize(
    ("similarity", "threshold", "open_"), [(FLOOR, 0.0, True), (FLOOR - 0.01, 0.0, False), (0.94, 0.95, False)]
)
def test_the_floor_and_a_threshold_come_first(similarity: float, threshold: float, open_: bool) -> None:
    pair = considered("Which birds live here?", "What birds can be found here?", similarity, threshold)
    assert pair.open is open_
    assert (BELOW_BAR in pair.vetoes) is not open_


def test_a_threshold_below_the_floor_lowers_nothing() -> None:
    assert not considered("Which birds live here?", "What birds can be found here?", 0.5, 0.1).open


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wie geht das?", "Wie geht das"),
        ("東京はどこですか?", "東京はどこですか?"),
        ("where is  it ?", "where is it"),
        ("sha1 of Hello", "sha1 of Hello."),
    ],
)
def test_spaces_and_the_last_mark_are_no_difference(one: str, other: str) -> None:
    pair = considered(one, other, 0.2)
    assert pair.same_words and decide(pair, None, PLAIN, BAR).accept


def test_the_verifier_is_asked_about_few_and_the_most_promising() -> None:
    question = "Which birds live here?"
    pairs = [
        considered(question, "Which 5 birds live here?", 0.99),
        *(considered(question, f"What {each} is found here?", 0.8 + at / 100) for at, each in enumerate("abcdef")),
        considered(question, "Which birds live there?", 0.5),
    ]
    assert worth_verifying(pairs) == [6, 5]
    assert len(worth_verifying(pairs)) == VERIFIED
    assert worth_verifying([]) == []


@pytest.mark.parametrize(
    ("most_wrong", "bar"), [(1.0, 0.5), (0.05, 0.7), (0.049, 0.9), (0.004, 0.9), (0.002, 0.95), (0.0001, NEVER)]
)
def test_the_bar_follows_from_how_many_may_be_wrong(most_wrong: float, bar: float) -> None:
    assert PLAIN.bar(most_wrong) == bar


@given(st.floats(-1, 1), st.lists(st.floats(0, 1), min_size=len(NAMES), max_size=len(NAMES)), st.floats(-1e6, 1e6))
def test_a_probability_is_one(similarity: float, features: list[float], log_odds: float) -> None:
    assert 0 <= PLAIN.probability(similarity, features, log_odds) <= 1
