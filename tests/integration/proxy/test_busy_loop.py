"""On a loop without time to spare each step waits for its turn; connections are given back all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mitmgate.proxy.turns import Turns
from tests.integration.proxy.harness import Planner, answer, ask, gateway, post, upstream

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENTS = CHUNKED + b"9\r\ndata: {}\n\r\n1\r\n\n\r\n0\r\n\r\n"


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Turns, "_has_time", lambda turns: False)


@pytest.mark.parametrize("raw", [answer(b"{}"), EVENTS], ids=["whole", "stream"])
async def test_an_upstream_connection_is_used_again(busy: None, tmp_path: Path, raw: bytes) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, number: int) -> None:
        writer.write(raw)

    async with upstream(script) as (up, port), gateway(Planner(port), tmp_path) as (gw, worker):
        for _ in range(5):
            assert (await ask(gw, post()))[0] == 200
        pool = worker.gateway.pool
        assert up.connections == 1
        assert pool._open_count == pool._idle_count == 1
        assert worker.gateway.room.used == 0
