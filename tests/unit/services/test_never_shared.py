"""The classifier's arithmetic, and which file it is willing to use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mitmgate.matcher import process
from mitmgate.services.bert_graph import WIDTH
from mitmgate.services.minilm import ModelUnusable, sha256_of
from mitmgate.services.never_shared import ELSEWHERE, FILE, KINDS, LETTERS, RUNS, Head, NeverShared, letters


def weights(bar: float = 0.5) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """One unit, which is lit by the first value of a state: the largest over the tokens speaks for a secret, the mean
    of the second values for the present."""
    units = np.zeros((WIDTH, 1), np.float32)
    units[0, 0] = 1
    kinds = np.zeros((2, 1 + len(KINDS)), np.float32)
    kinds[1, 1 + KINDS.index("secret")] = 10
    mean = np.zeros((WIDTH, 1 + len(KINDS)), np.float32)
    mean[1, 1 + KINDS.index("time-dependent")] = 10
    bias = np.zeros(1 + len(KINDS), np.float32)
    bias[0] = 5
    zero = np.zeros(1, np.float32)
    bars = np.full(len(KINDS), bar, np.float32)
    return {
        "units.weight": units,
        "units.bias": zero,
        "kinds.weight": kinds,
        "kinds.mean": mean,
        "kinds.bias": bias,
        "bars": bars,
    }


def head(bar: float = 0.5) -> Head:
    return Head(weights(bar))


def states(*tokens: tuple[float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    made = np.zeros((len(tokens), WIDTH), np.float32)
    made[:, :2] = tokens
    return made


def test_one_token_may_say_it_or_all_of_them_together() -> None:
    assert head().kind(states((0, 0), (0, 0))) is None
    assert head().kind(states((1, 0), (0, 0), (0, 0))) == "secret"
    assert head().kind(states((-9, 0), (0, 0))) is None  # a unit is lit or it is not
    assert head().kind(states((0, 1), (0, 1))) == "time-dependent"
    assert head().kind(states((0, 1), (0, 0), (0, 0), (0, 0))) is None


def test_each_kind_has_its_bar() -> None:
    assert head(0.9).kind(states((1, 0))) == "secret"
    assert head(0.999).kind(states((1, 0))) is None


def test_what_is_no_number_is_not_shared() -> None:
    assert head().kind(np.full((2, WIDTH), np.nan, np.float32)) is not None


def test_weights_are_copies() -> None:
    lent = weights()
    made = Head(lent)
    lent["kinds.bias"][:] = 99
    assert made.kind(states((1, 0))) == "secret"


def test_letters_may_say_it_too() -> None:
    said = np.zeros((RUNS, 1 + len(KINDS)), np.float32)
    said[letters("météo"), 1 + KINDS.index("time-dependent")] = 9
    made = Head(weights() | {LETTERS: said})
    nothing = states((0, 0))
    assert made.kind(nothing, letters("Meteo !")) == "time-dependent"
    assert made.kind(nothing, letters("再试一次")) is None and made.kind(nothing) is None
    assert len(letters("")) > 0 and len(letters("\ud800 \U0001f600" * 5000)) > 0


def test_each_language_has_its_head_and_keywords_of_no_language_have_both() -> None:
    other = weights() | {"kinds.bias": np.eye(1 + len(KINDS), dtype=np.float32)[6] * 9, LETTERS: np.zeros((RUNS, 7))}
    both = NeverShared(weights() | {ELSEWHERE + name: each for name, each in other.items()})
    nothing = states((0, 0))
    assert both.kind(nothing, "What is the tallest mountain?") is None
    assert both.kind(nothing, "Wie heißt der höchste Berg?") == "crisis"
    assert both.kind(nothing, "pogoda warszawa") == "crisis"  # it has no small word of any language
    assert both.kind(states((1, 0)), "pogoda warszawa") == "secret"


@given(arrays.arrays(np.float32, (3, WIDTH), elements=st.floats(-100, 100, width=32)))
def test_odds_are_odds_whatever_the_states(values: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> None:
    odds = head().odds(values)
    assert odds.shape == (1 + len(KINDS),) and np.isfinite(odds).all() and odds.sum() == pytest.approx(1, abs=1e-4)


def test_a_missing_or_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="cannot be read"):
        NeverShared.load(tmp_path / "nothing")
    other = tmp_path / "other.safetensors"
    other.write_bytes(FILE.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelUnusable, match=f"is not the classifier of this version .*{sha256_of(other)}"):
        NeverShared.load(other)


def test_without_it_the_matcher_goes_on_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert process.load_classifier() is not None
    monkeypatch.setattr(NeverShared.load.__func__, "__defaults__", (tmp_path / "nothing", "0" * 64))
    assert process.load_classifier() is None
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "only exact repeats are answered" in caplog.text


def test_a_sign_that_stands_for_a_sentence_is_not_read_at_length() -> None:
    assert len(letters("\ufdfa" * 1000)) <= 5 * 1000 and len(letters("word " * 1000)) < 100
