"""A body that comes while a gate still looks at the head is counted: HTTP/2's clients cannot be held back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from mitmproxy import http

from .harness import Planner, answer, gateway, upstream
from .test_bad_clients import Http2, http2

ROOM = 1 << 20


class SlowGate(Planner):
    """Waits at the head until it may go on."""

    def __init__(self, port: int) -> None:
        super().__init__(port, max_request_bytes=64 << 20)
        self.go = asyncio.Event()

    async def requestheaders(self, flow: http.HTTPFlow) -> None:  # type: ignore[override]
        await self.go.wait()
        super().requestheaders(flow)


async def fine(reader: Any, writer: Any, request: bytes, number: int) -> None:
    writer.write(answer(b"{}"))


async def flood(client: Http2, pieces: int) -> int:
    """Sends as much as the windows allow. -> bytes that went out before the connection ended"""
    sent = 0

    async def read() -> None:
        await client.until(lambda: False)

    reading = asyncio.create_task(read())
    while sent < pieces * 16_000 and not client.gone and not reading.done():
        if min(client.h2.local_flow_control_window(1), client.h2.max_outbound_frame_size) < 16_000:
            await asyncio.sleep(0.001)
            continue
        client.h2.send_data(1, b" " * 16_000)
        client.flush()
        sent += 16_000
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    return sent


async def test_more_than_there_is_room_for_ends_the_connection(tmp_path: Path) -> None:
    planner = SlowGate(1)
    async with gateway(planner, tmp_path, room=ROOM) as (port, worker):
        client = await http2(port)
        client.send(1, [("content-type", "application/json")], b"{", end=False)
        async with asyncio.timeout(20):
            sent = await flood(client, 1_000)
        assert sent < 8 * ROOM
        planner.go.set()
        async with asyncio.timeout(5):
            while worker._connections:
                await asyncio.sleep(0.01)
        assert worker.gateway.room.used == 0


async def test_what_waited_is_served_and_no_longer_counted(tmp_path: Path) -> None:
    async with upstream(fine) as (raw, to):
        planner = SlowGate(to)
        async with gateway(planner, tmp_path, room=ROOM) as (port, worker):
            client = await http2(port)
            client.send(1, [("content-type", "application/json")], b'{"a":"' + b"x" * 10_000 + b'"}')
            async with asyncio.timeout(5):
                while worker.gateway.room.used < 10_000:
                    await asyncio.sleep(0.01)
            planner.go.set()
            await client.until(lambda: 1 in client.ended)
            assert client.status == {1: 200} and len(raw.requests) == 1
            assert worker.gateway.room.used == 0
            client.writer.close()
