"""Whose text is embedded next: look-ups first, judging last and one at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from mitmgate.core.answer_reading import PIECE, PIECES
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import PairVerdicts


class OneByOne:
    """An embedder that does a batch when the test lets it."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.kept: list[bool] = []
        self.allowed = threading.Semaphore(0)

    def count_tokens(self, text: str) -> int:
        return 3

    def embed(self, texts: Sequence[str], keep: bool = True) -> Any:
        self.allowed.acquire(timeout=10)
        self.batches.append(list(texts))
        self.kept.append(keep)
        return np.ones((len(texts), 384), np.float32) / 384**0.5


@pytest.fixture
def embedder() -> OneByOne:
    return OneByOne()


async def test_a_look_up_waits_for_one_judged_text_and_no_more(embedder: OneByOne) -> None:
    model: Any = embedder
    texts = TextVectors(model)
    running = asyncio.create_task(texts.run())
    ends_at = asyncio.get_running_loop().time() + 30
    nobody: Any = None
    operations = Operations(texts, nobody, nobody, PairVerdicts(model, None, None, texts.thread))
    judging = asyncio.create_task(
        operations.answer(
            {"op": "judge", "deadline_ms": 30_000, "max_wrong": 0.1, "pairs": [(f"q {n}", f"s {n}") for n in range(5)]}
        )
    )
    while texts.waiting or not judging:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)  # the first text is at the model
    urgent = [asyncio.create_task(texts.vector(f"live {n}", ends_at, urgent=True)) for n in range(3)]
    put = asyncio.create_task(texts.vector("put", ends_at, urgent=False))
    await asyncio.sleep(0.05)
    for _ in range(20):
        embedder.allowed.release()
    await asyncio.gather(*urgent, put)
    assert len((await judging)["verdicts"]) == 5
    running.cancel()
    assert embedder.batches[:3] == [["q 0"], ["live 0", "live 1", "live 2"], ["put"]]
    assert all(len(batch) == 1 for batch in embedder.batches[3:])


async def test_a_look_up_waits_for_one_piece_of_an_answer_and_no_more(embedder: OneByOne) -> None:
    model: Any = embedder
    texts = TextVectors(model)
    running = asyncio.create_task(texts.run())
    ends_at = asyncio.get_running_loop().time() + 30
    nobody: Any = None
    operations = Operations(texts, nobody, nobody, PairVerdicts(model, None, None, texts.thread))
    answer = " ".join(f"word{number}" for number in range(10_000))
    request = {"op": "similarity", "deadline_ms": 30_000, "one": answer, "other": "short"}
    comparing = asyncio.create_task(operations.answer(request))
    await asyncio.sleep(0.05)  # the first piece is at the model
    urgent = asyncio.create_task(texts.vector("live", ends_at, urgent=True))
    await asyncio.sleep(0.05)
    for _ in range(20):
        embedder.allowed.release()
    await urgent
    assert (await comparing)["similarity"] == pytest.approx(1)
    running.cancel()
    assert embedder.batches[1] == ["live"] and embedder.batches[-1] == ["short"]
    assert len(embedder.batches) == PIECES + 2
    assert all(len(text) <= PIECE for [text] in embedder.batches)
    assert embedder.kept == [batch == ["live"] for batch in embedder.batches]
