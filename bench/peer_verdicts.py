"""What SemanticMemo would decide on the same questions, run by an interpreter that has it (and torch) installed.

It is started by bench_cache.py with that interpreter. It reads one JSON object, {"texts": [...], "vectors": FILE.npy,
"asked": [[place of a question, [places of its nearest, nearest first]], ...]}, and writes the place that it would serve
from, or null, for each that is asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

NEAREST: Final = 5


def chosen(
    python: Path, texts: Sequence[str], vectors: Path, asked: Sequence[tuple[int, Sequence[int]]]
) -> list[int | None]:
    """Asks the interpreter. Raises CalledProcessError when it has no SemanticMemo."""
    question = json.dumps({"texts": texts, "vectors": str(vectors), "asked": asked})
    answer = subprocess.run([python, __file__], input=question, capture_output=True, text=True, check=True)
    found: list[int | None] = json.loads(answer.stdout)
    return found


class SemanticMemo:
    """Version 2 with its own classifier at its default threshold, its list of opposite actions and its check of names
    and numbers, in the order of its CacheOrchestrator; without its optional cross-encoder, which it would download."""

    def __init__(self) -> None:
        from semanticmemo import ClassifierConfig
        from semanticmemo.classifier.service import ClassifierService
        from semanticmemo.entity_change_detection import EntityChangeDetector
        from semanticmemo.models import CacheConfig
        from semanticmemo.orchestrator import CacheOrchestrator

        config = ClassifierConfig.bundled()
        self._classifier = ClassifierService(config.model_path, threshold=config.threshold)
        self._sure = CacheConfig().high_precision_skip_threshold
        self._entities = EntityChangeDetector()
        self._orchestrator = CacheOrchestrator.__new__(CacheOrchestrator)  # for a method that uses nothing of it

    def choose(self, texts: Sequence[str], vectors: Any, place: int, nearest: Sequence[int]) -> int | None:
        if not nearest:
            return None
        scores = self._classifier.predict_batch([(vectors[place], vectors[other]) for other in nearest[:NEAREST]])
        best = int(np.argmax(scores))
        query, stored = texts[place], texts[nearest[best]]
        if scores[best] < self._classifier.threshold or self._orchestrator._is_opposite_action(query, stored):
            return None
        if scores[best] < self._sure and self._entities.detect(query, stored).entity_changed:
            return None
        return nearest[best]


def main() -> None:
    question = json.load(sys.stdin)
    vectors, peer = np.load(question["vectors"]), SemanticMemo()
    found = [peer.choose(question["texts"], vectors, place, nearest) for place, nearest in question["asked"]]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
