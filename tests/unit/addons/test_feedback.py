"""Feedback is taken for the key's tenant alone, in bounded numbers, and what control says reaches the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from addons import feedback
from addons.exchange import Exchange, begin_exchange
from addons.feedback import FeedbackStage
from mitmgate.core.directory import Key, Tenant
from mitmgate.core.errors import ANTHROPIC, OPENAI, Refused
from mitmgate.core.paths import Route
from mitmgate.proxy.plan import Plan
from mitmgate.services.authenticator import Identity
from tests.unit.addons.test_models import KEY, TENANT

WRONG = {"request_id": "01a2107b-9134-70c1-863a-e8886ce96f03", "correct": False}
DONE = {"tenant_id": 1, "request_id": None, "entry": None, "evicted": True, "pair": None}


class Authenticator:
    """Knows one key."""

    def __init__(self, tenant: Tenant = TENANT, key: Key = KEY) -> None:
        self.identity = Identity(tenant, key, ("secret",))

    def choose(self, credentials: Sequence[str], behind_proxy: bool) -> Identity | Refused:
        return self.identity if list(credentials) == ["secret"] else Refused(401, "invalid_api_key", "No.")

    async def look_up(self, credentials: Sequence[str]) -> bool:
        return False

    async def count_failure(self, address: str, error: Refused) -> Refused:
        return error


class Control:
    """Answers every call alike and notes it."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], Any]] = []
        self.status, self.answer = 200, json.dumps(DONE)
        self.port = 0
        self.held = asyncio.Event()
        self.held.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in head if line.lower().startswith("content-length:"))
        self.asked.append((head, json.loads(await reader.readexactly(length))))
        await self.held.wait()
        body = self.answer.encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (self.status, len(body), body))
        await writer.drain()
        writer.close()


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    control = Control()
    server = await asyncio.start_server(control.serve, "127.0.0.1", 0)
    control.port = server.sockets[0].getsockname()[1]
    yield control
    server.close()


def stage(port: int, tenant: Tenant = TENANT, key: Key = KEY) -> FeedbackStage:
    authenticator: Any = Authenticator(tenant, key)
    return FeedbackStage(authenticator, port, "the workers' token")


async def tell(
    stage: FeedbackStage, body: Any = WRONG, *, key: str = "secret", method: str = "POST", client: str = OPENAI
) -> http.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = http.Headers(((b"authorization", f"Bearer {key}".encode()),))
    flow = tflow.tflow(req=tutils.treq(method=method.encode(), path=b"/v1/feedback", headers=fields, content=raw))
    exchange = Exchange("192.0.2.1", "/v1/feedback", "", {})
    exchange.route, exchange.client_format = Route.FEEDBACK, client
    exchange.plan = Plan(lambda error: http.Response.make(error.status), 1 << 20)
    begin_exchange(flow, exchange)
    pending = stage.request(flow)
    if pending is not None:
        await pending
    assert flow.response is not None and exchange.tenant is None  # so that it has no row
    return flow.response


async def test_control_is_asked_in_the_keys_name(control: Control) -> None:
    answer = await tell(stage(control.port))
    assert (answer.status_code, answer.raw_content) == (204, b"")
    [(head, body)] = control.asked
    assert body == {**WRONG, "tenant_id": 1}
    assert head[0] == "POST /admin/cache/feedback HTTP/1.1"
    assert {
        "Authorization: Bearer the workers' token",
        "X-Mitmgate-Key: key 1 of tenant 1",
        "X-Mitmgate-Client: 192.0.2.1",
    } <= set(head)
    assert not any("secret" in line for line in head)


async def test_an_entry_may_be_named_instead(control: Control) -> None:
    assert (await tell(stage(control.port), {"entry": "1.A", "correct": True})).status_code == 204
    assert control.asked[0][1] == {"entry": "1.A", "correct": True, "tenant_id": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no",
        b"[]",
        {},
        {"request_id": "x"},
        {"correct": False},
        {"request_id": "x", "correct": 0},
        {"request_id": "x", "correct": None},
        {"request_id": 7, "correct": False},
        {"request_id": "", "correct": False},
        {"request_id": "x" * 101, "correct": False},
        {"request_id": "x", "entry": "y", "correct": False},
        {"request_id": "x", "correct": False, "tenant_id": 2},
    ],
)
async def test_what_says_nothing_is_refused(control: Control, body: Any) -> None:
    answer = await tell(stage(control.port), body)
    assert answer.status_code == 400 and json.loads(answer.raw_content or b"")["error"]["code"] == "invalid_request"
    assert control.asked == []


async def test_who_may_not_is_refused(control: Control) -> None:
    assert (await tell(stage(control.port), key="other")).status_code == 401
    assert (await tell(stage(control.port), method="GET")).status_code == 405
    chat = replace(KEY, scopes=frozenset({"chat"}))
    assert (await tell(stage(control.port, key=chat))).status_code == 403
    assert (await tell(stage(control.port, replace(TENANT, status="blocked")))).status_code == 403
    assert control.asked == []
    able = replace(KEY, scopes=frozenset({"feedback"}))
    assert (await tell(stage(control.port, key=able))).status_code == 204


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (404, "request_not_found", 404),
        (409, "not_a_hit", 409),
        (503, "database_unavailable", 503),
        (500, "internal_error", 503),
        (401, "invalid_admin_token", 503),
    ],
)
@pytest.mark.parametrize("client", [OPENAI, ANTHROPIC])
async def test_what_control_refuses_is_told_in_the_clients_format(
    control: Control, status: int, code: str, told: int, client: str
) -> None:
    error = {"message": "Because.", "type": "x", "param": "request_id", "code": code}
    control.status, control.answer = status, json.dumps({"error": error})
    answer = await tell(stage(control.port), client=client)
    assert answer.status_code == told
    body = json.loads(answer.raw_content or b"")
    assert body["error"]["message"] == ("Because." if status != 401 else "Feedback cannot be taken at the moment.")
    assert ("code" in body["error"]) is (client == OPENAI)


async def test_nonsense_of_control_and_its_absence_are_our_fault(control: Control) -> None:
    control.status, control.answer = 404, "<html>"
    assert (await tell(stage(control.port))).status_code == 503
    assert (await tell(stage(9))).status_code == 503
    assert (await tell(stage(0))).status_code == 503  # stock mitmproxy, where no control is


async def test_a_flood_of_one_tenant_is_held_back_and_calls_are_few(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("AT_ONCE", 2), ("BURST", 5), ("PER_S", 0.001)):
        monkeypatch.setattr(feedback, name, value)
    control.held.clear()
    there = stage(control.port)
    waiting = [asyncio.create_task(tell(there)) for _ in range(2)]
    while len(control.asked) < 2:
        await asyncio.sleep(0.01)
    busy = await tell(there)
    assert busy.status_code == 503 and busy.headers["retry-after"] == "1"
    control.held.set()
    assert [(await each).status_code for each in waiting] == [204, 204]
    assert [(await tell(there)).status_code for _ in range(4)] == [204, 204, 429, 429]  # of five, three came before
    assert len(control.asked) == 4
