"""What is held of an upstream's answer counts in the worker's room, for as long as it is held."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from .harness import Planner, answer, gateway, post, read_answer, upstream

HALF = b"x" * 600_000


async def until(reached: Any) -> None:
    async with asyncio.timeout(5):
        while not reached():
            await asyncio.sleep(0.01)


async def test_an_error_that_may_not_be_the_last_word_counts(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def fails_once(reader: Any, writer: Any, request: bytes, number: int) -> None:
        if number > 1:
            await go.wait()
            writer.write(answer(b"{}"))
            return
        raw = answer(HALF, "503 Busy", "Retry-After: 0")
        writer.write(raw[:-1])
        await go.wait()
        go.clear()
        writer.write(raw[-1:])

    async with upstream(fails_once) as (raw, to), gateway(Planner(to), tmp_path) as (port, worker):
        room = worker.gateway.room
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post())
        await until(lambda: room.used >= len(HALF) - 1)
        go.set()
        await until(lambda: len(raw.requests) == 2)
        assert room.used < 1_000  # the error is dropped with its attempt
        go.set()
        assert (await read_answer(reader))[0] == 200
        writer.close()
        await until(lambda: room.used == 0)


async def test_an_error_without_room_is_not_kept(tmp_path: Path) -> None:
    async def fails(reader: Any, writer: Any, request: bytes, number: int) -> None:
        writer.write(answer(b'{"a":"' + HALF + b'"}', "503 Busy", "Retry-After: 0"))

    async with upstream(fails) as (raw, to), gateway(Planner(to, retries=1), tmp_path) as (port, worker):
        worker.gateway.room.limit = 100_000
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post())
        status, _, body = await read_answer(reader)
        assert (status, json.loads(body)["error"]["code"]) == (502, "upstream_error") and len(raw.requests) == 2
        writer.close()
        await until(lambda: worker.gateway.room.used == 0)


async def test_what_went_out_of_a_long_answer_no_longer_counts(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def long(reader: Any, writer: Any, request: bytes, number: int) -> None:
        raw = answer(HALF * 4)
        writer.write(raw[:-1])
        await go.wait()
        writer.write(raw[-1:])

    async with upstream(long) as (_, to), gateway(Planner(to), tmp_path) as (port, worker):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post())
        await reader.readexactly(3 * len(HALF))  # it passes in pieces by now
        await asyncio.sleep(0.2)
        assert worker.gateway.room.used < 200_000
        go.set()
        await reader.readuntil(b"x")
        writer.close()
        await until(lambda: worker.gateway.room.used == 0)
