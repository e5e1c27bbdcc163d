"""An upload that goes wrong under way ends in one answer, or in the visible break of the one that has begun."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mitmgate.core.retry import Failure
from mitmgate.proxy import stream
from mitmgate.proxy.pool import DialFailed, UpstreamPool
from tests.integration.proxy.harness import Planner, answer, ask, gateway, post, upstream
from tests.integration.proxy.test_bad_clients import http2

UPLOAD = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("more", [b"200\r\n" + b"x" * 512 + b"\r\n", b""], ids=["too large", "too slow"])
async def test_an_answer_that_has_begun_is_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: bytes
) -> None:
    monkeypatch.setattr(stream, "BODY_WINDOW_S", 0.3)

    async def early(reader: Any, writer: Any, request: bytes, n: int) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + b"5\r\nabc\n\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    async with upstream(early) as (_, port):
        planner = Planner(port, max_request_bytes=100, idle_s=5, first_byte_s=5)
        planner.upload = True
        async with gateway(planner, tmp_path) as (here, worker):
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            writer.write(UPLOAD + b"1\r\na\r\n")
            got = await asyncio.wait_for(reader.readuntil(b"abc"), 3)
            writer.write(more)
            got += await asyncio.wait_for(reader.read(), 3)
            assert got.count(b"HTTP/1.1 ") == 1
            assert not got.endswith(b"0\r\n\r\n")
            writer.close()
            assert worker.gateway.room.used == 0
        assert planner.ends() == [("error", "client_closed")]


async def test_what_comes_before_the_upstream_is_connected_needs_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "EARLY_BODY_BYTES", 100)

    async def whole(reader: Any, writer: Any, request: bytes, n: int) -> None:
        raise AssertionError("nothing is sent")

    async with upstream(whole) as (raw, port):
        planner = Planner(port)
        planner.upload = True
        async with gateway(planner, tmp_path, room=100) as (here, worker):
            status, _, _ = await ask(here, UPLOAD + b"200\r\n" + b"x" * 512 + b"\r\n0\r\n\r\n")
            assert status == 503
            assert worker.gateway.room.used == 0
        assert raw.requests == []
        assert planner.ends() == [("response", 503)]


async def test_it_waits_for_a_connection_and_is_sent_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dial, dialled = UpstreamPool.dial, list[Any]()

    async def second_time(self: UpstreamPool, target: Any) -> Any:
        dialled.append(target)
        if len(dialled) == 1:
            raise DialFailed(Failure.CONNECT)
        return await dial(self, target)

    monkeypatch.setattr(UpstreamPool, "dial", second_time)

    async def closes_second(reader: Any, writer: Any, request: bytes, n: int) -> None:
        if n == 1:
            writer.write(answer(request.partition(b"\r\n\r\n")[2]))
        else:
            writer.close()

    async with upstream(closes_second) as (upstreams, port):
        planner = Planner(port)
        planner.upload = True
        async with gateway(planner, tmp_path) as (here, _worker):
            sent = b"x" * (stream.EARLY_BODY_BYTES * 3)
            status, _, body = await ask(here, post(sent))
            assert (status, body == sent, len(dialled)) == (200, True, 2)
            assert (await ask(here, post(b"small")))[0] == 502
        assert len(upstreams.requests) == 2


async def test_an_empty_frame_does_not_end_its_body(tmp_path: Path) -> None:
    """A chunk without a byte is the last chunk of HTTP/1: what follows would be the upstream's next request."""
    begun = asyncio.Event()

    async def chunks(reader: Any, writer: Any, request: bytes, n: int) -> None:
        assert b"Transfer-Encoding: chunked" in request
        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            body += await reader.read(100)
            begun.set()
        writer.write(answer(body))

    async with upstream(chunks) as (_, port):
        planner = Planner(port)
        planner.upload = True
        async with gateway(planner, tmp_path) as (here, _worker):
            client = await http2(here)
            client.send(1, [], b"abc", end=False)
            async with asyncio.timeout(10):
                await begun.wait()
            client.h2.send_data(1, b"")
            client.flush()
            client.h2.send_data(1, b"def", end_stream=True)
            client.flush()
            await client.until(lambda: client.ended)
            client.writer.close()
    assert client.bodies[1] == b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
