"""Trains the classifier of what must never be shared between users on the lines of `doors/`, and calibrates its bars.

    python -m training.doors WORK mitmgate/weights/never_shared.safetensors

A line of `doors/KIND.txt` that begins with `-` is of that kind, one with `+` may be shared. One block in ten is held
out by a hash of its first line: it is measured on, neither trained on nor calibrated with. The questions of
`questions/` that are no requests to an assistant with one's own data may be shared as well, and so may odd texts that
mean nothing. It takes a minute.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mitmgate.services.bert_graph import WIDTH
from mitmgate.services.embedder import OnnxEmbedder
from mitmgate.services.minilm import sha256_of
from mitmgate.services.never_shared import KINDS, NAMES, NeverShared
from training.data import noisy

FOLDER: Final = Path(__file__).parent
FILES: Final = dict(
    zip(("secret", "random", "no_context", "personal", "present", "crisis"), range(1, 7), strict=True)
) | {"shareable": 0}
SHAREABLE: Final = ("conditions", "facets", "logic", "paraphrases", "roles", "swaps", "tasks")  # of questions/
CLASSES: Final = len(KINDS) + 1
UNITS, NETS = 24, 4  # the nets are averaged, which makes one with the units of all
FOLDS: Final = 3
EPOCHS, BATCH, RATE, DECAY, DROPPED, SMOOTHED = 12, 96, 4e-3, 0.1, 0.25, 0.02
ODD, _A_WORD = 5000, 14
QUESTIONS_WEIGHT, NOISY_WEIGHT = 0.4, 0.5
#: A question with such a word may be about somebody or about now: these are written by hand.
_UNSURE: Final = re.compile(
    r"\b(?:my|our|i|i'm|me|we|now|today|tomorrow|yesterday|tonight|current(?:ly)?|latest|still|until|till|yet|next|last"
    r"|this|that|it|they|open|exchange|rate|price|weather|leading|days|dollars?|euros?|newest|recent(?:ly)?)\b",
    re.IGNORECASE,
).search
_ODD: Final = (
    "{word}", "{word}", "{word} {n}", "{word}-{n}", "{word} {other}", "{word} {other} {n}", "q{n}", "x{n}", "{n}",
    "n={n}", "question {n}", "question number {n}?", "prompt {n}", "prompt {word}", "request {n}", "item {n}",
    "message {hex}", "{hex}", "{word} {hex}", "test {n}", "{word} test", "{word} test {n}", "this is test {n}",
    "ping {n}", "hello {n}", "say {word}", "say {n}", "say the word {word}", "Say {n}", "Reply with {word}",
    "reply only with the word {word}", "answer with {n}", "echo {word}", "echo {n}", "repeat after me: {word} {other}",
    "print {word}", "describe a {word}", "{word}?", "what is {word}?", "what is {word} {n}?", "user {n}: {word}",
    "unique {hex}", "{word} please", "cache {word}", "{word} {other} {third}", "{abc}", "{abc} {word}", "{abc} {n}",
    "{word}: {other} {third}", "{word} and {other} {abc}", "the {word} {other}", "no {word} after the {other} {n}",
    "{word} {other} with {third}", "{word}, {other}", "case {n} {word}", "{word} {n} {other} {hex}", "{word}/{other}",
    "{word}_{n}", "{word}={other}", "{abc} {word} {other}", "{word} {other} {abc} {n}", "{word}: {abc} {n}",
    "{word} of {other} {n}", "{word} {other} {third} {n}", "a {word} {other}", "{word} one", "{word} two {other}",
)  # fmt: skip
LOOK_ALIKES: Final = (
    0.06  # of what may be shared that all bars together may keep out: half of it was written to look so
)
LOWEST_BAR: Final = 0.5

type Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Line:
    """kind: the column of the weights; of: that of the file, whose look-alike it is where they differ."""

    text: str
    kind: int
    of: int
    block: str
    weight: float = 1.0

    @property
    def held_out(self) -> bool:
        return zlib.crc32(self.block.encode()) % 10 == 0

    @property
    def fold(self) -> int:
        return zlib.crc32(self.block.encode()) // 10 % FOLDS


def written(folder: Path = FOLDER / "doors") -> Iterator[Line]:
    """The lines of all files, in order."""
    for path in sorted(folder.glob("*.txt")):
        of = FILES[path.stem]
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            lines = [line.strip() for line in block.splitlines() if line.strip()]
            for line in lines:
                yield Line(line[1:].strip(), of if line.startswith("-") else 0, of, lines[0])


def questions(folder: Path = FOLDER / "questions") -> Iterator[Line]:
    """One of each block, where it is surely about nobody and about no time."""
    for path in (folder / f"{name}.txt" for name in SHAREABLE):
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            lines = [line.strip() for line in block.splitlines() if line.strip()]
            if lines:
                drawn = lines[zlib.crc32(block.encode()) % len(lines)][1:].strip()
                if not _UNSURE(drawn):
                    yield Line(drawn, 0, 0, lines[0], QUESTIONS_WEIGHT)


def odd(count: int, taken: frozenset[str], seed: int = 4) -> Iterator[Line]:
    """What people send to try a gateway, test 12, kept, q7: it means nothing, and is nobody's. None of `taken`."""
    rng = random.Random(seed)
    words = files("mitmgate.core.text").joinpath("words.txt").read_text("ascii").split()
    for number in range(count):
        word, other, third = rng.choices(words, k=3)
        parts = {
            "word": word,
            "other": other,
            "third": third,
            "n": rng.randrange(200),
            "hex": f"{rng.getrandbits(32):x}",
        }
        text = rng.choice(_ODD).format(**parts, abc="".join(rng.choices(ascii_uppercase, k=rng.randint(2, 4))))
        if taken.isdisjoint(text.lower().split()):
            yield Line(text, 0, 0, f"odd {number}", QUESTIONS_WEIGHT)


class States:
    """The states of texts, made once."""

    def __init__(self, embedder: OnnxEmbedder) -> None:
        self._embedder = embedder
        self._kept: dict[str, npt.NDArray[np.float16]] = {}

    def of(self, text: str) -> Array:
        if text not in self._kept:
            self._kept[text] = self._embedder.states(text).astype(np.float16)
        return self._kept[text].astype(np.float32)


class Net:
    """The head, with its gradient. Its weights are in the order of NAMES."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.weights: list[Array] = [
            each.astype(np.float32)
            for each in (
                rng.normal(0, 0.5 * WIDTH**-0.5, (WIDTH, UNITS)),
                np.zeros(UNITS),
                rng.normal(0, (2 * UNITS) ** -0.5, (2 * UNITS, CLASSES)),
                np.zeros((WIDTH, CLASSES)),
                np.zeros(CLASSES),
            )
        ]
        self._moments = [(np.zeros_like(each), np.zeros_like(each)) for each in self.weights]
        self._steps = 0

    def step(self, batch: Sequence[Array], wanted: Array, weight: Array, rate: float, rng: np.random.Generator) -> None:
        """One of Adam's, with decay of the matrices."""
        self._steps += 1
        gradients = self._gradients(batch, wanted, weight, rng)
        for place, gradient in enumerate(gradients):
            first, second = self._moments[place]
            first += 0.1 * (gradient - first)
            second += 0.01 * (gradient**2 - second)
            change = (first / (1 - 0.9**self._steps)) / (np.sqrt(second / (1 - 0.99**self._steps)) + 1e-8)
            kept = 1 - rate * DECAY if gradient.ndim == 2 else 1
            self.weights[place] = (kept * self.weights[place] - rate * change).astype(np.float32)

    def _gradients(
        self, batch: Sequence[Array], wanted: Array, weight: Array, rng: np.random.Generator
    ) -> tuple[Array, ...]:
        units, bias, kinds, mean_kinds, kinds_bias = self.weights
        lengths = np.array([len(each) for each in batch])
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        tokens = np.concatenate(batch)
        lit = np.maximum(tokens @ units + bias, 0)
        largest = np.maximum.reduceat(lit, starts)
        means = np.add.reduceat(tokens, starts) / lengths[:, None]
        seen = np.hstack([np.add.reduceat(lit, starts) / lengths[:, None], largest])
        dropped = (rng.random(seen.shape) > DROPPED) / (1 - DROPPED)
        seen = seen * dropped
        odds = seen @ kinds + means @ mean_kinds + kinds_bias
        odds = np.exp(odds - odds.max(1, keepdims=True))
        error = (odds / odds.sum(1, keepdims=True) - wanted) * (weight / weight.sum())[:, None]
        back = (error @ kinds.T) * dropped
        text = np.repeat(np.arange(len(batch)), lengths)
        lit_back = (back[:, :UNITS] / lengths[:, None])[text] + back[:, UNITS:][text] * (lit == largest[text])
        lit_back = lit_back * (lit > 0)
        return tokens.T @ lit_back, lit_back.sum(0), seen.T @ error, means.T @ error, error.sum(0)


def trained(lines: Sequence[Line], states: States, seed: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    net = Net(rng)
    wanted = np.full((len(lines), CLASSES), SMOOTHED / CLASSES, np.float32)
    wanted[range(len(lines)), [line.kind for line in lines]] += 1 - SMOOTHED
    weight = np.array([line.weight for line in lines], np.float32)
    steps = EPOCHS * -(-len(lines) // BATCH)
    done = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(lines))
        for start in range(0, len(lines), BATCH):
            places = order[start : start + BATCH]
            batch = [states.of(lines[place].text) for place in places]
            net.step(batch, wanted[places], weight[places], RATE * (1 - done / steps), rng)
            done += 1
    return net.weights


def averaged(nets: Sequence[list[Array]]) -> dict[str, Array]:
    """One net that gives the mean of what several give before the softmax."""
    units, bias, kinds, mean_kinds, kinds_bias = zip(*nets, strict=True)
    rows = [each[:UNITS] / len(nets) for each in kinds] + [each[UNITS:] / len(nets) for each in kinds]
    made = (
        np.hstack(units), np.hstack(bias), np.vstack(rows), sum(mean_kinds) / len(nets), sum(kinds_bias) / len(nets),
        np.full(len(KINDS), LOWEST_BAR),
    )  # fmt: skip
    return {name: np.asarray(each, np.float32) for name, each in zip(NAMES, made, strict=True)}


def with_noise(lines: Sequence[Line]) -> list[Line]:
    """Each written line once more with a change that changes nothing: a typing error, a greeting, small letters."""
    changed = [
        Line(
            noisy(line.text, random.Random(zlib.crc32(line.text.encode()))),
            line.kind,
            line.of,
            line.block,
            NOISY_WEIGHT,
        )
        for line in lines
    ]
    return [*lines, *(line for line, before in zip(changed, lines, strict=True) if line.text != before.text)]


def odds_of(weights: dict[str, Array], lines: Sequence[Line], states: States) -> Array:
    head = NeverShared(weights)
    return np.array([head.odds(states.of(line.text)) for line in lines])


def bars_of(odds: Array, lines: Sequence[Line]) -> Array:
    """For each kind the lowest bar that keeps out no more than its share of LOOK_ALIKES of what may be shared."""
    bars = np.full(len(KINDS), LOWEST_BAR, np.float32)
    likeliest = odds[:, 1:].argmax(1)
    shareable = np.array([line.kind == 0 for line in lines])
    may = int(LOOK_ALIKES * sum(line.kind == 0 and not line.block.startswith("odd ") for line in lines) / len(KINDS))
    for kind in range(len(KINDS)):
        kept_out = np.sort(1 - odds[shareable & (likeliest == kind), 0])[::-1]
        if len(kept_out) > may:
            bars[kind] = max(LOWEST_BAR, kept_out[may] + 1e-4)
    return bars


def write_safetensors(path: Path, tensors: dict[str, Array]) -> None:
    """https://huggingface.co/docs/safetensors"""
    about: dict[str, Any] = {}
    at = 0
    for name, tensor in tensors.items():
        about[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    head = json.dumps(about, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    body = b"".join(np.ascontiguousarray(tensor, "<f4").tobytes() for tensor in tensors.values())
    path.write_bytes(len(head).to_bytes(8, "little") + head + body)


def told(name: str, odds: Array, bars: Array, lines: Sequence[Line]) -> None:
    likeliest = odds[:, 1:].argmax(1)
    kept = 1 - odds[:, 0] >= bars[likeliest]
    for kind in range(CLASSES):
        of = np.array([line.kind == kind for line in lines])
        if of.any():
            what = KINDS[kind - 1] if kind else "shareable"
            print(f"{name:10} {what:15} {of.sum():5} lines, kept out {kept[of].mean():7.2%}")
    never = np.array([line.kind > 0 for line in lines])
    if never.any():
        print(f"{name:10} {'never shared':15} {never.sum():5} lines, kept out {kept[never].mean():7.2%}", flush=True)


def calibrated(learnt: Sequence[Line], states: States) -> Array:
    """The bars, from the odds of each line by a net that was trained on the other folds."""
    odds = np.zeros((len(learnt), CLASSES), np.float32)
    for fold in range(FOLDS):
        net = trained([line for line in learnt if line.fold != fold], states, 100 + fold)
        places = [place for place, line in enumerate(learnt) if line.fold == fold]
        odds[places] = odds_of(averaged([net]), [learnt[place] for place in places], states)
    bars = bars_of(odds, learnt)
    print("bars", dict(zip(KINDS, bars.round(3).tolist(), strict=True)))
    told("folds", odds, bars, learnt)
    return bars


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="where the model's graph is built")
    parser.add_argument("weights", type=Path)
    arguments = parser.parse_args()
    states = States(OnnxEmbedder.load(arguments.work))
    by_hand = [*written()]
    taken = frozenset(
        word for line in by_hand if line.kind and len(line.text) < _A_WORD for word in [line.text.lower()]
    )
    lines = [*by_hand, *questions(), *odd(ODD, taken)]
    learnt = [line for line in lines if not line.held_out]
    held_out = [line for line in lines if line.held_out]

    bars = calibrated(learnt, states)
    weights = averaged([trained(with_noise(learnt), states, seed) for seed in range(NETS)])
    weights["bars"] = bars
    told("held out", odds_of(weights, held_out, states), bars, held_out)
    write_safetensors(arguments.weights, weights)
    print(arguments.weights, sha256_of(arguments.weights))


if __name__ == "__main__":
    main()
