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
from mitmgate.services.never_shared import FILE, KINDS, NeverShared


def head(bar: float = 0.5) -> NeverShared:
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
    return NeverShared(
        {
            "units.weight": units,
            "units.bias": zero,
            "kinds.weight": kinds,
            "kinds.mean": mean,
            "kinds.bias": bias,
            "bars": bars,
        }
    )


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
