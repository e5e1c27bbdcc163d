"""Of several ways to a peer the first that opens is taken, and nothing is left of the others."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mitmgate.core.retry import Failure
from mitmgate.proxy.first_opened import Opened, first_opened
from mitmgate.proxy.plan import Target
from mitmgate.proxy.pool import DialFailed, UpstreamPool


class Peer:
    def __init__(self, port: int) -> None:
        self.port = port
        self.connections = 0
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        await reader.read()
        self.open -= 1
        writer.close()

    async def connect(self) -> Opened:
        return await asyncio.open_connection("127.0.0.1", self.port)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer(0)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    yield peer
    server.close()


async def never() -> Opened:
    await asyncio.Event().wait()
    raise AssertionError


async def refused() -> Opened:
    raise ConnectionRefusedError


async def settled(peer: Peer, count: int) -> None:
    async with asyncio.timeout(5):
        while peer.open != count:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("before", [[], [refused], [never], [refused, never], [never, never, refused]])
async def test_what_fails_or_hangs_does_not_stand_in_the_way(peer: Peer, before: list[Any], eager: bool) -> None:
    if eager:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    _, writer = await asyncio.wait_for(first_opened([*before, peer.connect], 0.05), 5)
    await settled(peer, 1)
    writer.close()
    await settled(peer, 0)
    assert peer.connections == 1
    assert len(asyncio.all_tasks()) <= 2


async def test_two_that_open_at_once_leave_one(peer: Peer) -> None:
    both = asyncio.Event()

    async def late() -> Opened:
        opened = await peer.connect()
        await both.wait()
        return opened

    opening = asyncio.create_task(first_opened([late, late], 0.01))
    await settled(peer, 2)
    both.set()
    _, writer = await opening
    await settled(peer, 1)
    writer.close()


async def test_none_that_opens_is_the_last_failure() -> None:
    async def forbidden() -> Opened:
        raise ssl.SSLError

    with pytest.raises(ssl.SSLError):
        await first_opened([refused, forbidden], 0.05)


async def test_giving_up_gives_all_up() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first_opened([never, never], 0.01), 0.1)
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == 1


async def test_a_name_with_a_dead_and_a_living_address(peer: Peer) -> None:
    pool = UpstreamPool(ssl.create_default_context())
    target = Target(1, "http", "two.test", peer.port, allow_private=True)
    pool._names[("two.test", peer.port)] = (1e12, ["127.0.0.77", "127.0.0.1"])
    transport = await asyncio.wait_for(pool.dial(target), 5)
    assert transport.writer.get_extra_info("peername")[0] == "127.0.0.1"
    pool.discard(transport)
    pool._names[("two.test", peer.port)] = (1e12, ["10.0.0.1", "127.0.0.1"])
    with pytest.raises(DialFailed) as refusal:
        await pool.dial(Target(1, "http", "two.test", peer.port, allow_private=False))
    assert refusal.value.failure is Failure.ADDRESS
