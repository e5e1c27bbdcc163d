"""How often the cache answers, and how often wrongly, next to a bare cosine: the live path's code on labelled data.

    python bench/bench_cache.py --data DIR [--share 0.25] [--max-wrong 0.005]

DIR holds the files whose README is beside them: pairs of questions ({"a", "b", "same", "kind"}) and streams of
questions ({"q", "cls", "neg"}, in order of arrival). A stream's hit is right (same class), wrong (a class that somebody
labelled different, or any other class where classes are exact) or unknown. --share takes a part of each file, for a
quick look. Vectors and log-odds are kept in --kept, so that a second run is quick.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mitmgate.core.verdict import CONSIDERED
from mitmgate.matcher.offline import OfflineJudge

PAIRS: Final = ("minpairs_dev", "qqp_dev", "paws_dev")
STREAMS: Final = ("stream_minpairs_dev", "stream_qqp_dev", "stream_banking77_train")
COSINES: Final = (0.85, 0.90, 0.95)
_BLOCK: Final = 500


class KeptJudge(OfflineJudge):
    """Remembers log-odds in a file."""

    kept: dict[str, float | None]

    def log_odds(self, query: str, stored: str) -> float | None:
        key = f"{min(query, stored)}\t{max(query, stored)}"
        if key not in self.kept:
            self.kept[key] = super().log_odds(query, stored)
        return self.kept[key]


@dataclass
class Counted:
    """What came of a stream's or file's questions at one policy."""

    possible: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        right, wrong, unknown = (self.counts[name] for name in ("right", "wrong", "unknown"))
        labelled = right + wrong
        return (
            f"right {100 * right / max(self.possible, 1):5.1f} % of {self.possible} possible, wrong"
            f" {100 * wrong / max(labelled, 1):5.2f} % of {labelled} labelled hits, unknown {unknown}"
        )


def rows_of(path: Path, share: float) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return rows[: int(len(rows) * share)]


def vectors_of(texts: list[str], judge: OfflineJudge, file: Path) -> npt.NDArray[np.float32]:
    if file.exists() and len(found := np.load(file)) == len(texts):
        return np.asarray(found, np.float32)
    made = judge.vectors(texts)
    np.save(file, made)
    return made


def pairs(rows: list[dict[str, Any]], judge: KeptJudge, kept: Path, name: str, bar: float) -> None:
    """Share served of the different and of the same, precision and recall."""
    texts = list(dict.fromkeys(row[side] for row in rows for side in "ab"))
    vectors = dict(zip(texts, vectors_of(texts, judge, kept / f"{name}-{len(texts)}.npy"), strict=True))
    same = np.array([row["same"] == 1 for row in rows])
    cosines = np.array([float(vectors[row["a"]] @ vectors[row["b"]]) for row in rows])
    policies = {f"cosine {cosine:.2f}": cosines >= cosine for cosine in COSINES}
    begun = time.process_time()
    judged = [judge.judge(row["b"], row["a"], min(1.0, cosine), bar) for row, cosine in zip(rows, cosines, strict=True)]
    spent_s = time.process_time() - begun
    policies["verdict"] = np.array([each.verdict.accept for each in judged])
    each_ms = 1000 * spent_s / len(rows)
    print(f"{name}: {len(rows)} pairs, {int(same.sum())} of them the same; {each_ms:.2f} ms of CPU a pair")
    for policy, served in policies.items():
        right, wrong = int((served & same).sum()), int((served & ~same).sum())
        print(
            f"  {policy:12} different served {100 * wrong / max(int((~same).sum()), 1):6.2f} % ({wrong}), same served"
            f" {100 * right / max(int(same.sum()), 1):5.1f} %, precision {100 * right / max(right + wrong, 1):5.1f} %"
        )
    served = policies["verdict"]
    kinds = Counter(row["kind"] for row in rows)
    bad = {
        kind: sum(served[at] and not same[at] for at, row in enumerate(rows) if row["kind"] == kind) for kind in kinds
    }
    lost = {
        kind: sum(not served[at] and same[at] for at, row in enumerate(rows) if row["kind"] == kind) for kind in kinds
    }
    print("  wrong by kind:", {kind: int(count) for kind, count in bad.items() if count})
    print("  lost by kind:", {kind: int(count) for kind, count in lost.items() if count > 20})


def stream(rows: list[dict[str, Any]], judge: KeptJudge, kept: Path, name: str, bar: float, shown: int) -> None:
    """Right hits of the possible and wrong ones of the labelled, at cosines and by the verdict."""
    texts = [row["q"] for row in rows]
    vectors = vectors_of(texts, judge, kept / f"{name}-{len(texts)}.npy")
    counted = {policy: Counted() for policy in (*(f"cosine {cosine:.2f}" for cosine in COSINES), "verdict")}
    examples: dict[str, list[str]] = {"wrong": [], "unknown": []}
    seen: set[Any] = set()
    for place, nearest in _nearest(vectors):
        row = rows[place]
        for each in counted.values():
            each.possible += row["cls"] in seen
        seen.add(row["cls"])
        for cosine in COSINES:
            if nearest and nearest[0][1] >= cosine:
                counted[f"cosine {cosine:.2f}"].counts[_kind(row, rows[nearest[0][0]])] += 1
        hit, looked_at = judge.best(texts[place], [(texts[other], min(1.0, near)) for other, near in nearest], bar)
        if hit is not None:
            kind = _kind(row, rows[nearest[hit][0]])
            counted["verdict"].counts[kind] += 1
            if kind in examples:
                probability = looked_at[hit].verdict.probability or 0.0
                examples[kind].append(
                    f"    {kind} {probability:.3f} {nearest[hit][1]:.3f} {texts[place]} || {texts[nearest[hit][0]]}"
                )
    print(f"{name}: {len(rows)} questions")
    for policy, each in counted.items():
        print(f"  {policy:12} {each.line()}")
    if shown:
        for lines in examples.values():
            print(*lines[:: max(1, len(lines) // shown)][:shown], sep="\n")


def _nearest(vectors: npt.NDArray[np.float32]) -> Iterator[tuple[int, list[tuple[int, float]]]]:
    """Of each question the nearest that came before it."""
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors[: start + _BLOCK].T
        for offset in range(len(block)):
            place = start + offset
            scores = block[offset, :place]
            found = np.argpartition(-scores, CONSIDERED)[:CONSIDERED] if place > CONSIDERED else np.arange(place)
            yield place, sorted(((int(at), float(scores[at])) for at in found), key=lambda each: -each[1])


def _kind(row: dict[str, Any], other: dict[str, Any]) -> str:
    if row["cls"] == other["cls"]:
        return "right"
    return "wrong" if "neg" not in row or other["cls"] in row["neg"] else "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "mitmgate-bench-vectors")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--max-wrong", type=float, default=0.005)
    parser.add_argument("--show", type=int, default=0, help="examples of wrong and unknown hits")
    parser.add_argument("--only", help="of the files, those whose name holds this")
    arguments = parser.parse_args()
    kept: Path = arguments.kept
    kept.mkdir(parents=True, exist_ok=True)
    judge = KeptJudge.load(kept)
    file = kept / f"log-odds-{judge.verifier_id}.json"
    judge.kept = json.loads(file.read_text()) if file.exists() else {}
    bar = judge.calibration.bar(arguments.max_wrong)
    print(f"bar {bar} for {100 * arguments.max_wrong:.2f} % wrong, floor {judge.calibration.floor}")
    wanted: Callable[[str], bool] = lambda name: not arguments.only or arguments.only in name  # noqa: E731
    for name in filter(wanted, PAIRS):
        pairs(rows_of(arguments.data / f"{name}.jsonl.gz", arguments.share), judge, kept, name, bar)
        file.write_text(json.dumps(judge.kept))
    for name in filter(wanted, STREAMS):
        rows = rows_of(arguments.data / f"{name}.jsonl.gz", arguments.share)
        stream(rows, judge, kept, name, bar, arguments.show)
        file.write_text(json.dumps(judge.kept))


if __name__ == "__main__":
    main()
