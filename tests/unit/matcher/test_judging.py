"""What `judge` tells of a pair: the verdict, each guard, the verifier's log-odds and the bar."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mitmgate.core.calibration import Calibration
from mitmgate.matcher.computing import Workers
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import NO_VERIFIER, PairVerdicts
from mitmgate.services.matcher_client import Judged, LocalMatcher
from tests.unit.matcher.fakes import FIGURES, FakeModel, FakeVerifier, no_kinds


@asynccontextmanager
async def matcher(verifier: FakeVerifier | None, figures: Calibration | None = FIGURES) -> AsyncIterator[LocalMatcher]:
    model: Any = FakeModel()
    fake: Any = verifier
    nobody: Any = None
    texts = TextVectors(model, Workers())
    verdicts = PairVerdicts(texts, fake, figures)
    running = [asyncio.create_task(texts.workers.run())]
    yield LocalMatcher(Operations(texts, nobody, nobody, verdicts, no_kinds(texts)).answer)
    for task in running:
        task.cancel()


async def judged(one: str, other: str, verifier: FakeVerifier | None, **bars: float) -> Judged:
    async with matcher(verifier) as client:
        return (await client.judge([(one, other)], **bars))[0]


async def test_a_pair_without_a_veto_is_verified_against_the_bar() -> None:
    found = await judged("What makes bread rise?", "What is it that makes bread rise?", FakeVerifier(2.0))
    assert found.similarity == pytest.approx(0.9) and found.vetoes == ()
    assert found.verdict.accept and found.verdict.probability == pytest.approx(0.88, abs=0.01)
    assert (found.log_odds, found.bar) == (2.0, 0.6)
    found = await judged("What makes bread rise?", "What is it that makes bread rise?", FakeVerifier(0.0))
    assert not found.verdict.accept and found.verdict.reasons[0] == "not sure: 0.50"
    strict = await judged("What makes bread rise?", "What is it that makes bread rise?", FakeVerifier(), max_wrong=0.0)
    assert not strict.verdict.accept and strict.bar is None


async def test_a_fact_that_differs_is_a_veto_and_costs_no_verifying() -> None:
    verifier = FakeVerifier()
    found = await judged("What is 2+3?", "What is 2+2?", verifier)
    assert "number 3 vs 2" in found.vetoes and found.verdict.reasons[0] == found.vetoes[0]
    assert (found.log_odds, found.verdict.probability, verifier.asked) == (None, None, 0)


async def test_what_traffic_keeps_out_is_a_veto_too() -> None:
    found = await judged("What is my balance?", "What is my balance now?", FakeVerifier())
    assert found.vetoes and found.vetoes[0] == found.verdict.reasons[0] and not found.verdict.accept


async def test_a_text_that_is_too_long_and_no_verifier() -> None:
    long = await judged("Why? " * 300, "Why?", FakeVerifier())
    assert long.similarity is None and "too long" in long.vetoes
    without = await judged("What makes bread rise?", "What is it that makes bread rise?", None)
    assert without.vetoes == (NO_VERIFIER,) and without.bar is None
