"""A stream of questions put to a cache that begins empty, without a gateway.

It decides as the live path does: what is kept out is not looked up, equal words are an exact hit, else the nearest
questions are found by the index that the matcher uses and judged; what was served is not stored. It leaves out what
depends on time and load: expiry, deadlines, and the sampling of scopes that had no hit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mitmgate.core.evaluation import label_of
from mitmgate.core.kept_out import exact_words, is_stored, why_kept_out
from mitmgate.core.verdict import CONSIDERED
from mitmgate.matcher.offline import OfflineJudge
from mitmgate.services.bert_graph import WIDTH
from mitmgate.services.vector_index import VectorIndex

MOST_ENTRIES: Final = 100_000  # 150 MB of vectors


@dataclass(frozen=True, slots=True)
class StreamQuestion:
    """cls: questions of a class may share an answer. neg: classes that differ; None: all other classes do."""

    text: str
    cls: str | None = None
    neg: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question. stored, similarity and probability: of the hit, or of the nearest to one.

    kind: `exact`, `semantic`, `miss` or `kept_out`; possible: its class was there before.
    """

    kind: str
    possible: bool
    label: str | None = None
    stored: StreamQuestion | None = None
    similarity: float | None = None
    probability: float | None = None


class Simulation:
    """Holds at most `most` entries and remembers as many classes; the oldest go first."""

    def __init__(self, judge: OfflineJudge, bar: float, threshold: float = 0.0, most: int = MOST_ENTRIES) -> None:
        self._judge = judge
        self._bar = bar
        self._threshold = threshold
        self._most = most
        self._index = VectorIndex[int](WIDTH)
        self._compared: OrderedDict[int, StreamQuestion] = OrderedDict()
        self._by_words: OrderedDict[str, StreamQuestion] = OrderedDict()
        self._classes: OrderedDict[str, None] = OrderedDict()
        self._next = 0

    async def ask(self, questions: Sequence[StreamQuestion]) -> list[Outcome]:
        """In their order; those of one call are embedded together."""
        kept_out = [why_kept_out(each.text) for each in questions]
        texts = list(
            dict.fromkeys(each.text for each, why in zip(questions, kept_out, strict=True) if self._compares(each, why))
        )
        vectors = dict(zip(texts, self._judge.vectors(texts), strict=True)) if texts else {}
        kinds = {text: self._judge.why_by_kind(text) for text in vectors}
        found = []
        for each, by_rules in zip(questions, kept_out, strict=True):
            why = by_rules or kinds.get(each.text)
            found.append(await self._ask(each, why, vectors.get(each.text) if why is None else None))
        return found

    def close(self) -> None:
        self._index.close()

    def _compares(self, question: StreamQuestion, kept_out: str | None) -> bool:
        return (
            kept_out is None
            and exact_words(question.text) not in self._by_words
            and self._judge.reads_whole(question.text)
        )

    async def _ask(self, question: StreamQuestion, kept_out: str | None, vector: Any) -> Outcome:
        possible = self._note_class(question.cls)
        if not is_stored(kept_out):
            return Outcome("kept_out", possible)
        same = self._by_words.get(exact_words(question.text))
        if same is not None:
            label = label_of(question.cls, question.neg, same.cls)
            return Outcome("exact", possible, label, same, 1.0, 1.0)
        if vector is None:  # compared by its exact words only
            self._store(question, None)
            return Outcome("kept_out", possible)
        outcome = await self._find(question, vector, possible)
        if outcome.kind == "miss":
            self._store(question, vector)
        return outcome

    async def _find(self, question: StreamQuestion, vector: Any, possible: bool) -> Outcome:
        near = await self._index.query(vector, CONSIDERED)
        stored = [(self._compared[key], min(1.0, similarity)) for key, similarity in near]
        place, judged = self._judge.best(
            question.text, [(each.text, similarity) for each, similarity in stored], self._bar, self._threshold
        )
        hit = place is not None
        if place is None:
            verified = [number for number, each in judged.items() if each.verdict.probability is not None]
            place = max(verified, key=lambda number: judged[number].verdict.probability or 0.0, default=None)
        if place is None:
            return Outcome("miss", possible)
        found = stored[place][0]
        return Outcome(
            "semantic" if hit else "miss",
            possible,
            label_of(question.cls, question.neg, found.cls),
            found,
            stored[place][1],
            judged[place].verdict.probability,
        )

    def _store(self, question: StreamQuestion, vector: Any) -> None:
        self._by_words[exact_words(question.text)] = question
        if len(self._by_words) > self._most:
            self._by_words.popitem(last=False)
        if vector is None:
            return
        self._index.add(self._next, np.asarray(vector, np.float32))
        self._compared[self._next] = question
        self._next += 1
        if len(self._compared) > self._most:
            key, _ = self._compared.popitem(last=False)
            self._index.remove(key)

    def _note_class(self, cls: str | None) -> bool:
        """-> whether it was there before."""
        if cls is None:
            return False
        known = cls in self._classes
        self._classes[cls] = None
        if len(self._classes) > self._most:
            self._classes.popitem(last=False)
        return known
