"""A request of which the matcher says that its answer must not be shared is forwarded, and nothing of it is kept."""

from __future__ import annotations

from typing import Any

from mitmproxy.test import tflow

from addons.entries import forward_line, may_keep
from addons.exchange import Exchange
from addons.semantic import SemanticStage
from addons.story import without_values
from mitmgate.core.cache_policy import SEMANTIC, SHADOW, Decision
from mitmgate.core.recording import Recording, RecordingRoom
from mitmgate.core.settings import Cache
from mitmgate.proxy.plan import Plan
from mitmgate.services.matcher_client import Found
from tests.integration.proxy.harness import render


class Tenant:
    id = 1
    cache_threshold = cache_max_wrong = None


class Matcher:
    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def find(self, *_: Any, **__: Any) -> Found:
        return Found((), self.reason)


async def asked(reason: str, mode: str = SEMANTIC, **more: Any) -> tuple[Exchange, Any]:
    nobody: Any = None
    matcher: Any = Matcher(reason)
    flow = tflow.tflow()
    exchange = Exchange(client_address="", path="/v1/chat/completions", query="", headers={})
    tenant: Any = Tenant()
    exchange.tenant, exchange.plan = tenant, Plan(render, 1)
    exchange.decision = Decision(mode, lookup=True, store=True, ttl_s=60, **more)
    exchange.fingerprint, exchange.scope, exchange.text, exchange.removal = b"f" * 32, b"s" * 32, "a text", ""
    exchange.cache_status, exchange.recording = "MISS", Recording(RecordingRoom())
    stage = SemanticStage(Cache(), matcher, nobody, nobody)
    await stage._ask(flow, exchange, b"s" * 32)
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
