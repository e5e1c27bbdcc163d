"""How well the verdict tells questions apart, on labelled pairs and streams of questions.

    python bench/bench_verdict.py FOLDER [--stream] [--show KIND] [--bar 0.90]

FOLDER holds `minpairs_dev.jsonl.gz` (lines of {"a", "b", "same", "kind"}) and, for --stream, `stream_qqp_dev.jsonl.gz`
(lines of {"q", "cls", "neg"}). Vectors are made once and kept in --vectors.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mitmgate.core.verdict import BAR, judge
from mitmgate.services.embedder import load_embedder

QUICK = [
    ("what's 2 plus 2?", "What is 2+2?"),
    ("What is 2+3?", "What is 2+2?"),
    ("What is 2*2?", "What is 2+2?"),
    ("What is 2-2?", "What is 2+2?"),
]


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def vectors(texts: list[str], kept: Path, name: str) -> npt.NDArray[np.float32]:
    file = kept / f"{name}.npy"
    if file.exists() and len(found := np.load(file)) == len(texts):
        return found
    embedder = load_embedder("onnx", kept)
    made = np.zeros((len(texts), 384), np.float32)
    by_length = sorted(range(len(texts)), key=lambda place: embedder.count_tokens(texts[place]))
    for start in range(0, len(by_length), 32):
        places = by_length[start : start + 32]
        made[places] = embedder.embed([texts[place] for place in places])
    np.save(file, made)
    return made


def pairs(folder: Path, kept: Path, bar: float, show: str | None) -> None:
    found = rows(folder / "minpairs_dev.jsonl.gz")
    texts = list(dict.fromkeys(row[side] for row in found for side in "ab"))
    made = dict(zip(texts, vectors(texts, kept, "minpairs_dev"), strict=True))
    served: dict[tuple[int, str], list[int]] = defaultdict(list)
    why: Counter[str] = Counter()
    spent_s = 0.0
    for row in found:
        similarity = float(made[row["a"]] @ made[row["b"]])
        before = time.process_time()
        verdict = judge(row["b"], row["a"], similarity, bar)
        spent_s += time.process_time() - before
        served[row["same"], row["kind"]].append(verdict.accept)
        if row["same"]:
            why.update(reason.split()[0] for reason in verdict.reasons[:1])
        if show and show in (row["kind"], "all") and verdict.accept != bool(row["same"]):
            print(f"  {similarity:.3f} {row['kind']}: {row['a']} || {row['b']} {verdict.reasons}")
    for same in (0, 1):
        whole = [each for (label, _), group in served.items() if label == same for each in group]
        print(f"{'same' if same else 'different'}: served {100 * np.mean(whole):.2f} % of {len(whole)}")
        parts = {kind: group for (label, kind), group in served.items() if label == same and len(group) >= 20}
        print("  " + ", ".join(f"{kind} {100 * np.mean(group):.0f}" for kind, group in sorted(parts.items())))
    print(f"same, but refused, by the first reason: {dict(why.most_common(12))}")
    print(f"{1000 * spent_s / len(found):.3f} ms of CPU a pair, reading both")


def stream(folder: Path, kept: Path, bar: float) -> None:
    found = rows(folder / "stream_qqp_dev.jsonl.gz")
    texts = [row["q"] for row in found]
    made = vectors(texts, kept, "stream_qqp_dev")
    counts: Counter[str] = Counter()
    seen: set[int] = set()
    spent_s, judged = 0.0, 0
    for start in range(0, len(found), 500):
        block = made[start : start + 500] @ made[: start + 500].T
        for offset in range(min(500, len(found) - start)):
            place = start + offset
            row = found[place]
            counts["possible"] += row["cls"] in seen
            seen.add(row["cls"])
            scores = block[offset, :place]
            for candidate in np.argsort(-scores)[:5] if place else []:
                if scores[candidate] < bar:
                    break
                before = time.process_time()
                accept = judge(texts[place], texts[candidate], float(scores[candidate]), bar).accept
                spent_s, judged = spent_s + time.process_time() - before, judged + 1
                if accept:
                    other = found[candidate]["cls"]
                    right, wrong = other == row["cls"], other in (row.get("neg") or ())
                    counts["right" if right else "wrong" if wrong else "unknown"] += 1
                    break
    labelled = counts["right"] + counts["wrong"]
    print(
        f"stream: right hits {100 * counts['right'] / counts['possible']:.1f} % of the {counts['possible']} possible,"
        f" wrong {100 * counts['wrong'] / labelled:.1f} % of the labelled, unknown {counts['unknown']};"
        f" {1000 * spent_s / judged:.3f} ms of CPU a candidate"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=Path, default=Path(tempfile.gettempdir()) / "mitmgate-bench-vectors")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--show")
    parser.add_argument("--bar", type=float, default=BAR)
    arguments = parser.parse_args()
    arguments.vectors.mkdir(parents=True, exist_ok=True)
    embedder = load_embedder("onnx", arguments.vectors)
    for query, stored in QUICK:
        one, other = embedder.embed([query, stored])
        print(f"{float(one @ other):.3f} {query} / {stored}: {judge(query, stored, float(one @ other), arguments.bar)}")
    pairs(arguments.folder, arguments.vectors, arguments.bar, arguments.show)
    if arguments.stream:
        stream(arguments.folder, arguments.vectors, arguments.bar)


if __name__ == "__main__":
    main()
