"""A stream's way through the simulated cache, with a progress bar, its tally and some examples."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from itertools import batched
from pathlib import Path
from typing import Any, Final

from gatewayctl import render
from gatewayctl.labelled import read_stream
from gatewayctl.offline import Offline
from mitmgate.core.evaluation import UNKNOWN, WRONG, StreamTally
from mitmgate.matcher.simulation import Outcome, Simulation, StreamQuestion

_AT_ONCE: Final = 32


class Run:
    """One run. The tally and the examples are of use whenever it ends."""

    def __init__(self, offline: Offline, stream: Path, shown: int, entries: int) -> None:
        self._offline = offline
        self._stream = stream
        self._entries = entries
        self._shown = {WRONG: Sample(shown), UNKNOWN: Sample(shown)}
        self.tally = StreamTally()

    async def go(self) -> None:
        """Raises UsageError for a line that is no question, before anything is done."""
        total = sum(1 for _ in read_stream(self._stream))
        simulation = Simulation(self._offline.judge, self._offline.bar, self._offline.threshold, self._entries)
        try:
            with render.progress("questions", total) as done:
                for part in batched(read_stream(self._stream), _AT_ONCE):
                    for question, outcome in zip(part, await simulation.ask(part), strict=True):
                        self._take(question, outcome)
                    done(len(part))
                    await asyncio.sleep(0)  # Ctrl-C comes through here
        finally:
            simulation.close()

    def examples(self) -> list[Mapping[str, Any]]:
        """Wrong hits, then unknown ones, each in the order they came."""
        return [each for sample in self._shown.values() for each in sample.drawn()]

    def _take(self, question: StreamQuestion, outcome: Outcome) -> None:
        self.tally.add(outcome.kind, outcome.label, outcome.probability, possible=outcome.possible)
        if outcome.kind in ("exact", "semantic") and outcome.stored is not None and outcome.label in self._shown:
            self._shown[outcome.label].offer(
                {
                    "hit": outcome.label,
                    "kind": outcome.kind,
                    "probability": outcome.probability,
                    "similarity": outcome.similarity,
                    "q": question.text,
                    "stored": outcome.stored.text,
                    "cls": question.cls,
                    "stored_cls": outcome.stored.cls,
                }
            )


class Sample:
    """Some of what it is offered, each with the same chance (Vitter's algorithm R), the same at each run."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._offered = 0
        self._drawn: list[tuple[int, Mapping[str, Any]]] = []
        self._random = random.Random(17)  # noqa: S311 - nothing secret

    def offer(self, each: Mapping[str, Any]) -> None:
        self._offered += 1
        if len(self._drawn) < self._most:
            self._drawn.append((self._offered, each))
        elif self._most and (place := self._random.randrange(self._offered)) < self._most:
            self._drawn[place] = (self._offered, each)

    def drawn(self) -> list[Mapping[str, Any]]:
        return [each for _, each in sorted(self._drawn, key=lambda item: item[0])]
