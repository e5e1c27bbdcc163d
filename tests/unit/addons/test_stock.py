"""In stock mitmproxy a connection goes where the chain decided for that very request."""

from __future__ import annotations

import time
from pathlib import Path

from mitmproxy import http
from mitmproxy.connection import Server
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import tflow

from addons.exchange import Exchange, begin_exchange
from addons.stock import StockForwarding
from mitmgate.core.paths import Route
from mitmgate.core.settings import Settings
from mitmgate.proxy.plan import Plan, Target
from tests.unit.addons.test_gate import make_flow

NAME, PORT = "both.example", 443
PRIVATE, PUBLIC = "10.0.0.5", "93.184.215.14"


async def planned(stage: StockForwarding, owner: int, allow_private: bool, host: str = NAME) -> http.HTTPFlow:
    flow = make_flow()
    exchange = Exchange("", "/v1/chat/completions", "", {}, route=Route.API)
    begin_exchange(flow, exchange)
    exchange.plan = Plan(lambda error: http.Response.make(500), 1000)
    exchange.plan.target = Target(owner, "https", host, PORT, allow_private)
    await stage.request(flow)
    return flow


def connects_to(stage: StockForwarding, flow: http.HTTPFlow) -> ServerConnectionHookData:
    """As mitmproxy asks: with the request's host, and without the flow."""
    server = Server(address=(flow.request.host, flow.request.port))
    asked = ServerConnectionHookData(server=server, client=tflow.tclient_conn())
    stage.server_connect(asked)
    return asked


def make_stage() -> StockForwarding:
    """It knows a name with a private and a public address."""
    stage = StockForwarding(Settings(Path("unused")), lambda flow: None)
    stage._gateway.pool._names[(NAME, PORT)] = time.monotonic() + 60, [PRIVATE, PUBLIC]
    return stage


async def test_a_tenant_with_private_addresses_moves_nobody_else_there() -> None:
    stage = make_stage()
    theirs, ours = await planned(stage, 1, allow_private=False), await planned(stage, 2, allow_private=True)
    assert connects_to(stage, theirs).server.address == (PUBLIC, PORT)
    assert connects_to(stage, ours).server.address == (PRIVATE, PORT)


async def test_mitmproxy_does_not_share_a_connection_between_tenants() -> None:
    stage = make_stage()
    one, same, other = [await planned(stage, owner, allow_private=False, host=PUBLIC) for owner in (1, 1, 2)]
    address = connects_to(stage, one).server.address
    assert (same.request.host, PORT) == address
    assert (other.request.host, PORT) != address
    assert other.request.host == PUBLIC and one.request.host != other.request.host


async def test_an_address_nobody_decided_on_is_not_connected_to() -> None:
    stage = make_stage()
    flow = await planned(stage, 1, allow_private=False)
    flow.request.port = 1
    assert connects_to(stage, flow).server.error
    flow.request.host, flow.request.port = NAME, PORT
    assert connects_to(stage, flow).server.error
    assert flow.copy().request.host == NAME
