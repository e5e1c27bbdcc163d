"""What the verifier learns from: files of pairs, each with a share of the pairs that are seen."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from training.exchanged import exchanged


class Example(NamedTuple):
    """same: 0 or 1; weight: of its loss; soft: how far the label is from certain, 0 to 0.5."""

    a: str
    b: str
    same: float
    weight: float
    soft: float


@dataclass(frozen=True)
class Source:
    """share: relative to the other sources'."""

    name: str
    examples: list[Example]
    share: float


#: Of what is seen, by source. "clean" leaves out what may not be redistributed.
SHARES: Final[Mapping[str, float]] = {
    "generated": 22, "written": 34, "fresh": 18, "hard": 8, "quora": 30, "neighbours": 9, "paws": 2, "intents": 5,
    "same intents": 2.5, "exchanged": 8,
}  # fmt: skip
NOT_CLEAN: Final = frozenset({"quora", "neighbours", "paws"})
_MOST: Final = 260  # characters of any pair
_LONGEST: Final = 140  # characters of both questions of a pair of QQP together
_EXCHANGES: Final = 4  # of each text
_WORDS: Final = re.compile(r"\w+")


def sources(data: Path, work: Path, questions: Path, variant: str, fresh: Collection[str] = ()) -> list[Source]:
    """All sources there are files for. work: what `neighbours`, the generator and `hard` wrote.

    fresh: names of files of questions that the weights one begins with have not seen; they are shown more often.
    """
    found = {
        "generated": [*_rows(work / "generated.jsonl", weight=1, soft=0.01)],
        "written": [*itertools.chain.from_iterable(map(written, sorted(questions.glob("*.txt"))))],
        "fresh": [*itertools.chain.from_iterable(written(questions / name) for name in fresh)],
        "hard": [*_rows(work / "hard.jsonl", weight=1, soft=0.02)],
        "intents": [*_rows(work / "weak.jsonl", weight=1, soft=0.01, kind="other intent")],
        "same intents": [*_rows(work / "weak.jsonl", weight=0.6, soft=0.08, kind="same intent")],
        "neighbours": [*_rows(work / "weak.jsonl", weight=0.5, soft=0.1, kind="neighbour")],
        "quora": [each for each in _rows(data / "qqp_train.jsonl.gz", weight=1, soft=0.04) if _fair(each)],
        "paws": [*_rows(data / "paws_dev.jsonl.gz", weight=1, soft=0.03)],
    }
    found["exchanged"] = [*_exchanged(found["written"] if variant == "clean" else found["written"] + found["quora"])]
    return [
        Source(name, examples, SHARES[name])
        for name, examples in found.items()
        if examples and not (variant == "clean" and name in NOT_CLEAN)
    ]


def written(path: Path, *, held_out: bool = False) -> Iterator[Example]:
    """The pairs of a file of questions: lines of a block with "=" ask the same, those with "!" something else.

    held_out: those of one block in ten, which are not trained on but measured and calibrated with.
    """
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        if not lines or (zlib.crc32(lines[0].encode()) % 10 == 0) != held_out:
            continue
        same = list(dict.fromkeys(line[1:].strip() for line in lines if line.startswith("=")))
        other = [line[1:].strip() for line in lines if line.startswith("!")]
        for a, b in itertools.combinations(same, 2):
            yield Example(a, b, 1, 1.2, 0.01)
        for a in same:
            for b in other:
                if a != b:
                    yield Example(a, b, 0, 0.8, 0.01)


def _exchanged(examples: list[Example]) -> Iterator[Example]:
    rng = random.Random(11)
    texts = sorted({each.a for each in examples})
    words = sorted(
        {word for text in texts for word in _WORDS.findall(text.lower()) if len(word) > 2 and word.isalpha()}
    )
    for _ in range(_EXCHANGES):
        for a, b in exchanged(texts, words, rng):
            yield Example(a, b, 0, 1, 0.02)


def endless(chosen: list[Source], rng: random.Random) -> Iterator[Example]:
    """Examples by their sources' shares; each source goes round in an order of its own."""
    rounds = [_round(source.examples, random.Random(rng.random())) for source in chosen]
    shares = [source.share for source in chosen]
    while True:
        for number in rng.choices(range(len(chosen)), shares, k=1000):
            yield next(rounds[number])


def noisy(text: str, rng: random.Random) -> str:
    """The text with a change that never changes what it asks."""
    chance = rng.random()
    if chance < 0.3:
        return text.lower()
    if chance < 0.45:
        return rng.choice(_OPENINGS) + (text[0].lower() + text[1:] if text[1:2].islower() else text)
    if chance < 0.6:
        return text.rstrip("?.! ") + rng.choice(_ENDINGS)
    words = text.split()
    places = [place for place, word in enumerate(words) if len(word) > 6 and word.isalpha() and word.islower()]
    if not places:
        return text.rstrip("?.! ")
    place = rng.choice(places)
    word, at, kind = words[place], rng.randrange(1, len(words[place]) - 2), rng.random()
    if kind < 0.5:
        words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    elif kind < 0.8:
        words[place] = word[:at] + word[at + 1 :]
    else:
        words[place] = word[:at] + word[at] + word[at:]
    return " ".join(words)


_OPENINGS: Final = (
    "Hi, ",
    "Please tell me: ",
    "Quick question - ",
    "Hey! ",
    "Could you explain: ",
    "so ",
    "I wonder, ",
)
_ENDINGS: Final = ("", ".", "??", " please", " thanks!", "? Thank you.", " ?")


def _rows(path: Path, *, weight: float, soft: float, kind: str | None = None) -> Iterator[Example]:
    if not path.exists():
        return
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if (kind is None or row["kind"] == kind) and row["a"] != row["b"] and len(row["a"]) + len(row["b"]) < _MOST:
                yield Example(row["a"], row["b"], row["same"], weight, soft)


def _fair(example: Example) -> bool:
    """Not too long, and near enough that the label says something."""
    if len(example.a) + len(example.b) > _LONGEST:
        return False
    one, other = (set(_WORDS.findall(text.lower())) for text in (example.a, example.b))
    return len(one & other) >= 0.2 * len(one | other)


def _round(examples: list[Example], rng: random.Random) -> Iterator[Example]:
    order = list(range(len(examples)))
    while True:
        rng.shuffle(order)
        for number in order:
            yield examples[number]
