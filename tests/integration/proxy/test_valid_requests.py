"""What clients may send, through the chain and over sockets: forwarded as it came, answered in the client's format."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from addons.chain import make_chain
from mitmgate.core.errors import Refused
from mitmgate.core.settings import Server
from mitmgate.proxy.gateway import Gateway, Room
from mitmgate.proxy.pool import UpstreamPool
from mitmgate.proxy.worker import Worker
from mitmgate.services.authenticator import Authenticator
from tests.integration.proxy.harness import answer, ask, upstream
from tests.integration.proxy.test_gates_fail_closed import KEY, Chain, make_services, request

APP = "https://app.example"
BODY = b'{"model":"m","messages":[],"pad":"' + b"x" * 200_000 + b'"}'
ROOM_BYTES = 4 << 20


@pytest.fixture
async def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chain]:
    async def uncounted(self: Any, address: str, error: Refused) -> Refused:
        return error

    monkeypatch.setattr(Authenticator, "count_failure", uncounted)

    async def fine(reader: Any, writer: Any, request: bytes, number: int) -> None:
        writer.write(answer(b'{"ok":true}'))

    async with upstream(fine) as (raw_upstream, port):
        services, journal = make_services(port, tmp_path)
        settings = replace(services.settings, server=Server(cors_origins=(APP,)))
        services = replace(services, settings=settings)
        listener = socket.create_server(("127.0.0.1", 0))
        shared = Gateway(UpstreamPool(tls=ssl.create_default_context()), Room(ROOM_BYTES), 64 << 10)
        worker = Worker(shared, make_chain(services, shared.audits), tmp_path, None)
        ready = asyncio.Event()
        task = asyncio.create_task(worker.run(listener, ready.set))
        await ready.wait()
        yield Chain(listener.getsockname()[1], services, raw_upstream, journal.records)
        worker.master.shutdown()
        await task
        assert shared.room.used == 0


def bare(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: gw", *lines, "", ""]).encode()


BEARER = f"Authorization: Bearer {KEY}"


@pytest.mark.parametrize(("coding", "packed"), [("gzip", gzip.compress(BODY)), ("zstd", zstd.compress(BODY))])
async def test_an_encoded_body_goes_on_plain(chain: Chain, coding: str, packed: bytes) -> None:
    coded = f"Content-Encoding: {coding}"
    status, _, _ = await ask(chain.port, request("/v1/chat/completions", KEY, coded, body=packed))
    assert status == 200
    head, _, body = chain.raw_upstream.requests[-1].partition(b"\r\n\r\n")
    assert body == BODY
    assert b"\r\nContent-Length: %d" % len(BODY) in head and b"content-encoding" not in head.lower()


async def test_codings_that_are_not_read(chain: Chain) -> None:
    status, headers, _ = await ask(chain.port, request("/v1/chat/completions", KEY, "Content-Encoding: br", body=b"x"))
    assert (status, headers["accept-encoding"]) == (415, "gzip, zstd")
    broken = request("/v1/chat/completions", KEY, "Content-Encoding: gzip", body=gzip.compress(BODY)[:-9])
    assert (await ask(chain.port, broken))[0] == 400
    bomb = gzip.compress(b'{"model":"m","x":"' + bytes(8 << 20))
    status, _, body = await ask(chain.port, request("/v1/chat/completions", KEY, "Content-Encoding: gzip", body=bomb))
    assert (status, json.loads(body)["error"]["code"]) == (503, "gateway_overloaded")  # no room in this gateway
    assert not chain.raw_upstream.requests


async def test_an_upload_keeps_its_coding(chain: Chain) -> None:
    packed = gzip.compress(b"audio")
    status, _, _ = await ask(chain.port, request("/v1/files", KEY, "Content-Encoding: gzip", body=packed))
    assert status == 200
    head, _, body = chain.raw_upstream.requests[-1].partition(b"\r\n\r\n")
    assert body == packed and b"Content-Encoding: gzip" in head


@pytest.mark.parametrize(
    ("path", "lines", "status"),
    [
        ("/v1/agents", ["anthropic-version: 2023-06-01"], 401),
        ("/v1/sessions/x", ["x-api-key: wrong"], 401),
        ("/v1/a%2fb", ["anthropic-version: 2023-06-01"], 400),
        ("/nowhere", ["anthropic-version: 2023-06-01"], 404),
        ("/v1/messages", ["Content-Length: 5", "Content-Length: 6"], 400),
    ],
)
async def test_errors_are_in_the_clients_format(chain: Chain, path: str, lines: list[str], status: int) -> None:
    found, _, body = await ask(chain.port, bare("GET", path, *lines))
    assert found == status
    assert json.loads(body)["type"] == "error"


async def test_a_websocket_is_refused_in_words(chain: Chain) -> None:
    upgrade = ["Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13"]
    status, headers, body = await ask(chain.port, bare("GET", "/v1/responses", BEARER, *upgrade))
    assert (status, headers["upgrade"], headers["connection"]) == (426, "HTTP/1.1", "Upgrade")
    assert json.loads(body)["error"]["code"] == "upgrade_not_supported"
    assert (await ask(chain.port, bare("GET", "/v1/responses", *upgrade)))[0] == 401
    assert not chain.raw_upstream.requests


async def test_a_preflight_needs_no_key_and_other_options_do(chain: Chain) -> None:
    wants = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type"]
    preflight = bare("OPTIONS", "/v1/chat/completions", f"Origin: {APP}", *wants)
    status, headers, body = await ask(chain.port, preflight)
    assert (status, body) == (204, b"") and "content-length" not in headers
    assert headers["access-control-allow-origin"] == APP
    assert headers["access-control-allow-headers"] == "authorization,content-type"
    status, headers, _ = await ask(chain.port, preflight.replace(b"app.example", b"bad.example"))
    assert status == 204 and "access-control-allow-origin" not in headers
    assert (await ask(chain.port, bare("OPTIONS", "/v1/chat/completions", f"Origin: {APP}")))[0] == 401
    assert (await ask(chain.port, bare("OPTIONS", "/admin/tenants", f"Origin: {APP}", *wants)))[0] != 204
    assert not chain.raw_upstream.requests


async def test_answers_and_errors_name_the_origin(chain: Chain) -> None:
    for key, expected in ((KEY, 200), ("wrong", 401)):
        status, headers, _ = await ask(chain.port, request("/v1/chat/completions", key, f"Origin: {APP}"))
        assert (status, headers["access-control-allow-origin"]) == (expected, APP)
        assert headers["vary"] == "Origin"


@pytest.mark.parametrize(
    ("model", "status"), [({"id": "m"}, 200), ({"id": "m", "speed": "fast"}, 200), ({"id": "x"}, 403), ({"a": 1}, 400)]
)
async def test_an_agents_model_may_be_an_object(chain: Chain, model: dict[str, Any], status: int) -> None:
    body = json.dumps({"name": "a", "model": model}).encode()
    found, _, _ = await ask(chain.port, request("/v1/agents", KEY, "anthropic-version: 2023-06-01", body=body))
    assert found == status
    assert chain.records[-1].model == (model.get("id") if status != 400 else None)
