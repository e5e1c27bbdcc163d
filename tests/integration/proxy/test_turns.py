"""No input holds the event loop: each flood costs less than MOST_S of the loop's thread in one turn."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http

from tests.integration.proxy.harness import Planner, answer, ask, gateway, post, upstream
from tests.integration.proxy.turns import MOST_S, Turns, measured

CHUNKED = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"


def reset(stream: int) -> bytes:
    return frame(3, b"\0\0\0\1", 0, stream)


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


# method POST, scheme http, path /v1/x, authority gw, of HPACK's static table and as literals
HEADERS = b"\x83\x86\x44\x05/v1/x\x41\x02gw"
OPEN = frame(1, HEADERS, 4, 1)

FLOODS = {
    "requests": b"GET /hit HTTP/1.1\r\nHost:x\r\n\r\n" * 20_000,
    "refused requests": b"GET /no HTTP/1.1\r\nHost:x\r\n\r\n" * 20_000,
    "requests with bodies": (b"POST /hit HTTP/1.1\r\nHost:x\r\nContent-Length: 2\r\n\r\n{}") * 10_000,
    "chunks of one byte": CHUNKED + b"1\r\na\r\n" * 200_000 + b"0\r\n\r\n",
    "chunks with extensions": CHUNKED + b"1;a=b;c;d\r\na\r\n" * 60_000 + b"0\r\n\r\n",
    "trailers": CHUNKED + b"2\r\n{}\r\n0\r\n" + b"a:\r\n" * 300_000,
    "blank lines": b"\r\n" * 500_000,
    "line feeds": b"\n" * 1_000_000,
    "fields": b"GET /hit HTTP/1.1\r\nHost:x\r\n" + b"a:\r\n" * 250_000,
    "a few bytes at a time of nothing": b"G" * 1_000_000,
    "SETTINGS": PREFACE + frame(4) * 100_000,
    "SETTINGS of many": PREFACE + frame(4, b"\0\4\0\0\xff\xff" * 2_700) * 60,
    "SETTINGS acknowledged": PREFACE + frame(4, b"", 1) * 100_000,
    "PING": PREFACE + frame(6, b"12345678") * 60_000,
    "PRIORITY": PREFACE + frame(2, b"\0\0\0\0\1", 0, 3) * 70_000,
    "WINDOW_UPDATE": PREFACE + OPEN + frame(8, b"\0\0\0\1", 0, 0) * 80_000,
    "WINDOW_UPDATE of a stream": PREFACE + OPEN + frame(8, b"\0\0\0\1", 0, 1) * 80_000,
    "empty DATA": PREFACE + OPEN + frame(0, b"", 0, 1) * 100_000,
    "DATA of one byte": PREFACE + OPEN + frame(0, b"a", 0, 1) * 60_000,
    "padded DATA": PREFACE + OPEN + frame(0, b"\x05" + b"\0" * 5, 8, 1) * 60_000,
    "CONTINUATION": PREFACE + frame(1, HEADERS, 0, 1) + frame(9, b"", 0, 1) * 100_000,
    "unknown frames": PREFACE + frame(99) * 100_000,
    "RST_STREAM": PREFACE + b"".join(frame(1, HEADERS, 4, n) + reset(n) for n in range(1, 60_001, 2)),
    "HTTP/2 requests": PREFACE + b"".join(frame(1, HEADERS, 5, n) for n in range(1, 60_001, 2)),
    "fields of one byte": PREFACE + b"".join(frame(1, HEADERS + b"\x90" * 16_000, 5, n) for n in (1, 3, 5)),
}  # fmt: skip


async def send_all(port: int, data: bytes) -> None:
    """Sends until the other side has had enough, and reads what comes meanwhile."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        writer.write(data)
        await writer.drain()

    async def read() -> None:
        while await reader.read(1 << 16):
            pass

    tasks = [asyncio.create_task(send()), asyncio.create_task(read())]
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(4):
            await asyncio.gather(*tasks)
    for task in tasks:
        task.cancel()
    writer.transport.abort()


def report(name: str, turns: Turns) -> None:
    """Shown by `pytest -s`."""
    sys.stdout.write(f"{name}: {turns.callback_s * 1000:.1f} ms a callback, {turns.turn_s * 1000:.1f} ms a turn\n")


def planner_with(port: int) -> Planner:
    planner = Planner(port, max_request_bytes=4 << 20, first_byte_s=30, idle_s=30, total_s=60)
    planner.local["/hit"] = http.Response.make(200, b"{}")
    planner.early["/no"] = http.Response.make(401, b"{}")
    return planner


async def fine(reader: Any, writer: Any, request: bytes, count: int) -> None:
    writer.write(answer(b"{}"))


@pytest.mark.parametrize("name", FLOODS)
async def test_no_flood_of_a_client_holds_the_loop(tmp_path: Path, name: str) -> None:
    async with upstream(fine) as (_, to), gateway(planner_with(to), tmp_path) as (port, worker):
        with measured() as turns:
            await send_all(port, FLOODS[name])
            assert (await ask(port, post(b"{}", "/hit")))[0] == 200
        report(name, turns)
        assert turns.callback_s < MOST_S and turns.turn_s < 2 * MOST_S, (turns, name)
        for _ in range(300):
            if not worker._connections:
                break
            await asyncio.sleep(0.01)
        assert not worker._connections and worker.gateway.room.used == 0


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ANSWERS = {
    "chunks of one byte": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n1\r\n" * 300_000 + b"0\r\n\r\n",
    "informational answers": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100_000 + answer(b"{}"),
    "fields": HEAD + b"a:\r\n" * 60_000 + b"Content-Length: 2\r\n\r\n{}",
    "blank lines": b"\r\n" * 500_000,
    "trailers": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + b"a:\r\n" * 300_000,
    "more than one answer": answer(b"{}") * 20_000,
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("stream", [False, True])
async def test_no_answer_of_an_upstream_holds_the_loop(tmp_path: Path, name: str, stream: bool) -> None:
    async def script(reader: Any, writer: Any, request: bytes, count: int) -> None:
        writer.write(ANSWERS[name])
        with suppress(OSError):
            await writer.drain()

    async with upstream(script) as (_, to):
        planner = planner_with(to)
        planner.settings["retries"] = 0
        planner.stream = stream
        async with gateway(planner, tmp_path) as (port, worker):
            with measured() as turns:
                await send_all(port, post(b"{}", "/v1/x", "Connection: close"))
            report(name, turns)
            assert turns.callback_s < MOST_S and turns.turn_s < 2 * MOST_S, (turns, name)
            for _ in range(300):
                if not worker._connections:
                    break
                await asyncio.sleep(0.01)
            assert not worker._connections and worker.gateway.room.used == 0


@pytest.mark.parametrize("name", ["requests", "PING", "chunks of one byte", "DATA of one byte"])
async def test_many_floods_at_once_do_not_hold_the_loop(tmp_path: Path, name: str) -> None:
    async with upstream(fine) as (_, to), gateway(planner_with(to), tmp_path) as (port, _):
        with measured() as turns:
            floods = [asyncio.create_task(send_all(port, FLOODS[name])) for _ in range(50)]
            for _ in range(20):
                assert (await ask(port, post(b"{}", "/hit")))[0] == 200
            for flood in floods:
                flood.cancel()
            await asyncio.gather(*floods, return_exceptions=True)
        report(name, turns)
        assert turns.callback_s < MOST_S, (turns, name)
