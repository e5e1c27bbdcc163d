"""A request of which the matcher says that its answer must not be shared is forwarded, and nothing of it is kept.

What was stored while nobody could look is not served before somebody has.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mitmproxy.test import tflow

from addons.cache import CacheStage
from addons.entries import forward_line, may_keep
from addons.exchange import Exchange, begin_exchange
from addons.semantic import SemanticStage
from addons.story import without_values
from mitmgate.core.cache_policy import SEMANTIC, SHADOW, Decision
from mitmgate.core.recording import Recording, RecordingRoom
from mitmgate.core.settings import Cache
from mitmgate.proxy.plan import Plan
from mitmgate.services.exact_cache import Entry
from mitmgate.services.matcher_client import Found, MatcherAway
from tests.integration.proxy.harness import render


class Tenant:
    id = 1
    cache_threshold = cache_max_wrong = None


class Matcher:
    def __init__(self, found: Found | None) -> None:
        self.found = found
        self.asked: list[str] = []

    async def find(self, *_: Any, **__: Any) -> Found:
        return self._answer("find")

    async def classify(self, *_: Any, **__: Any) -> Found:
        return self._answer("classify")

    async def put(self, *_: Any, **__: Any) -> bool:
        self.asked.append("put")
        return self.found is not None and self.found.classified and not self.found.never_shared

    def _answer(self, operation: str) -> Found:
        self.asked.append(operation)
        if self.found is None:
            raise MatcherAway
        return self.found


class Entries:
    def __init__(self) -> None:
        self.touched: list[bytes] = []
        self.marked: list[bytes] = []

    def touch(self, tenant_id: int, fingerprint: bytes) -> None:
        self.touched.append(fingerprint)

    def mark_classified(self, tenant_id: int, fingerprint: bytes) -> None:
        self.marked.append(fingerprint)

    def looked_up(self, replies: Any) -> tuple[str, object]:
        return "", replies

    def read(self, reply: Any, *_: Any) -> Entry | None:
        return reply or None


LATE = Found((), "matcher late")
MAY_BE_SHARED = Found((), "scope empty", classified=True)
BY_RULES = Found((), "no classifier", by_rules=True)
NEVER_SHARED = Found((), "never shared: secret", classified=True)


def entry(*, classified: bool) -> Entry:
    return Entry(
        1,
        b"f" * 32,
        "r",
        200,
        [(b"Content-Type", b"application/json")],
        b"{}",
        0.0,
        2e10,
        "m",
        "default",
        classified=classified,
    )


def a_question(mode: str = SEMANTIC, **more: Any) -> Exchange:
    exchange = Exchange(client_address="", path="/v1/chat/completions", query="", headers={})
    tenant: Any = Tenant()
    exchange.tenant, exchange.plan = tenant, Plan(render, 1)
    exchange.decision = Decision(mode, **{"lookup": True, "store": True, "ttl_s": 60, **more})
    exchange.fingerprint, exchange.scope, exchange.text, exchange.removal = b"f" * 32, b"s" * 32, "a text", ""
    exchange.cache_status, exchange.recording = "MISS", Recording(RecordingRoom())
    return exchange


async def ask(exchange: Exchange, found: Found | None) -> tuple[Any, Matcher]:
    """-> the flow, and who was asked"""
    nobody: Any = None
    cache: Any = Entries()
    double = Matcher(found)
    matcher: Any = double
    flow = tflow.tflow()
    begin_exchange(flow, exchange)
    waited = SemanticStage(Cache(), matcher, cache, nobody).request(flow)
    if waited is not None:
        await waited
    return flow, double


async def asked(reason: str, mode: str = SEMANTIC, **more: Any) -> tuple[Exchange, Any]:
    exchange = a_question(mode, **more)
    flow, _ = await ask(exchange, Found((), reason, classified=True))
    return exchange, flow


async def test_it_is_not_kept_and_says_why() -> None:
    for mode in (SEMANTIC, SHADOW):
        exchange, flow = await asked("never shared: time-dependent", mode)
        assert not may_keep(exchange) and exchange.recording is None and flow.response is None
        assert forward_line(exchange) == b'mitmgate; fwd=bypass; detail="never shared: time-dependent"'
        assert without_values(exchange.cache_detail or "") == "never shared: time-dependent"


async def test_a_crisis_and_a_miss_are_kept_for_their_exact_words() -> None:
    for reason in ("exact only: crisis", "scope empty", "not sure: 0.71"):
        exchange, _ = await asked(reason)
        assert may_keep(exchange) and exchange.recording is not None
        assert forward_line(exchange) == f'mitmgate; fwd=miss; detail="{reason}"'.encode()


async def test_who_wants_only_a_cached_answer_is_refused() -> None:
    _, flow = await asked("never shared: secret", only_if_cached=True)
    assert flow.response is not None and flow.response.status_code == 504


@pytest.mark.parametrize("found", [LATE, Found((), "matcher busy"), Found((), "store away"), None])
async def test_what_nobody_could_look_at_is_kept_with_a_mark_and_not_served(found: Found | None) -> None:
    exchange = a_question()
    exchange.held = entry(classified=False)
    flow, _ = await ask(exchange, found)
    assert flow.response is None and may_keep(exchange) and not exchange.classified
    assert (exchange.cache_detail or "").startswith(("matcher ", "store "))


@pytest.mark.parametrize("mode", [SEMANTIC, SHADOW])
async def test_it_is_served_when_it_was_looked_at(mode: str) -> None:
    exchange = a_question(mode)
    exchange.held = entry(classified=False)
    flow, _ = await ask(exchange, MAY_BE_SHARED)
    assert flow.response.content == b"{}" and exchange.cache_kind == "exact" and exchange.cache_detail is None


async def test_it_is_never_served_when_it_must_not_be_shared() -> None:
    exchange = a_question()
    exchange.held = entry(classified=False)
    flow, _ = await ask(exchange, NEVER_SHARED)
    assert flow.response is None and not may_keep(exchange) and exchange.cache_status == "BYPASS"


@pytest.mark.parametrize("asked_anew", [True, False])
async def test_what_is_only_stored_is_looked_at_as_well(asked_anew: bool) -> None:
    """`Cache-Control: no-cache`, and `X-Cache-Mode: exact` where the tenant's answers are compared."""
    for found, kept in ((NEVER_SHARED, False), (MAY_BE_SHARED, True)):
        exchange = a_question(**({"lookup": False, "refresh": True} if asked_anew else {}))
        if not asked_anew:
            exchange.scope = None
        _, matcher = await ask(exchange, found)
        assert matcher.asked == ["classify"] and may_keep(exchange) == kept


@pytest.mark.parametrize(
    ("classified", "has_text", "served"), [(False, True, False), (True, True, True), (False, False, True)]
)
def test_the_exact_stage_holds_what_was_not_looked_at(classified: bool, has_text: bool, served: bool) -> None:
    nobody: Any = None
    cache: Any = Entries()
    exchange = a_question()
    exchange.cache_replies = entry(classified=classified)  # type: ignore[assignment]
    if not has_text:
        exchange.text = exchange.scope = None
    flow = tflow.tflow()
    begin_exchange(flow, exchange)
    CacheStage(Cache(), cache, nobody).request(flow)
    assert (flow.response is not None) == served
    assert (exchange.held is not None) != served and bool(cache.touched) == served


async def test_what_was_classified_when_it_was_stored_is_not_looked_at_again() -> None:
    exchange = a_question()
    exchange.classified, exchange.cache_detail = True, "no usage stored"  # an entry that has not the form asked for
    _, matcher = await ask(exchange, NEVER_SHARED)
    assert not matcher.asked and exchange.cache_detail == "no usage stored"


class Stage:
    """One worker's, asked several times."""

    def __init__(self, found: Found | None) -> None:
        self.matcher, self.entries = Matcher(found), Entries()
        matcher: Any = self.matcher
        cache: Any = self.entries
        nobody: Any = None
        self.stage = SemanticStage(Cache(), matcher, cache, nobody)

    async def ask(self, exchange: Exchange) -> Any:
        flow = tflow.tflow()
        begin_exchange(flow, exchange)
        waited = self.stage.request(flow)
        if waited is not None:
            await waited
        return flow


@pytest.mark.parametrize("only_if_cached", [True, False])
async def test_who_asks_again_gets_it_without_a_look(only_if_cached: bool) -> None:
    stage = Stage(MAY_BE_SHARED)
    for _ in range(3):
        exchange = a_question(only_if_cached=only_if_cached)
        exchange.held = entry(classified=False)
        flow = await stage.ask(exchange)
        assert flow.response.status_code == 200 and exchange.cache_status == "HIT"
    assert stage.matcher.asked == ["classify"] and stage.entries.marked == [b"f" * 32]


async def test_an_answer_that_replaces_one_keeps_what_is_known_of_its_text() -> None:
    stage = Stage(MAY_BE_SHARED)
    await stage.ask(a_question())
    stage.matcher.found = None  # the matcher is away
    exchange = a_question(lookup=False, refresh=True)
    await stage.ask(exchange)
    assert exchange.classified and may_keep(exchange) and stage.matcher.asked == ["find"]


async def test_without_a_classifier_equal_words_are_answered_and_nothing_is_marked() -> None:
    stage = Stage(BY_RULES)
    for _ in range(2):
        exchange = a_question()
        exchange.held = entry(classified=False)
        flow = await stage.ask(exchange)
        assert flow.response.content == b"{}" and not exchange.classified
    assert stage.matcher.asked == ["classify", "classify"] and not stage.entries.marked


@pytest.mark.parametrize("found", [MAY_BE_SHARED, LATE, None])
async def test_what_was_held_is_not_kept_while_the_upstream_answers(found: Found | None) -> None:
    exchange = a_question()
    exchange.held, exchange.cache_replies = entry(classified=False), (b"", b"a large reply")
    await ask(exchange, found)
    assert exchange.held is None and not exchange.cache_replies


async def test_nobody_waits_for_the_matcher_only_to_be_refused() -> None:
    exchange = a_question(only_if_cached=True)
    exchange.scope = None
    flow, matcher = await ask(exchange, MAY_BE_SHARED)
    assert flow.response is not None and flow.response.status_code == 504 and not matcher.asked


@pytest.mark.parametrize(("found", "marked"), [(MAY_BE_SHARED, True), (NEVER_SHARED, False), (BY_RULES, False)])
async def test_what_is_handed_over_is_marked_when_it_may_be_shared(found: Found, marked: bool) -> None:
    stage = Stage(found)
    exchange = a_question()
    exchange.stored = entry(classified=False)
    flow = tflow.tflow()
    begin_exchange(flow, exchange)
    stage.stage.response(flow)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert stage.matcher.asked == ["put"] and (stage.entries.marked == [b"f" * 32]) == marked
