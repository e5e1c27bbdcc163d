"""A reload is for what comes from now on: no connection made under the old roots and addresses is used again."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from mitmgate.proxy.plan import Target
from mitmgate.proxy.pool import UpstreamPool


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    async def idle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(idle, "127.0.0.1", 0)
    async with server:
        yield Target(1, "http", "127.0.0.1", server.sockets[0].getsockname()[1], allow_private=True)


async def test_a_connection_in_use_at_the_reload_does_not_come_back(target: Target) -> None:
    pool = UpstreamPool(ssl.create_default_context())
    before = await pool.dial(target)
    pool.close()
    pool.give_back(before)
    assert before.writer.is_closing()
    assert pool.take(target) is None
    after = await pool.dial(target)
    pool.give_back(after)
    assert pool.take(target) is after
    pool.discard(after)


async def test_a_connection_being_made_at_the_reload_does_not_come_back(target: Target) -> None:
    pool = UpstreamPool(ssl.create_default_context())
    dialling = asyncio.create_task(pool.dial(target))
    await asyncio.sleep(0)
    pool.close()
    made = await dialling
    pool.give_back(made)
    assert made.writer.is_closing()
    assert pool.take(target) is None
