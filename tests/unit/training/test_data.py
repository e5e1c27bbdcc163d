"""What the verifier learns from is read as it is meant, and what is held out is never trained on."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from training import calibrate
from training.data import Example, Source, endless, noisy, written

QUESTIONS = Path(__file__).parents[3] / "training" / "questions"
BLOCK = """= How tall is it?
= What is its height?
! How wide is it?
! How old is it?

= Who made it?
= Its maker?

"""


def test_a_block_is_pairs(tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_text(BLOCK, encoding="utf-8")
    found = [*written(file), *written(file, held_out=True)]
    assert {(each.a, each.b, each.same) for each in found} == {
        ("How tall is it?", "What is its height?", 1),
        ("How tall is it?", "How wide is it?", 0),
        ("How tall is it?", "How old is it?", 0),
        ("What is its height?", "How wide is it?", 0),
        ("What is its height?", "How old is it?", 0),
        ("Who made it?", "Its maker?", 1),
    }


def test_every_line_written_by_hand_is_well_formed() -> None:
    files = sorted(QUESTIONS.glob("*.txt"))
    assert len(files) >= 5
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            assert not line.strip() or (line[:2] in ("= ", "! ") and 3 < len(line) <= 250), f"{file.name}:{number}"


def test_what_is_held_out_is_not_trained_on() -> None:
    for file in sorted(QUESTIONS.glob("*.txt")):
        trained = {(each.a, each.b) for each in written(file)}
        held_out = [(each.a, each.b) for each in written(file, held_out=True)]
        assert held_out and len(held_out) < len(trained) / 5
        assert sum(pair in trained for pair in held_out) <= len(held_out) / 100  # a block written twice


def test_no_pair_is_labelled_both_ways() -> None:
    labels: dict[frozenset[str], set[float]] = {}
    for file in sorted(QUESTIONS.glob("*.txt")):
        for each in (*written(file), *written(file, held_out=True)):
            labels.setdefault(frozenset((each.a.lower(), each.b.lower())), set()).add(each.same)
    both = [pair for pair, found in labels.items() if len(found) > 1]
    assert len(both) <= len(labels) / 2000, both[:5]


def test_sources_have_their_shares_and_go_round() -> None:
    examples = {name: [Example(f"{name} {n}", "b", 1, 1, 0) for n in range(5)] for name in ("x", "y")}
    sources = [Source("x", examples["x"], 3), Source("y", examples["y"], 1)]
    seen = Counter(each.a[0] for each in islice(endless(sources, random.Random(1)), 4000))
    assert 2.5 < seen["x"] / seen["y"] < 3.5
    again = [each.a for each in islice(endless(sources, random.Random(1)), 100)]
    assert again == [each.a for each in islice(endless(sources, random.Random(1)), 100)]


@pytest.mark.parametrize("text", ["a", "Who?", "What is the height of Everest?", "x y z", "?", "PARIS"])
def test_noise_leaves_a_text(text: str) -> None:
    rng = random.Random(4)
    for _ in range(200):
        assert noisy(text, rng).strip() or not text.strip("?.! ")


def test_the_last_layer_is_found_again() -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([rng.normal(0, 1, (20_000, 2)), np.ones(20_000)])
    truth = np.array([1.5, -0.7, 0.3])
    y = (rng.random(20_000) < 1 / (1 + np.exp(-x @ truth))).astype(float)
    assert calibrate.fitted(x, y, np.ones(20_000)) == pytest.approx(truth, abs=0.1)


def test_the_curve_counts_the_best_of_each_question() -> None:
    pairs = [
        calibrate.Pair("q", "s", 0.9, label, group, source)
        for source in ("qqp", "minimal")
        for group in range(200)
        for label in (1, 0)
    ]
    right_first = np.array([0.9 if pair.label else 0.5 for pair in pairs])
    wrong_first = 1.4 - right_first
    good, bad = dict(calibrate.curve(pairs, right_first)), dict(calibrate.curve(pairs, wrong_first))
    assert good[0.5] < 0.01 and bad[0.5] > 0.5  # of QQP's a fifth counts
    assert bad[0.5] == pytest.approx((1 + calibrate.QQP_WRONG) / 2, abs=0.01)
