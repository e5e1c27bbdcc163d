"""A stream put to a cache that begins empty: what hits, what does not, and what is remembered."""

from __future__ import annotations

from typing import Any

import pytest

from mitmgate.matcher.offline import OfflineJudge
from mitmgate.matcher.simulation import Outcome, Simulation, StreamQuestion
from tests.unit.matcher.fakes import FIGURES, FakeClassifier, FakeModel, FakeVerifier


async def run(
    questions: list[StreamQuestion],
    *,
    log_odds: float = 3.0,
    most: int = 100,
    at_once: int = 100,
    kinds: dict[str, str] | None = None,
) -> tuple[list[Outcome], FakeModel]:
    model, verifier = FakeModel(), FakeVerifier(log_odds)
    judge: Any = OfflineJudge(model, verifier, FIGURES, FakeClassifier(kinds))  # type: ignore[arg-type]
    simulation = Simulation(judge, 0.6, most=most)
    found: list[Outcome] = []
    for start in range(0, len(questions), at_once):
        found += await simulation.ask(questions[start : start + at_once])
    simulation.close()
    return found, model


def asked(*texts: str) -> list[StreamQuestion]:
    return [StreamQuestion(text) for text in texts]


BREAD = ("What makes bread rise?", "What is it that makes bread rise?")


@pytest.mark.parametrize("at_once", [1, 100])
async def test_exact_and_other_words_and_neither(at_once: int) -> None:
    questions = asked(BREAD[0], BREAD[1], BREAD[0], "Who wrote Hamlet?")
    found, _ = await run(questions, at_once=at_once)
    assert [each.kind for each in found] == ["miss", "semantic", "exact", "miss"]
    assert found[1].stored == questions[0] and found[1].probability == pytest.approx(0.953, abs=0.001)


async def test_what_was_served_is_not_stored() -> None:
    found, _ = await run(asked(BREAD[0], BREAD[1], BREAD[1]))
    assert [each.kind for each in found] == ["miss", "semantic", "semantic"]


async def test_a_miss_tells_the_nearest_to_a_hit() -> None:
    found, _ = await run(asked(*BREAD), log_odds=0.0)
    assert (found[1].kind, found[1].probability) == ("miss", 0.5)
    assert found[1].stored is not None and found[1].stored.text == BREAD[0]


async def test_labels_and_what_was_possible() -> None:
    questions = [StreamQuestion(BREAD[0], "a"), StreamQuestion(BREAD[1], "b"), StreamQuestion("Who asks?", "a")]
    found, _ = await run(questions)
    assert (found[1].label, found[1].possible) == ("wrong", False)
    assert (found[2].kind, found[2].possible) == ("miss", True)


async def test_what_traffic_keeps_out_is_not_compared() -> None:
    link = "What is at https://example.com/a?"
    questions = asked("What is my balance?", "What is my balance?", link, link, "What is on " + "there " * 300)
    found, model = await run(questions)
    assert [each.kind for each in found] == ["kept_out", "kept_out", "kept_out", "exact", "kept_out"]
    assert model.embedded == []


@pytest.mark.parametrize("at_once", [1, 100])
async def test_what_the_classifier_finds_is_not_stored_and_a_crisis_not_compared(at_once: int) -> None:
    secret, crisis = "What makes a secret?", "What makes me want it no more, ever"
    found, _ = await run(
        asked(BREAD[0], secret, secret, crisis, crisis), at_once=at_once, kinds={secret: "secret", crisis: "crisis"}
    )
    assert [each.kind for each in found] == ["miss", "kept_out", "kept_out", "kept_out", "exact"]


async def test_it_holds_so_many_entries_and_no_more() -> None:
    found, _ = await run(asked(BREAD[0], "Who asks?", "Why so?", BREAD[1], BREAD[0]), most=2)
    assert [each.kind for each in found] == ["miss"] * 4 + ["semantic"]


async def test_another_language_goes_by_its_exact_words() -> None:
    russian = "Как выключить свет на кухне вечером"
    found, model = await run(asked(russian + "?", "  " + russian, "Как включить свет на кухне вечером?"))
    assert [each.kind for each in found] == ["kept_out", "exact", "kept_out"] and model.embedded == []
