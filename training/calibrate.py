"""Fits the verdict's last layer and its bars, on questions the verifier was not trained on.

    python -m training.calibrate DATA WORK OUT.json        (the project's own environment: needs no torch)

DATA holds the development streams; WORK takes what was computed (log-odds of pairs), so that a second run is quick.
For each question of a stream its nearest earlier ones are judged, as live traffic would; labelled pairs alone are too
easy. The curve tells which share of all hits at a bar was wrong, each stream counting the same; the labels of QQP are
noisy, and a hit they call wrong counts QQP_WRONG: of 136 read by hand 96 were the same question, 20 clearly wrong, and
of the others most may be called so.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mitmgate.core.calibration import Calibration
from mitmgate.core.text.features import NAMES
from mitmgate.core.verdict import Considered, consider
from mitmgate.matcher.offline import OfflineJudge
from training.data import written

FLOOR: Final = 0.78
NEAREST: Final = 16
ASKED: Final = 3  # nearest open pairs of a question that are looked at
QQP_WRONG: Final = 0.25
_L2: Final = 2.0
_BARS: Final = [*np.arange(0.30, 0.98, 0.01), *np.arange(0.98, 0.9995, 0.002)]

type Numbers = npt.NDArray[np.float64]


@dataclass(slots=True)
class Pair:
    """A question and one of its nearest. label: 1 same, 0 different, None unknown; group: the question's number."""

    query: str
    stored: str
    similarity: float
    label: int | None
    group: int
    source: str
    considered: Considered | None = None
    log_odds: float = 0.0


def rows_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def neighbours(rows: list[dict[str, Any]], judge: OfflineJudge, kept: Path, source: str, first: int) -> Iterator[Pair]:
    """Of each question from the place `first` on, the nearest that came before it."""
    texts = [row["q"] for row in rows]
    vectors = _kept_vectors(texts, judge, kept)
    for place in range(first, len(rows)):
        scores = vectors[:place] @ vectors[place]
        row = rows[place]
        refused = set(row.get("neg") or ())
        for other in np.argsort(-scores)[:NEAREST]:
            if scores[other] < FLOOR:
                break
            theirs = rows[other]["cls"]
            label = 1 if theirs == row["cls"] else 0 if theirs in refused or "neg" not in row else None
            yield Pair(texts[place], texts[other], float(scores[other]), label, place, source)


def held_out_blocks(questions: Path, judge: OfflineJudge) -> Iterator[Pair]:
    examples = [each for path in sorted(questions.glob("*.txt")) for each in written(path, held_out=True)]
    texts = list(dict.fromkeys(text for each in examples for text in (each.a, each.b)))
    vectors = dict(zip(texts, judge.vectors(texts), strict=True))
    for number, each in enumerate(examples):
        similarity = float(vectors[each.a] @ vectors[each.b])
        if similarity >= FLOOR:
            yield Pair(each.a, each.b, similarity, int(each.same), number, "written")


def studied(pairs: Iterable[Pair], judge: OfflineJudge, kept: Path) -> list[Pair]:
    """The pairs that no fact decides, at most ASKED of a question, with their log-odds."""
    prior = Calibration("", FLOOR, (), 0.0, (1.0, *(0.0 for _ in NAMES)), ())
    known: dict[str, float] = json.loads(kept.read_text()) if kept.exists() else {}
    found: list[Pair] = []
    taken: dict[int, int] = {}
    for number, pair in enumerate(pairs):
        considered = consider(pair.query, pair.stored, pair.similarity, prior, 0.0)
        if not considered.open or taken.get(pair.group, 0) >= ASKED:
            continue
        taken[pair.group] = taken.get(pair.group, 0) + 1
        key = f"{pair.query}\t{pair.stored}"
        if key not in known:
            log_odds = judge.log_odds(pair.query, pair.stored)
            if log_odds is None:
                continue
            known[key] = log_odds
        pair.considered, pair.log_odds = considered, known[key]
        found.append(pair)
        if number % 2000 == 0:
            print(f"  {number} pairs", flush=True)
    kept.write_text(json.dumps(known))
    return found


def matrix(pairs: list[Pair], *, log_odds: bool) -> Numbers:
    rows = []
    for pair in pairs:
        assert pair.considered is not None
        values = [pair.similarity, *pair.considered.features]
        rows.append([*values, pair.log_odds, 1.0] if log_odds else [*values, 1.0])
    return np.array(rows, np.float64)


def fitted(x: Numbers, y: Numbers, weight: Numbers) -> Numbers:
    """Logistic regression with an L2 penalty, by Newton's method. The last column is the intercept."""
    scale = x.std(0)
    scale[scale == 0] = 1
    scaled = x / scale
    penalty = np.full(x.shape[1], _L2)
    penalty[-1] = 1e-6
    found = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(scaled @ found, -30, 30)))
        gradient = scaled.T @ (weight * (p - y)) + penalty * found
        hessian = (scaled * (weight * p * (1 - p) + 1e-9)[:, None]).T @ scaled + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        found -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    return np.asarray(found / scale, np.float64)


def curve(pairs: list[Pair], probabilities: Numbers) -> list[tuple[float, float]]:
    """(bar, share of wrong hits). The best open pair of each question is its hit."""
    best: dict[tuple[str, int], tuple[float, Pair]] = {}
    for pair, probability in zip(pairs, probabilities, strict=True):
        key = (pair.source, pair.group)
        if pair.source != "written" and (key not in best or best[key][0] < probability):
            best[key] = (float(probability), pair)
    points = []
    for bar in _BARS:
        shares = []
        for source in ("qqp", "minimal"):
            hits = [pair for (name, _), (p, pair) in best.items() if name == source and p >= bar]
            labelled = [pair for pair in hits if pair.label is not None]
            wrong = sum(pair.label == 0 for pair in labelled) * (QQP_WRONG if source == "qqp" else 1.0)
            shares.append((wrong + 0.5) / (len(labelled) + 1))
        points.append((round(float(bar), 4), float(np.mean(shares))))
    # At the highest bars there are few hits to count: no bar is taken for worse than one below it.
    lowest = np.minimum.accumulate([wrong for _, wrong in points])
    return [(bar, round(float(wrong), 5)) for (bar, _), wrong in zip(points, lowest, strict=True)]


def _kept_vectors(texts: list[str], judge: OfflineJudge, kept: Path) -> npt.NDArray[np.float32]:
    if kept.exists() and len(found := np.load(kept)) == len(texts):
        return np.asarray(found, np.float32)
    vectors = judge.vectors(texts)
    np.save(kept, vectors)
    return vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--questions", type=Path, default=Path(__file__).parent / "questions")
    parser.add_argument("--verifier", type=Path, help="another file than the shipped one")
    parser.add_argument("--from", dest="first", type=int, default=14_000, help="first question of the QQP stream")
    arguments = parser.parse_args()
    judge = OfflineJudge.load(
        arguments.work, verifier=arguments.verifier, calibration=Calibration("", FLOOR, (), 0, (), ())
    )
    kept = arguments.work / f"log-odds-{judge.verifier_id}.json"
    pairs: list[Pair] = []
    for source, name, first in (("qqp", "stream_qqp_dev", arguments.first), ("minimal", "stream_minpairs_dev", 2_000)):
        rows = rows_of(arguments.data / f"{name}.jsonl.gz")
        if source == "minimal":
            for row in rows:
                row.pop("neg", None)
        print(source, flush=True)
        found = neighbours(rows, judge, arguments.work / f"{name}.npy", source, first)
        pairs += studied(found, judge, kept)
    pairs += studied(held_out_blocks(arguments.questions, judge), judge, kept)
    labelled = [pair for pair in pairs if pair.label is not None]
    y = np.array([pair.label for pair in labelled], np.float64)
    sizes = {name: sum(pair.source == name for pair in labelled) for name in {pair.source for pair in labelled}}
    weight = np.array([3000 / sizes[pair.source] for pair in labelled])
    weights = fitted(matrix(labelled, log_odds=True), y, weight)
    prior = fitted(matrix(labelled, log_odds=False), y, weight)
    p = 1 / (1 + np.exp(-np.clip(matrix(pairs, log_odds=True) @ weights, -30, 30)))
    points = curve(pairs, p)
    names = ["similarity", *NAMES, "log-odds"]
    arguments.out.write_text(
        json.dumps(
            {
                "verifier": judge.verifier_id,
                "floor": FLOOR,
                "names": names,
                "weights": [round(float(each), 5) for each in weights[:-1]],
                "intercept": round(float(weights[-1]), 5),
                "prior": [round(float(each), 5) for each in prior[:-1]],
                "curve": points,
            },
            indent=1,
        )
        + "\n"
    )
    print(sizes, {name: round(float(each), 2) for name, each in zip(names, weights, strict=False)})
    for bar, wrong in points:
        print(f"{bar:.3f} {100 * wrong:.2f} %")


if __name__ == "__main__":
    main()
