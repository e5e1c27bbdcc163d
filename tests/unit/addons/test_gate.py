"""Every gate refuses when it breaks: an exception in it becomes an answer, and nothing is planned to go upstream."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from addons.auth import AuthStage
from addons.cache import CacheStage
from addons.exchange import Exchange, begin_exchange, exchange_of
from addons.gate import gate, observer
from addons.ledger import LedgerStage
from addons.models import ModelsStage
from addons.own import OwnStage
from addons.quota import QuotaStage
from addons.route import RouteStage
from addons.turns import LongWork
from addons.upstream import UpstreamStage
from addons.validate import ValidateStage
from mitmgate.core.directory import Key, KeyId, Tenant, TenantId
from mitmgate.core.errors import Refused
from mitmgate.core.paths import Route
from mitmgate.core.settings import Runtime, Settings
from mitmgate.proxy.plan import Plan, plan_of, set_plan
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.redis import Store

KEY = Key(KeyId(1), TenantId(1), "k", "mg_k", b"", frozenset({"any"}))
TENANT = Tenant(TenantId(1), "t", 1, "active", "https://up.example", 10, (KEY,))
SECRET = "a word of the request that no log may hold"


class Broken:
    """Whatever is asked of it raises."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(SECRET)


def make_flow(path: str = "/v1/chat/completions") -> http.HTTPFlow:
    request = tutils.treq(
        method=b"POST",
        path=path.encode(),
        headers=http.Headers([(b"content-type", b"application/json"), (b"authorization", b"Bearer x")]),
        content=b'{"model":"m"}',
    )
    flow = tflow.tflow(req=request)
    flow.response = None
    return flow


def known(flow: http.HTTPFlow, route: Route = Route.API) -> Exchange:
    """As the stages before have left it."""
    exchange = Exchange("127.0.0.1", flow.request.path, "", dict(flow.request.headers))
    exchange.route, exchange.tenant, exchange.key = route, TENANT, KEY
    exchange.endpoint, exchange.is_json, exchange.body = "/v1/chat/completions", True, {"model": "m"}
    exchange.plan = Plan(lambda error: http.Response.make(error.status), 1000)
    begin_exchange(flow, exchange)
    set_plan(flow, exchange.plan)
    return exchange


async def run(hook: Callable[[http.HTTPFlow], Any], flow: http.HTTPFlow) -> None:
    pending = hook(flow)
    if pending is not None:
        await pending


broken: Any = Broken()
GATES: dict[str, tuple[Callable[[], Any], str, Route]] = {
    "own token": (lambda: OwnStage(broken, broken, 60, broken).request, "/auth/token", Route.TOKEN),
    "own health": (lambda: OwnStage(broken, broken, 60, broken).request, "/health", Route.HEALTH),
    "auth": (lambda: AuthStage(broken).requestheaders, "/v1/chat/completions", Route.API),
    "validate headers": (lambda: ValidateStage(broken, LongWork()).requestheaders, "/v1/chat/completions", Route.API),
    "models headers": (lambda: ModelsStage(LongWork()).requestheaders, "/v1/chat/completions", Route.API),
    "models": (lambda: ModelsStage(LongWork()).request, "/v1/chat/completions", Route.API),
    "quota": (lambda: QuotaStage(broken, broken, broken).request, "/v1/chat/completions", Route.API),
    "upstream": (lambda: UpstreamStage(broken, broken, broken).request, "/v1/chat/completions", Route.API),
}


@pytest.mark.parametrize("name", GATES)
async def test_a_gate_that_raises_refuses(name: str, caplog: pytest.LogCaptureFixture) -> None:
    make, path, route = GATES[name]
    flow = make_flow(path)
    exchange = known(flow, route)
    flow.request.content = b'{"api_key":"x"}'
    if name == "own health":
        flow.request.method = "GET"
    if name.startswith("models"):
        exchange.tenant = broken
    with caplog.at_level(logging.DEBUG):
        await run(make(), flow)
    assert flow.response is not None and flow.response.status_code == 503
    assert json.loads(flow.response.content or b"")["error"]["code"] == exchange.error
    assert exchange.plan is not None and exchange.plan.target is None
    assert SECRET not in caplog.text and SECRET.encode() not in (flow.response.content or b"")


async def test_the_body_check_that_raises_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addons.validate.orjson.loads", lambda raw: 1 / 0)
    flow = make_flow()
    known(flow)
    await run(ValidateStage(broken, LongWork()).request, flow)
    assert flow.response is not None and flow.response.status_code == 503


async def test_routing_that_raises_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(tmp_path, "", "", False, None, 1, "127.0.0.1", 1, 1, "0", "")
    stage = RouteStage(Settings(tmp_path), runtime, b"mitmgate-1")
    monkeypatch.setattr("addons.route.check_path", lambda path: 1 / 0)
    flow = make_flow()
    stage.requestheaders(flow)
    assert flow.response is not None and flow.response.status_code == 503
    monkeypatch.setattr("addons.route.begin_exchange", lambda flow, exchange: 1 / 0)
    other = make_flow()
    stage.requestheaders(other)
    assert other.response is not None and other.response.status_code == 503


async def test_a_flow_that_routing_never_saw_is_refused_by_every_gate() -> None:
    for make, path, _ in GATES.values():
        flow = make_flow(path)
        await run(make(), flow)
        assert flow.response is not None and flow.response.status_code == 503
        assert exchange_of(flow) is None and plan_of(flow) is None


async def test_a_gate_leaves_an_answer_alone_and_turns_refusals_into_the_client_format() -> None:
    class Stage:
        @gate
        def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
            raise Refused(403, "no", "No.")

        @gate
        async def response(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
            await asyncio.sleep(0)
            raise Refused(403, "later", "No.")

    flow = make_flow()
    known(flow).client_format = "anthropic"
    await run(Stage().request, flow)
    assert flow.response is not None and json.loads(flow.response.content or b"")["error"]["type"] == "permission_error"
    first = flow.response
    await run(Stage().response, flow)
    assert flow.response is first


async def test_what_only_observes_fails_open(caplog: pytest.LogCaptureFixture) -> None:
    class Stage:
        @observer
        async def response(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
            raise RuntimeError(SECRET)

    flow = make_flow()
    known(flow)
    await run(Stage().response, flow)
    await run(LedgerStage(broken, broken, ExactCache(Store("redis://127.0.0.1:1"))).response, flow)
    cache = CacheStage(Settings(Path("/")).cache, broken, broken)
    exchange = exchange_of(flow)
    assert exchange is not None
    cache.ask(flow, exchange)
    exchange.cache_replies = [None, b"rubbish"]
    await run(cache.request, flow)
    assert flow.response is None
    assert SECRET not in caplog.text


def test_refusals_that_are_constants_keep_no_frames() -> None:
    constant = Refused(403, "no", "No.")

    class Stage:
        @gate
        def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
            raise constant

    for _ in range(3):
        flow = make_flow()
        known(flow)
        Stage().request(flow)
    assert constant.__traceback__ is None and constant.__context__ is None
