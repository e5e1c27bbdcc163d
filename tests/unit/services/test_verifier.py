"""The verifier's graph does what its weights say, alike from both sides; another file than ours is refused."""

from __future__ import annotations

from math import erf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mitmgate.matcher import process
from mitmgate.services.minilm import ModelUnusable, sha256_of
from mitmgate.services.verifier import FILE, LONGEST, Verifier, restored

WIDTH, HEADS, HEAD, INNER = 384, 12, 32, 1536
_gelu = np.vectorize(lambda x: 0.5 * x * (1 + erf(x / 2**0.5)))


def weights(seed: int = 1) -> dict[str, Any]:
    """Random, of the shapes that a file has."""
    rng = np.random.default_rng(seed)
    made: dict[str, Any] = {}

    def linear(name: str, inputs: int, outputs: int) -> None:
        made[name + ".weight"] = rng.normal(0, 0.05, (outputs, inputs)).astype(np.float32)
        made[name + ".bias"] = rng.normal(0, 0.05, outputs).astype(np.float32)

    for number in (3, 4, 5):
        at = f"encoder.layer.{number}."
        for part in ("query", "key", "value"):
            linear(f"{at}attention.self.{part}", WIDTH, WIDTH)
        linear(at + "attention.output.dense", WIDTH, WIDTH)
        linear(at + "intermediate.dense", WIDTH, INNER)
        linear(at + "output.dense", INNER, WIDTH)
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            made[f"{at}{norm}.weight"] = rng.normal(1, 0.1, WIDTH).astype(np.float32)
            made[f"{at}{norm}.bias"] = rng.normal(0, 0.1, WIDTH).astype(np.float32)
        made[at + "attention.self.cross_key"] = rng.normal(0, 0.5, (HEADS, HEAD)).astype(np.float32)
        made[at + "attention.self.cross_bias"] = rng.normal(0, 1, HEADS).astype(np.float32)
        made[at + "attention.self.cross_value"] = rng.normal(0, 0.5, (HEADS, HEAD)).astype(np.float32)
    linear("head", 5 * WIDTH, 1)
    return made


def reference(kept: dict[str, Any], first: Any, second: Any) -> float:
    """The same in numpy, as `training/model.py` says it."""
    x = np.concatenate((first, second)).astype(np.float64)
    side = np.arange(len(x)) >= len(first)
    cross = (side[:, None] != side).astype(np.float64)

    def linear(name: str, values: Any) -> Any:
        return values @ kept[name + ".weight"].T.astype(np.float64) + kept[name + ".bias"]

    def norm(name: str, values: Any) -> Any:
        values = values - values.mean(-1, keepdims=True)
        scaled = values / np.sqrt((values**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * kept[name + ".weight"] + kept[name + ".bias"]

    for number in (3, 4, 5):
        at = f"encoder.layer.{number}."
        query, key, value = (
            linear(f"{at}attention.self.{part}", x).reshape(len(x), HEADS, HEAD).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        query = query / HEAD**0.5
        there = (
            query @ kept[at + "attention.self.cross_key"][:, :, None]
            + kept[at + "attention.self.cross_bias"][:, None, None]
        )
        scores = query @ key.transpose(0, 2, 1) + there * cross
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = (
            shares @ value + (shares * cross).sum(-1, keepdims=True) * kept[at + "attention.self.cross_value"][:, None]
        )
        mixed = linear(at + "attention.output.dense", mixed.transpose(1, 0, 2).reshape(len(x), WIDTH))
        x = norm(at + "attention.output.LayerNorm", x + mixed)
        inner = linear(at + "output.dense", _gelu(linear(at + "intermediate.dense", x)))
        x = norm(at + "output.LayerNorm", x + inner)
    a, b = x[~side].mean(0), x[side].mean(0)
    open_a, open_b = x[0], x[len(first)]
    seen = np.concatenate((open_a + open_b, np.abs(open_a - open_b), a + b, np.abs(a - b), a * b))
    return float(linear("head", seen)[0])


@pytest.fixture(scope="module")
def states() -> list[Any]:
    rng = np.random.default_rng(2)
    return [rng.normal(0, 1, (length, WIDTH)).astype(np.float32) for length in (3, 7, 12, 7)]


def test_the_graph_does_what_the_weights_say(states: list[Any]) -> None:
    kept = weights()
    verifier = Verifier.of(kept)
    for first, second in ((states[0], states[1]), (states[2], states[1]), (states[1], states[3])):
        assert verifier.log_odds(first, second) == pytest.approx(reference(kept, first, second), abs=1e-3)


def test_neither_order_nor_company_makes_a_difference(states: list[Any]) -> None:
    verifier = Verifier.of(weights())
    one, other, third, fourth = states
    alone = verifier.log_odds(one, other)
    assert verifier.log_odds(other, one) == pytest.approx(alone, abs=1e-4)
    verifier.log_odds(third, fourth)
    assert verifier.log_odds(one, other) == alone


def test_a_question_longer_than_it_was_trained_on_is_not_read() -> None:
    verifier = Verifier.of(weights())
    longest, longer, short = (np.ones((length, WIDTH), np.float32) for length in (LONGEST, LONGEST + 1, 3))
    assert verifier.log_odds(longest, short) is not None
    assert verifier.log_odds(longer, short) is None and verifier.log_odds(short, longer) is None


def test_int8_matrices_are_scaled_row_by_row() -> None:
    kept = {
        "m.weight": np.array([[127, -64], [1, 0]], np.int8),
        "m.weight.scale": np.array([0.5, 2.0], np.float32),
        "b": np.array([1.0], np.float32),
    }
    found = restored(kept)
    assert found.keys() == {"m.weight", "b"}
    assert found["m.weight"].tolist() == [[63.5, -32.0], [2.0, 0.0]]


def test_a_missing_or_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="cannot be read"):
        Verifier.load(tmp_path / "nothing")
    other = tmp_path / "other.safetensors"
    other.write_bytes(FILE.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelUnusable, match=f"is not the verifier of this version .*{sha256_of(other)}"):
        Verifier.load(other)


def test_without_it_the_matcher_goes_on_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert None not in process.load_verifier()
    monkeypatch.setattr(Verifier.load.__func__, "__defaults__", (tmp_path / "nothing", "0" * 64))
    assert process.load_verifier() == (None, None)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "only exact repeats are answered" in caplog.text


@pytest.fixture(scope="module")
def shipped() -> Verifier:
    return Verifier.load()


@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.tuples(st.integers(3, LONGEST + 4), st.integers(3, LONGEST + 4)), min_size=1, max_size=6))
def test_a_batch_says_the_same_as_one_by_one(shipped: Verifier, lengths: list[tuple[int, int]]) -> None:
    rng = np.random.default_rng(len(lengths))
    pairs = [
        (rng.normal(0, 1, (first, WIDTH)).astype(np.float32), rng.normal(0, 1, (second, WIDTH)).astype(np.float32))
        for first, second in lengths
    ]
    alone = [shipped.log_odds(*pair) for pair in pairs]
    together = shipped.log_odds_of(pairs)
    assert [found is None for found in together] == [max(each) > LONGEST for each in lengths]
    assert [found for found in together if found is not None] == pytest.approx(
        [found for found in alone if found is not None], abs=1e-3
    )


def test_no_pairs_at_all(shipped: Verifier) -> None:
    assert shipped.log_odds_of([]) == []
