"""Whose text is embedded next: look-ups before what is stored, and judging beside both, only while they rest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from mitmgate.core.answer_reading import PIECE, PIECES
from mitmgate.matcher.computing import Workers
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import PairVerdicts
from tests.unit.matcher.fakes import no_kinds


class OneByOne:
    """An embedder that does a batch when the test lets it."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.at_work = threading.Event()
        self.allowed = threading.Semaphore(0)
        self.beside: OneByOne | None = None

    def aside(self) -> OneByOne:
        self.beside = OneByOne()
        return self.beside

    def count_tokens(self, text: str) -> int:
        return 3

    def states(self, text: str) -> Any:
        return np.zeros((3, 384), np.float32)

    def embed(self, texts: Sequence[str]) -> Any:
        self.batches.append(list(texts))
        self.at_work.set()
        assert self.allowed.acquire(timeout=60)
        return np.ones((len(texts), 384), np.float32) / 384**0.5


@asynccontextmanager
async def judging(count: int) -> AsyncIterator[tuple[TextVectors, OneByOne, OneByOne, asyncio.Task[Any]]]:
    """-> the texts, the model, the model of what is judged, and so many pairs being judged."""
    model: Any = OneByOne()
    nobody: Any = None
    texts = TextVectors(model, Workers())
    running = asyncio.create_task(texts.workers.run())
    operations = Operations(texts, nobody, nobody, PairVerdicts(texts, None, None), no_kinds(texts))
    pairs = [(f"q {n}", f"s {n}") for n in range(count)]
    judged = asyncio.create_task(
        operations.answer({"op": "judge", "deadline_ms": 60_000, "max_wrong": 0.1, "pairs": pairs})
    )
    yield texts, model, model.beside, judged
    model.beside.allowed.release(100)
    assert len((await judged)["verdicts"]) == count
    running.cancel()


def in_s(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_a_look_up_does_not_wait_for_the_text_that_is_judged() -> None:
    async with judging(3) as (texts, model, beside, judged):
        await asyncio.to_thread(beside.at_work.wait, 60)  # and it is not let go
        model.allowed.release()
        await texts.vector("live", in_s(60), urgent=True)
        assert model.batches == [["live"]] and beside.batches == [["q 0"]] and not judged.done()


async def test_nothing_is_judged_while_a_look_up_is_at_the_model() -> None:
    async with judging(3) as (texts, model, beside, _judged):
        await asyncio.to_thread(beside.at_work.wait, 60)
        looked_up = asyncio.create_task(texts.vector("live", in_s(60), urgent=True))
        await asyncio.to_thread(model.at_work.wait, 60)
        beside.allowed.release(100)
        for _ in range(200):
            await asyncio.sleep(0.001)
        assert beside.batches == [["q 0"]]
        model.allowed.release()
        await looked_up


async def test_look_ups_go_together_and_before_what_is_stored() -> None:
    async with judging(0) as (texts, model, _beside, _judged):
        first = asyncio.create_task(texts.vector("first", in_s(60), urgent=False))
        await asyncio.to_thread(model.at_work.wait, 60)
        put = asyncio.create_task(texts.vector("put", in_s(60), urgent=False))
        urgent = [asyncio.create_task(texts.vector(f"live {n}", in_s(60), urgent=True)) for n in range(3)]
        while texts.waiting < 4:
            await asyncio.sleep(0)
        model.allowed.release(10)
        await asyncio.gather(first, put, *urgent)
        assert model.batches == [["first"], ["live 0", "live 1", "live 2"], ["put"]]


async def test_judged_texts_do_not_push_out_those_of_traffic() -> None:
    async with judging(100) as (texts, model, beside, judged):
        model.allowed.release(10)
        await texts.vector("live", in_s(60), urgent=True)
        beside.allowed.release(1000)
        await judged
        await texts.vector("live", in_s(60), urgent=True)
        assert model.batches == [["live"]] and len(beside.batches) == 200


async def test_both_memories_are_forgotten() -> None:
    async with judging(1) as (texts, model, beside, judged):
        forgotten: list[str] = []
        model.forget, beside.forget = (lambda: forgotten.append("first")), (lambda: forgotten.append("beside"))  # type: ignore[attr-defined]
        beside.allowed.release(10)
        await judged
        texts.forget()
        assert forgotten == ["first", "beside"] and not texts._kept_aside


async def test_an_answer_is_embedded_in_pieces_that_look_ups_do_not_wait_for() -> None:
    async with judging(0) as (texts, model, beside, _judged):
        answer = " ".join(f"word{number}" for number in range(10_000))
        comparing = asyncio.create_task(texts.vector_of_answer(answer, in_s(60)))
        await asyncio.to_thread(beside.at_work.wait, 60)  # and it is not let go
        model.allowed.release()
        await texts.vector("live", in_s(60), urgent=True)
        assert model.batches == [["live"]] and not comparing.done()
        beside.allowed.release(10)
        assert np.linalg.norm(await comparing) == pytest.approx(1)
        assert len(beside.batches) == PIECES
        assert all(len(text) <= PIECE for [text] in beside.batches)
