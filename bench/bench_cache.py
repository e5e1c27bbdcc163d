"""How often the cache answers, and how often wrongly, next to a bare cosine: the live path's code on labelled data.

    python bench/bench_cache.py --data DIR [--share 0.25] [--max-wrong 0.005] [--plot FILE.svg]

DIR holds the files whose README is beside them: pairs of questions ({"a", "b", "same", "kind"}) and streams of
questions ({"q", "cls", "neg"}, in order of arrival). A stream's hit is right (same class), wrong (a class that somebody
labelled different, or any other class where classes are exact) or unknown. What traffic never compares (crises, one
person's state, the present) is compared here: only the verdict is measured. --kept-out counts it
instead, by rules and by the classifier. --share takes a part of each file, for a
quick look. Vectors and log-odds are kept in --kept, so that a second run is quick. With --semanticmemo PYTHON, an
interpreter that has it and torch, SemanticMemo is measured on the same data.
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
from cache_plot import Curve, plot
from peer_verdicts import chosen

from mitmgate.core.calibration import NEVER
from mitmgate.core.verdict import CONSIDERED
from mitmgate.matcher.offline import OfflineJudge

PAIRS: Final = ("minpairs_dev", "qqp_dev", "paws_dev")
STREAMS: Final = ("stream_minpairs_dev", "stream_qqp_dev", "stream_banking77_train")
COSINES: Final = (0.85, 0.90, 0.95)
_BLOCK: Final = 500
_SWEPT_COSINES: Final = tuple(float(each) for each in np.arange(0.80, 0.991, 0.01))
_SWEPT_BARS: Final = (*(float(each) for each in np.arange(0.5, 0.96, 0.05)), 0.97, 0.98, 0.99)


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

    def point(self) -> tuple[float, float]:
        """-> (right hits of the possible, wrong ones of the labelled)"""
        right, wrong = self.counts["right"], self.counts["wrong"]
        return right / max(self.possible, 1), wrong / max(right + wrong, 1)

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


def pairs(rows: list[dict[str, Any]], judge: KeptJudge, kept: Path, name: str, bar: float, peer: Path | None) -> None:
    """Share served of the different and of the same, precision and recall."""
    texts = list(dict.fromkeys(row[side] for row in rows for side in "ab"))
    file = kept / f"{name}-{len(texts)}.npy"
    vectors = dict(zip(texts, vectors_of(texts, judge, file), strict=True))
    same = np.array([row["same"] == 1 for row in rows])
    cosines = np.array([float(vectors[row["a"]] @ vectors[row["b"]]) for row in rows])
    policies = {f"cosine {cosine:.2f}": cosines >= cosine for cosine in COSINES}
    begun = time.process_time()
    judged = [judge.judge(row["b"], row["a"], min(1.0, cosine), bar) for row, cosine in zip(rows, cosines, strict=True)]
    spent_s = time.process_time() - begun
    if peer is not None:
        places = {text: place for place, text in enumerate(texts)}
        found = chosen(peer, texts, file, [(places[row["b"]], [places[row["a"]]]) for row in rows])
        policies["semanticmemo"] = np.array([each is not None for each in found])
    policies["verdict"] = np.array([each.verdict.accept for each in judged])
    each_ms = 1000 * spent_s / len(rows)
    print(f"{name}: {len(rows)} pairs, {int(same.sum())} of them the same; {each_ms:.2f} ms of CPU a pair")
    for policy, served in policies.items():
        right, wrong = int((served & same).sum()), int((served & ~same).sum())
        print(
            f"  {policy:13} different served {100 * wrong / max(int((~same).sum()), 1):6.2f} % ({wrong}), same served"
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


class Tally:
    """Counts a stream's hits by policy, and over the bars for the curves."""

    def __init__(self, rows: list[dict[str, Any]], *, with_peer: bool) -> None:
        names = [*(f"cosine {cosine:.2f}" for cosine in COSINES), *(["semanticmemo"] if with_peer else []), "verdict"]
        self.rows = rows
        self.by_policy = {name: Counted() for name in names}
        self.by_cosine = {cosine: Counted() for cosine in _SWEPT_COSINES}
        self.by_bar = {bar: Counted() for bar in _SWEPT_BARS}
        self._seen: set[Any] = set()

    def ask(self, place: int) -> None:
        """A question that could be a hit when its class was seen before."""
        possible = self.rows[place]["cls"] in self._seen
        for counted in (*self.by_policy.values(), *self.by_cosine.values(), *self.by_bar.values()):
            counted.possible += possible
        self._seen.add(self.rows[place]["cls"])

    def hit(self, counted: Counted, place: int, other: int) -> str:
        kind = _kind(self.rows[place], self.rows[other])
        counted.counts[kind] += 1
        return kind

    def curves(self) -> dict[str, Curve]:
        found: dict[str, Curve] = {
            "cosine": [each.point() for each in self.by_cosine.values()],
            "verdict": [each.point() for each in self.by_bar.values()],
        }
        if "semanticmemo" in self.by_policy:
            found["semanticmemo"] = [self.by_policy["semanticmemo"].point()]
        return found


def stream(
    rows: list[dict[str, Any]], judge: KeptJudge, kept: Path, name: str, bar: float, shown: int, peer: Path | None
) -> dict[str, Curve]:
    """Right hits of the possible and wrong ones of the labelled, at cosines and by the verdict. -> their curves"""
    texts = [row["q"] for row in rows]
    file = kept / f"{name}-{len(texts)}.npy"
    vectors = vectors_of(texts, judge, file)
    tally = Tally(rows, with_peer=peer is not None)
    examples: dict[str, list[str]] = {"wrong": [], "unknown": []}
    for place, nearest in _nearest(vectors):
        tally.ask(place)
        _by_cosine(tally, place, nearest)
        near = [(texts[other], min(1.0, cosine)) for other, cosine in nearest]
        hit, looked_at = judge.best(texts[place], near, bar)
        if hit is not None:
            kind = tally.hit(tally.by_policy["verdict"], place, nearest[hit][0])
            if kind in examples:
                probability = looked_at[hit].verdict.probability or 0.0
                examples[kind].append(
                    f"    {kind} {probability:.3f} {nearest[hit][1]:.3f} {texts[place]} || {texts[nearest[hit][0]]}"
                )
        _by_bar(tally, place, nearest, judge, near)
    if peer is not None:
        asked = [(place, [other for other, _ in nearest]) for place, nearest in _nearest(vectors)]
        for (place, _), other in zip(asked, chosen(peer, texts, file, asked), strict=True):
            if other is not None:
                tally.hit(tally.by_policy["semanticmemo"], place, other)
    print(f"{name}: {len(rows)} questions")
    for policy, each in tally.by_policy.items():
        print(f"  {policy:13} {each.line()}")
    if shown:
        for lines in examples.values():
            print(*lines[:: max(1, len(lines) // shown)][:shown], sep="\n")
    return tally.curves()


def kept_out(rows: list[dict[str, Any]], judge: KeptJudge, name: str, shown: int) -> None:
    """How many of a stream's different questions traffic would not compare, and why."""
    texts = list(dict.fromkeys(row["q"] for row in rows))
    why: dict[str, list[str]] = {}
    for text in texts:
        if (reason := judge.why_kept_out(text)) is not None:
            why.setdefault(": ".join(reason.split(": ")[:2]), []).append(text)
    print(f"{name}: {len(texts)} questions, {100 * sum(map(len, why.values())) / len(texts):.2f} % kept out")
    for reason, found in sorted(why.items(), key=lambda each: -len(each[1])):
        print(
            f"  {reason:32} {100 * len(found) / len(texts):6.2f} %",
            *found[:: max(1, len(found) // max(1, shown))][:shown],
            sep="\n    ",
        )


def _by_cosine(tally: Tally, place: int, nearest: list[tuple[int, float]]) -> None:
    if not nearest:
        return
    first, cosine = nearest[0]
    for least, counted in tally.by_cosine.items():
        if cosine >= least:
            tally.hit(counted, place, first)
    for least in COSINES:
        if cosine >= least:
            tally.hit(tally.by_policy[f"cosine {least:.2f}"], place, first)


def _by_bar(
    tally: Tally, place: int, nearest: list[tuple[int, float]], judge: KeptJudge, near: list[tuple[str, float]]
) -> None:
    """The most probable of those that the verifier is asked about is the hit."""
    hit, looked_at = judge.best(tally.rows[place]["q"], near, NEVER)
    if hit is None:
        probable = [(each.verdict.probability or 0.0, at) for at, each in looked_at.items()]
        probability, hit = max(probable, default=(0.0, None))
    else:
        probability = 1.0  # the same words
    if hit is not None:
        for bar, counted in tally.by_bar.items():
            if probability >= bar:
                tally.hit(counted, place, nearest[hit][0])


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
    parser.add_argument("--semanticmemo", type=Path, help="an interpreter that has SemanticMemo and torch")
    parser.add_argument("--plot", type=Path, help="an SVG with the streams' curves")
    parser.add_argument("--only", help="of the files, those whose name holds this")
    parser.add_argument("--kept-out", action="store_true", help="count what traffic would not compare, and no more")
    arguments = parser.parse_args()
    kept: Path = arguments.kept
    kept.mkdir(parents=True, exist_ok=True)
    judge = KeptJudge.load(kept)
    file = kept / f"log-odds-{judge.verifier_id}.json"
    judge.kept = json.loads(file.read_text()) if file.exists() else {}
    bar = judge.calibration.bar(arguments.max_wrong)
    print(f"bar {bar} for {100 * arguments.max_wrong:.2f} % wrong, floor {judge.calibration.floor}")
    wanted: Callable[[str], bool] = lambda name: not arguments.only or arguments.only in name  # noqa: E731
    if arguments.kept_out:
        for name in filter(wanted, STREAMS):
            kept_out(rows_of(arguments.data / f"{name}.jsonl.gz", arguments.share), judge, name, arguments.show)
        return
    peer, panels = arguments.semanticmemo, dict[str, dict[str, Curve]]()
    for name in filter(wanted, PAIRS):
        pairs(rows_of(arguments.data / f"{name}.jsonl.gz", arguments.share), judge, kept, name, bar, peer)
        file.write_text(json.dumps(judge.kept))
    for name in filter(wanted, STREAMS):
        rows = rows_of(arguments.data / f"{name}.jsonl.gz", arguments.share)
        panels[name] = stream(rows, judge, kept, name, bar, arguments.show, peer)
        file.write_text(json.dumps(judge.kept))
    if arguments.plot is not None:
        arguments.plot.write_text(plot(panels), encoding="utf-8")


if __name__ == "__main__":
    main()
