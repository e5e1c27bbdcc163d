"""Mines weak labels: near neighbours among questions that nobody called the same, and within and across intents.

    python -m training.neighbours DATA OUT.jsonl        (needs no torch)

Pairs that people labelled were chosen for being alike, so a model trained on them alone is too lenient on what a stream
of questions brings. Of each question the nearest unlabelled neighbours of another class become pairs {"a", "b",
"same": 0, "kind"}; about one in ten of them does ask the same, so they are to be weighed less.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from mitmgate.services.embedder import Vectors, load_embedder

LOWEST, HIGHEST = 0.60, 0.93
EACH: Final = 2  # neighbours of one question
SAME_INTENT: Final = 0.89  # the cosine from which questions of one intent mostly ask the same
_BLOCK: Final = 512
_BATCH: Final = 64


def rows_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def embedded(texts: list[str], kept: Path) -> Vectors:
    """float32[n, 384], kept in a file."""
    if kept.exists() and len(found := np.load(kept)) == len(texts):
        return np.asarray(found, np.float32)
    embedder = load_embedder("onnx", kept.parent)
    vectors = np.zeros((len(texts), 384), np.float32)
    order = sorted(range(len(texts)), key=lambda place: embedder.count_tokens(texts[place]))
    for start in range(0, len(order), _BATCH):
        places = order[start : start + _BATCH]
        vectors[places] = embedder.embed([texts[place] for place in places])
    np.save(kept, vectors)
    return vectors


class Classes:
    """Union and find over texts."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def of(self, text: str) -> str:
        parent = self._parent
        parent.setdefault(text, text)
        while parent[text] != text:
            parent[text] = parent[parent[text]]
            text = parent[text]
        return text

    def join(self, one: str, other: str) -> None:
        self._parent[self.of(one)] = self.of(other)


def quora(data: Path, kept: Path, rng: random.Random) -> Iterator[dict[str, Any]]:
    rows = rows_of(data / "qqp_train.jsonl.gz")
    classes = Classes()
    for row in rows:
        if row["same"]:
            classes.join(row["a"], row["b"])
    labelled = {frozenset((row["a"], row["b"])) for row in rows}
    texts = [text for text in dict.fromkeys(row[side] for row in rows for side in "ab") if len(text) <= 120]
    vectors = embedded(texts, kept / "qqp_train.npy")
    asked = rng.sample(range(len(texts)), min(20_000, len(texts)))
    for start in range(0, len(asked), _BLOCK):
        block = asked[start : start + _BLOCK]
        scores = vectors[block] @ vectors.T
        nearest = np.argpartition(-scores, 8, axis=1)[:, :8]
        for row_number, place in enumerate(block):
            taken = 0
            for other in sorted(nearest[row_number], key=lambda other: -scores[row_number, other]):
                one, two = texts[place], texts[other]
                if other == place or not LOWEST <= scores[row_number, other] <= HIGHEST or taken == EACH:
                    continue
                if classes.of(one) != classes.of(two) and frozenset((one, two)) not in labelled:
                    taken += 1
                    cosine = round(float(scores[row_number, other]), 3)
                    yield {"a": one, "b": two, "same": 0, "kind": "neighbour", "cosine": cosine}


def banking(data: Path, kept: Path) -> Iterator[dict[str, Any]]:
    """Neighbours across intents: surely different. Very near ones of one intent: mostly the same.

    With the former alone the verifier learns that questions of this kind never ask the same.
    """
    rows = rows_of(data / "stream_banking77_train.jsonl.gz")
    texts, intents = [row["q"] for row in rows], np.array([row["cls"] for row in rows])
    vectors = embedded(texts, kept / "banking.npy")
    for start in range(0, len(texts), _BLOCK):
        scores = vectors[start : start + _BLOCK] @ vectors.T
        for offset in range(len(scores)):
            place = start + offset
            own = intents == intents[place]
            alike = np.where(own, scores[offset], -1)
            alike[: place + 1] = -1  # each pair once
            for other in np.argsort(-alike)[:EACH]:
                if alike[other] >= SAME_INTENT:
                    cosine = round(float(alike[other]), 3)
                    yield {"a": texts[place], "b": texts[other], "same": 1, "kind": "same intent", "cosine": cosine}
            scores[offset, own] = -1
            other = int(scores[offset].argmax())
            if scores[offset, other] >= LOWEST:
                cosine = round(float(scores[offset, other]), 3)
                yield {"a": texts[place], "b": texts[other], "same": 0, "kind": "other intent", "cosine": cosine}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    kept = arguments.out.parent
    kept.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("w", encoding="utf-8") as out:
        for source in (quora(arguments.data, kept, random.Random(arguments.seed)), banking(arguments.data, kept)):
            for row in source:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
