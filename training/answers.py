"""Fits the comparison of answers on labelled ones, and measures its error on those that were held out.

    python -m training.answers WORK [mitmgate/weights/answers.json]     (the project's own environment: needs no torch)

`training/answers/*.txt` has questions (`?`) with several answers (`=`) that say the same, and near misses
(`! kind | question`) with answers of their own. Answers to one question are a pair that is the same, answers to two
questions of a block one that is different. Each half of the blocks is measured by weights and a bar that were fitted on
the other one; those that are shipped are fitted on both. The intervals are those of blocks: pairs of one block are much
alike.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mitmgate.core.answer_comparison import FILE, NAMES, deciding, features
from mitmgate.core.answer_reading import embedded_pieces, read_answer
from mitmgate.services.embedder import Embedder, load_embedder
from training.calibrate import Numbers, fitted

ANSWERS: Final = Path(__file__).parent / "answers"
MOST_OF_A_BLOCK: Final = 4  # pairs of each label
FOLDS: Final = 5
FALSE_ALARMS: Final = 0.03  # wrong hits are rare: more would drown them
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Pair:
    """same: 1 when one answer is right for both questions. block: the question that heads it."""

    a: str
    answer_a: str
    b: str
    answer_b: str
    same: int
    kind: str
    block: str


@dataclass(slots=True)
class Asked:
    question: str
    kind: str
    answers: list[str] = field(default_factory=list)


def blocks(text: str) -> Iterator[list[Asked]]:
    """The first of a block is its question, the others are its near misses. Raises ValueError for another shape."""
    block: list[Asked] = []
    for line in text.splitlines():
        mark, rest = line[:2], line[2:]
        if mark == "? ":
            if block:
                yield block
            block = [Asked(rest, "same")]
        elif mark == "! ":
            kind, _, question = rest.partition(" | ")
            block.append(Asked(question, kind))
        elif mark == "= " and block:
            block[-1].answers.append(rest)
        elif block and block[-1].answers:
            block[-1].answers[-1] += "\n" + line
        else:
            raise ValueError(f"neither a question nor an answer: {line!r}")
    if block:
        yield block


def pairs_of(block: list[Asked]) -> Iterator[Pair]:
    """At most MOST_OF_A_BLOCK of each label, the near misses in turn."""
    head = block[0].question
    same = [
        Pair(asked.question, one, asked.question, other, 1, "same", head)
        for asked in block
        for one, other in itertools.combinations(map(str.strip, asked.answers), 2)
    ]
    by_question = [
        [
            Pair(head, mine.strip(), asked.question, theirs.strip(), 0, asked.kind, head)
            for theirs in asked.answers
            for mine in block[0].answers
        ]
        for asked in block[1:]
    ]
    different = [pair for turn in itertools.zip_longest(*by_question) for pair in turn if pair is not None]
    yield from same[:MOST_OF_A_BLOCK]
    yield from different[:MOST_OF_A_BLOCK]


def labelled(folder: Path = ANSWERS) -> list[Pair]:
    files = sorted(folder.glob("*.txt"))
    return [pair for path in files for block in blocks(path.read_text(encoding="utf-8")) for pair in pairs_of(block)]


def in_second_half(block: str) -> bool:
    """Half of the blocks, by a digest of the question."""
    return _digest(block) % 2 == 1


def _digest(block: str) -> int:
    return hashlib.blake2b(block.encode(), digest_size=1).digest()[0]


def matrix(pairs: list[Pair], embedder: Embedder) -> Numbers:
    """float64[n, features + 1]; the last column is 1."""
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.answer_a, pair.answer_b)))
    vectors = {text: _vector(text, embedder) for text in texts}
    rows = []
    for pair in pairs:
        similarity = float(vectors[pair.answer_a] @ vectors[pair.answer_b])
        rows.append([*features(read_answer(pair.answer_a), read_answer(pair.answer_b), similarity), 1.0])
    return np.array(rows, np.float64)


def _vector(text: str, embedder: Embedder) -> Numbers:
    """As the matcher embeds an answer."""
    total = embedder.embed(embedded_pieces(text)).sum(0, dtype=np.float64)
    return np.asarray(total / np.linalg.norm(total), np.float64)


def balanced(pairs: list[Pair]) -> Numbers:
    """A weight for each pair, so that both labels count the same and, within each, all blocks."""
    of_block = Counter((pair.block, pair.same) for pair in pairs)
    of_label = Counter(same for _, same in of_block)
    return np.array([100 / of_block[pair.block, pair.same] / of_label[pair.same] for pair in pairs])


def with_right_signs(x: Numbers, y: Numbers, weight: Numbers) -> Numbers:
    """As `fitted`, but only the similarity speaks for two answers, and all else against them; what would not is 0."""
    used = list(range(x.shape[1]))
    while True:
        found = fitted(x[:, used], y, weight)
        wrong = [(abs(each), place) for place, each in zip(used, found, strict=True) if _is_wrong(place, each)]
        if not wrong:
            break
        used.remove(max(wrong)[1])
    whole = np.zeros(x.shape[1])
    whole[used] = found
    return whole


def _is_wrong(place: int, weight: float) -> bool:
    return place < len(NAMES) and (weight < 0 if place == 0 else weight > 0)


def fitted_open(x: Numbers, pairs: list[Pair]) -> Numbers:
    """Weights from the pairs that no deciding feature decides."""
    is_open = ~is_decided(x)
    rest = [pair for pair, open_ in zip(pairs, is_open, strict=True) if open_]
    return with_right_signs(x[is_open], np.array([pair.same for pair in rest], np.float64), balanced(rest))


def is_decided(x: Numbers) -> npt.NDArray[np.bool_]:
    return np.array([bool(deciding(tuple(row[:-1]))) for row in x], np.bool_)


def scored(x: Numbers, weights: Numbers) -> Numbers:
    return np.where(is_decided(x), -math.inf, x @ weights)


def fit(x: Numbers, pairs: list[Pair]) -> tuple[Numbers, float]:
    """-> weights and bar."""
    return fitted_open(x, pairs), bar_of(unseen_scores(x, pairs), pairs)


def unseen_scores(x: Numbers, pairs: list[Pair]) -> Numbers:
    """Of each pair by weights that were fitted without its block, so that a bar chosen on them is not too bold."""
    fold = np.array([_digest(pair.block) // 2 % FOLDS for pair in pairs])
    scores = np.zeros(len(pairs))
    for each in range(FOLDS):
        rest = [pair for pair, its in zip(pairs, fold, strict=True) if its != each]
        scores[fold == each] = scored(x[fold == each], fitted_open(x[fold != each], rest))
    return scores


def bar_of(scores: Numbers, pairs: list[Pair]) -> float:
    """The highest at which no more than FALSE_ALARMS of the pairs that are the same, and not decided, fall below."""
    same = np.sort([score for score, pair in zip(scores, pairs, strict=True) if pair.same and score > -math.inf])
    return float(same[math.floor(FALSE_ALARMS * len(same))] - 1e-4)


@dataclass(frozen=True, slots=True)
class Rate:
    """trials: of as many independent pairs the rate would be as uncertain; fewer than pairs, for blocks are alike."""

    rate: float
    trials: int
    pairs: int

    def interval(self) -> tuple[float, float]:
        """Wilson (1927), 95 %."""
        n, z2 = self.trials, _Z**2
        middle = (self.rate + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(self.rate * (1 - self.rate) / n + z2 / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


def rate(outcomes: Iterable[tuple[str, bool]]) -> Rate:
    """Of (block, came out right). The variance is the one between blocks (Rao & Scott 1992)."""
    right: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for block, good in outcomes:
        right[block] += good
        all_of[block] += 1
    pairs, good_pairs = sum(all_of.values()), sum(right.values())
    share = good_pairs / pairs
    between = sum((right[block] - share * count) ** 2 for block, count in all_of.items()) / pairs**2
    between *= len(all_of) / max(1, len(all_of) - 1)
    trials = share * (1 - share) / between if between else len(all_of)
    return Rate(share, max(1, min(pairs, round(trials))), pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=FILE)
    parser.add_argument("--show", action="store_true", help="print the pairs that come out wrong")
    arguments = parser.parse_args()
    pairs = labelled()
    x = matrix(pairs, load_embedder("onnx", arguments.work))
    second = np.array([in_second_half(pair.block) for pair in pairs])
    found = list[tuple[Pair, bool]]()
    for half in (second, ~second):
        weights, bar = fit(x[~half], [pair for pair, its in zip(pairs, half, strict=True) if not its])
        scores = scored(x[half], weights)
        rest = [pair for pair, its in zip(pairs, half, strict=True) if its]
        found += [(pair, bool(score >= bar)) for pair, score in zip(rest, scores, strict=True)]
    measured = {
        "sensitivity": rate((pair.block, not agrees) for pair, agrees in found if not pair.same),
        "specificity": rate((pair.block, agrees) for pair, agrees in found if pair.same),
    }
    for what, each in measured.items():
        low, high = each.interval()
        print(f"{what} {each.rate:.3f} ({low:.3f} to {high:.3f}) of {each.pairs} pairs, {each.trials} trials")
    for kind in sorted({pair.kind for pair, _ in found}):
        agree = [agrees for pair, agrees in found if pair.kind == kind]
        print(f"  {kind}: {sum(agree)} of {len(agree)} agree")
    weights, bar = fit(x, pairs)
    if arguments.show:
        for pair, agrees in found:
            if agrees != bool(pair.same):
                print(f"\n{pair.kind}: {pair.answer_a}\n--\n{pair.answer_b}")
    print({name: round(float(each), 2) for name, each in zip((*NAMES, "1"), weights, strict=True)}, round(bar, 3))
    arguments.out.write_text(
        json.dumps(
            {
                "names": list(NAMES),
                "weights": [round(float(each), 4) for each in weights[:-1]],
                "intercept": round(float(weights[-1]), 4),
                "bar": round(bar, 4),
                **{what: {"rate": round(each.rate, 4), "trials": each.trials} for what, each in measured.items()},
            },
            indent=1,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
