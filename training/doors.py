"""Trains the classifier of what must never be shared between users on the lines of `doors/`, and calibrates its bars.

    python -m training.doors WORK mitmgate/weights/never_shared.safetensors [--keep FILE]

A line of `doors/KIND.txt` that begins with `-` is of that kind, one with `+` may be shared. One block in ten is held
out by a hash of its first line: it is measured on, neither trained on nor calibrated with. The questions of
`questions/` that are no requests to an assistant with one's own data may be shared as well, and so may odd texts that
mean nothing.

The head for other languages learns from `doors/elsewhere/`, where a block has one topic in many languages, and from
what of the above has no small word of English. It takes three minutes; --keep leaves the head for English
as it is in FILE.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mitmgate.core.text.language import has_small_english
from mitmgate.services.bert_graph import WIDTH
from mitmgate.services.embedder import OnnxEmbedder
from mitmgate.services.minilm import read_safetensors, sha256_of
from mitmgate.services.never_shared import ELSEWHERE, KINDS, LETTERS, NAMES, RUNS, Head, letters
from training.data import noisy

FOLDER: Final = Path(__file__).parent
OTHER_LANGUAGES: Final = FOLDER / "doors" / "elsewhere"
FILES: Final = dict(
    zip(("secret", "random", "no_context", "personal", "present", "crisis"), range(1, 7), strict=True)
) | {"shareable": 0}
SHAREABLE: Final = ("conditions", "facets", "logic", "paraphrases", "roles", "swaps", "tasks")  # of questions/
CLASSES: Final = len(KINDS) + 1
UNITS, NETS = 24, 4  # the nets are averaged, which makes one with the units of all
FOLDS: Final = 3
EPOCHS, BATCH, RATE, DECAY, DROPPED, SMOOTHED = 12, 96, 4e-3, 0.1, 0.25, 0.02
UNITS_ELSEWHERE, EPOCHS_ELSEWHERE = 48, 20
EPOCHS_LETTERS, RATE_LETTERS, DECAY_LETTERS = 12, 0.02, 1e-4
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
#: Other languages are read less well, and are served for equal words only: a mistake costs one call.
LOOK_ALIKES_ELSEWHERE: Final = 0.1

type Array = npt.NDArray[np.float32]
type Weights = dict[str, Array]


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

    def __init__(self, rng: np.random.Generator, units: int = UNITS) -> None:
        self.weights: list[Array] = [
            each.astype(np.float32)
            for each in (
                rng.normal(0, 0.5 * WIDTH**-0.5, (WIDTH, units)),
                np.zeros(units),
                rng.normal(0, (2 * units) ** -0.5, (2 * units, CLASSES)),
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
        lit_back = (back[:, : len(bias)] / lengths[:, None])[text] + back[:, len(bias) :][text] * (lit == largest[text])
        lit_back = lit_back * (lit > 0)
        return tokens.T @ lit_back, lit_back.sum(0), seen.T @ error, means.T @ error, error.sum(0)


def trained(lines: Sequence[Line], states: States, seed: int, units: int = UNITS, epochs: int = EPOCHS) -> list[Array]:
    rng = np.random.default_rng(seed)
    net = Net(rng, units)
    wanted, weight = _wanted(lines), np.array([line.weight for line in lines], np.float32)
    steps = epochs * -(-len(lines) // BATCH)
    done = 0
    for _ in range(epochs):
        order = rng.permutation(len(lines))
        for start in range(0, len(lines), BATCH):
            places = order[start : start + BATCH]
            batch = [states.of(lines[place].text) for place in places]
            net.step(batch, wanted[places], weight[places], RATE * (1 - done / steps), rng)
            done += 1
    return net.weights


def _wanted(lines: Sequence[Line]) -> Array:
    wanted = np.full((len(lines), CLASSES), SMOOTHED / CLASSES, np.float32)
    wanted[range(len(lines)), [line.kind for line in lines]] += 1 - SMOOTHED
    return wanted


def letters_trained(lines: Sequence[Line], seed: int) -> Array:
    """What each run of letters says, by Adam; a run is left out now and then. -> float32[RUNS, 7]"""
    rng = np.random.default_rng(seed)
    runs = [letters(line.text) for line in lines]
    wanted, weight = _wanted(lines), np.array([line.weight for line in lines], np.float32)
    said = np.zeros((RUNS, CLASSES), np.float32)
    first, second = np.zeros_like(said), np.zeros_like(said)
    steps = EPOCHS_LETTERS * -(-len(lines) // BATCH)
    for done in range(steps):
        if done % -(-len(lines) // BATCH) == 0:
            order = rng.permutation(len(lines))
        places = order[done % -(-len(lines) // BATCH) * BATCH :][:BATCH]
        seen = np.zeros((len(places), RUNS), np.float32)
        for row, place in enumerate(places):
            seen[row, runs[place]] = len(runs[place]) ** -0.5
        seen *= (rng.random(seen.shape, np.float32) > DROPPED) / np.float32(1 - DROPPED)
        odds = seen @ said
        odds = np.exp(odds - odds.max(1, keepdims=True))
        error = (odds / odds.sum(1, keepdims=True) - wanted[places]) * (weight[places] / weight[places].sum())[:, None]
        gradient = seen.T @ error + DECAY_LETTERS * said
        first += 0.1 * (gradient - first)
        second += 0.01 * (gradient**2 - second)
        change = (first / (1 - 0.9 ** (done + 1))) / (np.sqrt(second / (1 - 0.99 ** (done + 1))) + 1e-8)
        said -= (RATE_LETTERS * (1 - done / steps) * change).astype(np.float32)
    return said


def averaged(nets: Sequence[list[Array]]) -> Weights:
    """One net that gives the mean of what several give before the softmax."""
    units, bias, kinds, mean_kinds, kinds_bias = zip(*nets, strict=True)
    rows = [half / len(nets) for place in (0, 1) for each in kinds for half in [np.split(each, 2)[place]]]
    made = (
        np.hstack(units), np.hstack(bias), np.vstack(rows), sum(mean_kinds) / len(nets), sum(kinds_bias) / len(nets),
        np.full(len(KINDS), LOWEST_BAR),
    )  # fmt: skip
    return {name: np.asarray(each, np.float32) for name, each in zip(NAMES, made, strict=True)}


def with_noise(lines: Sequence[Line]) -> list[Line]:
    """Each written line once more with a change that changes nothing: a typing error, a greeting, small letters."""
    return _twice(lines, lambda text: noisy(text, random.Random(zlib.crc32(text.encode()))))


def unmarked(lines: Sequence[Line]) -> list[Line]:
    """Each line of another language once more without its punctuation, where it has any."""
    return _twice(lines, lambda text: text.strip("¿?!.。？؟ "))


def _twice(lines: Sequence[Line], change: Callable[[str], str]) -> list[Line]:
    changed = [Line(change(line.text), line.kind, line.of, line.block, NOISY_WEIGHT) for line in lines]
    return [*lines, *(line for line, before in zip(changed, lines, strict=True) if line.text != before.text)]


def odds_of(weights: Weights, lines: Sequence[Line], states: States) -> Array:
    head = Head(weights)
    return np.array([head.odds(states.of(line.text), letters(line.text)) for line in lines])


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


def common_bar(odds: Array, lines: Sequence[Line]) -> Array:
    """One for all kinds, at which LOOK_ALIKES_ELSEWHERE of what may be shared are kept out."""
    shareable = np.array([line.kind == 0 for line in lines])
    return np.full(len(KINDS), np.quantile(1 - odds[shareable, 0], 1 - LOOK_ALIKES_ELSEWHERE), np.float32)


def write_safetensors(path: Path, tensors: Weights) -> None:
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
            print(f"{name:19} {what:15} {of.sum():5} lines, kept out {kept[of].mean():7.2%}")
    never = np.array([line.kind > 0 for line in lines])
    if never.any():
        print(f"{name:19} {'never shared':15} {never.sum():5} lines, kept out {kept[never].mean():7.2%}", flush=True)


def fold_odds(learnt: Sequence[Line], states: States, made: Callable[[list[Line], int], Weights]) -> Array:
    """Of each line by a head that was made of the other folds, with a seed."""
    odds = np.zeros((len(learnt), CLASSES), np.float32)
    for fold in range(FOLDS):
        weights = made([line for line in learnt if line.fold != fold], 100 + fold)
        places = [place for place, line in enumerate(learnt) if line.fold == fold]
        odds[places] = odds_of(weights, [learnt[place] for place in places], states)
    return odds


def told_of_folds(name: str, odds: Array, bars: Array, learnt: Sequence[Line]) -> None:
    print("bars", dict(zip(KINDS, bars.round(3).tolist(), strict=True)))
    told(f"{name}, folds", odds, bars, learnt)


def english() -> list[Line]:
    by_hand = [*written()]
    taken = frozenset(
        word for line in by_hand if line.kind and len(line.text) < _A_WORD for word in [line.text.lower()]
    )
    return [*by_hand, *questions(), *odd(ODD, taken)]


def learnt_of(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if not line.held_out]


def head_for_english(lines: Sequence[Line], states: States) -> Weights:
    learnt = learnt_of(lines)
    odds = fold_odds(learnt, states, lambda some, seed: averaged([trained(some, states, seed)]))
    bars = bars_of(odds, learnt)
    told_of_folds("English", odds, bars, learnt)
    return averaged([trained(with_noise(learnt), states, seed) for seed in range(NETS)]) | {"bars": bars}


def head_for_others(lines: Sequence[Line], in_english: Sequence[Line], states: States) -> Weights:
    """It is asked for what is surely not English, and for what might be anything.

    Nothing is held out but in folds: a block has a whole topic, and there are few.
    """
    unsure = [line for line in learnt_of(in_english) if not has_small_english(line.text)]

    def made(some: list[Line], seed: int, nets: int = 1) -> Weights:
        seen = [*unsure, *unmarked(some)]
        several = [trained(seen, states, seed + net, UNITS_ELSEWHERE, EPOCHS_ELSEWHERE) for net in range(nets)]
        return averaged(several) | {LETTERS: letters_trained(seen, seed)}

    odds = fold_odds(lines, states, made)
    bars = common_bar(odds, lines)
    told_of_folds("elsewhere", odds, bars, lines)
    return made([*lines], 0, NETS) | {"bars": bars}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="where the model's graph is built")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="has the head for English, which is not trained then")
    arguments = parser.parse_args()
    states = States(OnnxEmbedder.load(arguments.work))
    in_english, elsewhere = english(), [*written(OTHER_LANGUAGES)]
    if arguments.keep is None:
        weights = head_for_english(in_english, states)
    else:
        kept = read_safetensors(arguments.keep)
        weights = {name: np.array(kept[name], np.float32) for name in NAMES}
    held_out = [line for line in in_english if line.held_out]
    told("English, held out", odds_of(weights, held_out, states), weights["bars"], held_out)
    others = head_for_others(elsewhere, in_english, states)
    write_safetensors(arguments.weights, weights | {ELSEWHERE + name: each for name, each in others.items()})
    print(arguments.weights, sha256_of(arguments.weights))


if __name__ == "__main__":
    main()
