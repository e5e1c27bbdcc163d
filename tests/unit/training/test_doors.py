"""What the classifier learns from is read as it is meant, and it learns what it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mitmgate.services.minilm import read_safetensors
from mitmgate.services.never_shared import KINDS, NAMES, Head, letters
from training import doors
from training.doors import (
    FILES,
    OTHER_LANGUAGES,
    Line,
    averaged,
    bars_of,
    letters_trained,
    questions,
    trained,
    unmarked,
    with_noise,
    write_safetensors,
    written,
)

LINES = [*written()]
ELSEWHERE = [*written(OTHER_LANGUAGES)]


def test_every_kind_has_its_lines_and_its_look_alikes() -> None:
    assert len(LINES) > 1500 and all(line.text for line in LINES)
    for name, of in FILES.items():
        assert sum(line.of == of and line.kind == 0 for line in LINES) > 80, name
        assert of == 0 or sum(line.kind == of for line in LINES) > 80, name
    kinds: dict[str, int] = {}
    for line in LINES:
        assert kinds.setdefault(line.text.lower(), line.kind) == line.kind, line.text


def test_other_languages_have_every_kind_and_as_many_lines_that_may_be_shared() -> None:
    kinds: dict[str, int] = {}
    for line in ELSEWHERE:
        assert kinds.setdefault(line.text.lower(), line.kind) == line.kind, line.text
    for of in FILES.values():
        assert sum(line.kind == of for line in ELSEWHERE) > 200
    assert sum(line.kind == 0 for line in ELSEWHERE) > 0.9 * sum(line.kind > 0 for line in ELSEWHERE)
    assert any(line.held_out for line in ELSEWHERE)
    assert {"dame un uuid", "Dame un uuid?"} <= {
        line.text for line in unmarked([Line("Dame un uuid?", 1, 1, "b"), Line("¿dame un uuid?", 1, 1, "b")])
    }


def test_letters_learn_what_they_are_shown() -> None:
    lines = [
        Line(f"{word} {number}", kind, kind, "b") for number in range(40) for kind, word in ((0, "pan"), (2, "kostka"))
    ]
    made = letters_trained(lines, 1)
    for line in lines:
        assert made[letters(line.text)].sum(0).argmax() == line.kind


def test_one_block_in_ten_is_held_out_whole() -> None:
    held_out = {line.block for line in LINES if line.held_out}
    blocks = {line.block for line in LINES}
    assert 0.03 < len(held_out) / len(blocks) < 0.25
    assert not held_out & {line.block for line in with_noise(LINES) if not line.held_out}
    assert all(line.kind == 0 for line in questions())


def test_it_learns_what_it_is_shown_and_keeps_look_alikes_below_the_bar(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    texts: dict[str, Any] = {}
    lines = []
    for number in range(120):
        kind = number % 3
        states = rng.normal(0, 0.1, (5, 384)).astype(np.float32)
        states[number % 5, kind] += 3
        texts[f"text {number}"] = states
        lines.append(Line(f"text {number}", kind, kind or 1, f"block {number}"))

    class Made:
        of = staticmethod(texts.__getitem__)

    states: Any = Made()
    weights = averaged([trained(lines, states, 1)])
    odds = doors.odds_of(weights, lines, states)
    assert (odds.argmax(1) == [line.kind for line in lines]).all()
    weights["bars"] = bars_of(odds, lines)
    write_safetensors(tmp_path / "made", weights)
    kept = read_safetensors(tmp_path / "made")
    assert tuple(kept) == NAMES and all((kept[name] == weights[name]).all() for name in NAMES)
    head = Head(kept)
    assert [head.kind(texts[line.text]) for line in lines[:3]] == [None, *KINDS[:2]]
