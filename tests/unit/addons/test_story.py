"""What of a request is kept for whoever looks at it alone: bounded, and no word of what was asked."""

from __future__ import annotations

import time
from typing import Any

import pytest

from addons.exchange import Exchange
from addons.story import MAX_ATTEMPTS, story_of, without_values
from mitmgate.core.retry import Failure
from mitmgate.proxy.plan import Plan
from mitmgate.services.exact_cache import Entry
from tests.integration.proxy.harness import render
from tests.verdicts import reasons


@pytest.fixture
def exchange() -> Exchange:
    exchange = Exchange("127.0.0.1", "/v1/chat/completions", "", {})
    exchange.plan = Plan(render, 1)
    return exchange


def attempts(exchange: Exchange, error: str | None = None) -> list[dict[str, Any]]:
    told = story_of(exchange, error)
    assert told is not None
    found: list[dict[str, Any]] = told["attempts"]
    return found


def test_where_there_is_nothing_to_say_nothing_is_written(exchange: Exchange) -> None:
    assert story_of(exchange, None) is None


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ("What is 5 plus 7?", "What is 6 plus 7?", "number"),
        ("How far is it in miles?", "How far is it in kilometres?", "unit"),
        ("Is hot water heavier?", "Is cold water heavier?", "opposite"),
    ],
)
def test_a_guards_reason_is_kept_without_what_was_asked(one: str, other: str, kept: str) -> None:
    given = reasons(one, other)[0]
    told = without_values(given)
    assert given.startswith(told) and " vs " not in told
    assert not {"5", "6", "hot", "cold", "mi", "km"} & set(told.split())


def test_other_reasons_are_kept_whole_but_bounded() -> None:
    for reason in ("below bar", "scope empty", "uncacheable: temperature", "matcher away", "no-store"):
        assert without_values(reason) == reason
    assert len(without_values("x" * 1000)) == 100


def test_a_hit_names_its_entry_and_its_age(exchange: Exchange) -> None:
    exchange.entry = Entry(1, b"f", "the-entry", 200, [], b"", exchange.started_at - 90.5, 0, None, "default")
    assert story_of(exchange, None) == {"entry": "1.Zg", "by": "the-entry", "age_s": 90}


def test_attempts_end_as_they_did(exchange: Exchange) -> None:
    plan = exchange.plan
    assert plan is not None
    plan.begin_attempt(again=False)
    plan.end_attempt(Failure.CONNECT)
    plan.begin_attempt(again=False)
    plan.ask(reused=True)
    plan.begin_attempt(again=True)
    plan.ask(reused=False)
    plan.tries[-1].status = 200
    first, second = attempts(exchange)
    assert first["error"] == "upstream_unreachable" and "connect_ms" not in first and "status" not in first
    assert (second["status"], second["stale"], "reused" in second, "error" in second) == (200, True, False, False)
    assert 0 <= second["connect_ms"] <= second["ms"] and first["at"] <= second["at"]
    assert plan.attempts == 2


def test_an_attempt_under_way_ends_as_its_request_does(exchange: Exchange) -> None:
    assert exchange.plan is not None
    exchange.plan.begin_attempt(again=False)
    assert attempts(exchange, "client_closed")[0]["error"] == "client_closed"
    exchange.plan.tries[-1].ended_at = time.monotonic()  # its answer was whole before the client left
    assert "error" not in attempts(exchange, "client_closed")[0]


def test_a_deadline_between_two_attempts_ends_neither(exchange: Exchange) -> None:
    plan = exchange.plan
    assert plan is not None
    plan.begin_attempt(again=False)
    plan.end_attempt(Failure.STATUS)
    plan.end_attempt(Failure.TOTAL_TIMEOUT)
    assert plan.failure is Failure.TOTAL_TIMEOUT
    assert attempts(exchange, "request_timeout")[0]["error"] == "upstream_error"


def test_the_number_of_attempts_told_is_bounded(exchange: Exchange) -> None:
    assert exchange.plan is not None
    for _ in range(MAX_ATTEMPTS + 5):
        exchange.plan.begin_attempt(again=False)
    assert len(attempts(exchange)) == MAX_ATTEMPTS


def test_a_miss_tells_what_came_near_and_what_its_scope_is_made_of(exchange: Exchange) -> None:
    exchange.parts, exchange.probability, exchange.near_entry = {"scope": "a", "model": "b"}, 0.71234, "1.near"
    exchange.stored = Entry(1, b"f" * 32, "r", 200, [], b"", 0, 0, None, "default")
    told = story_of(exchange, None)
    assert told == {
        "p": 0.712,
        "near": "1.near",
        "parts": {"scope": "a", "model": "b"},
        "stored": exchange.stored.entry_id,
    }


def test_what_was_refused_or_hit_has_no_parts(exchange: Exchange) -> None:
    exchange.parts = {"scope": "a"}
    assert story_of(exchange, "rate_limited") is None
    exchange.entry = Entry(1, b"f" * 32, "r", 200, [], b"", exchange.started_at, 0, None, "default")
    told = story_of(exchange, None)
    assert told is not None and "parts" not in told
