"""An ended connection is freed without the garbage collector, however it ended: strangers may open any number."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http

from tests.integration.proxy.harness import Planner, answer, gateway, post, upstream

CONNECTIONS = 5
SENT = {
    "nothing": b"",
    "half a head": b"GET /v1/x HT",
    "a request": post(b"{}", "/hit"),
    "a forwarded request": post(),
    "half a body": post()[:-1],
    "an upload": post(b"", "/up"),
    "pipelined requests": post(b"{}", "/hit") * 50,
    "a bad request": b"rubbish\n\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0",
    "bad HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 30,
}


@pytest.fixture
def uncollected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(http.MessageData, "__post_init__", lambda self: None)  # as in a worker, see unburdened.py
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("end", ["reset", "close"])
@pytest.mark.parametrize("name", SENT)
async def test_an_ended_connection_leaves_nothing_to_collect(tmp_path: Path, name: str, end: str) -> None:
    async def fine(reader: Any, writer: Any, request: bytes, count: int) -> None:
        writer.write(answer(b"{}"))

    async with upstream(fine) as (_, to):
        planner = Planner(to)
        planner.local["/hit"] = http.Response.make(200, b"{}")
        async with gateway(planner, tmp_path) as (port, worker):

            async def connect() -> None:
                client = socket.create_connection(("127.0.0.1", port))
                client.sendall(SENT[name])
                await asyncio.sleep(0.03)
                if end == "reset":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                async with asyncio.timeout(10):
                    while worker._connections:
                        await asyncio.sleep(0.005)

            await connect()  # what is made once
            gc.collect()
            for _ in range(CONNECTIONS):
                await connect()
            await asyncio.sleep(0.01)
            assert gc.collect() < 10 * CONNECTIONS
            assert worker.gateway.room.used == 0
