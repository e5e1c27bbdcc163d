"""Whatever clients and upstreams do, in whatever order: places, room and connections are free again afterwards."""

from __future__ import annotations

import asyncio
import gzip
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import h2.exceptions
import pytest

from mitmgate.core.limits import LocalLimiter
from mitmgate.proxy import worker as worker_module
from mitmgate.proxy.worker import Worker
from mitmgate.services.opened import Services
from mitmgate.services.quota import Quota
from mitmgate.services.redis import StoreDown

from .chained import serving
from .harness import answer, upstream
from .test_at_the_head import ALLOWED, BLOCKED, OVER, second_tenant
from .test_bad_clients import Http2, http2
from .test_gates_fail_closed import KEY, PlainStore, make_services

CHAT = "/v1/chat/completions"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
SMALL = b'{"model":"m","messages":[]}'
LARGE = b'{"model":"m","messages":[' + b'{"role":"user","content":"hello"},' * 40_000 + b"{}]}"
ODD = b'{"model":"m","messages":[{"role":"user","content":"%s"}]}' % (b"x" * 200_000)


class Moody(PlainStore):
    """A store that takes its time, goes away and refuses, as chance has it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    async def pipeline(self, commands: list[Any], deadline_s: float | None = None) -> list[Any]:
        if self._chance.random() < 0.5:
            await asyncio.sleep(self._chance.random() / 20)
        if self._chance.random() < 0.05:
            raise StoreDown
        verdict = self._chance.choices((ALLOWED, OVER, BLOCKED), (20, 1, 1))[0]
        reserves = commands[0][0] == "EVALSHA"
        return [verdict if number == 0 and reserves else None for number in range(len(commands))]


def event(text: bytes) -> bytes:
    data = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % text
    return b"%x\r\n%s\r\n" % (len(data), data)


def upstreams(chance: random.Random) -> Callable[..., Awaitable[None]]:
    """An upstream that answers, breaks off, fails, is slow or says nothing."""

    async def script(reader: Any, writer: Any, request: bytes, number: int) -> None:
        head = request.partition(b"\r\n\r\n")[0]  # the body may be a cut one's, filled up by the request that followed
        chunked, early = b"Transfer-Encoding: chunked" in head, chance.random() < 0.5
        if chunked and not early:
            await all_chunks(reader)
        if chance.random() < 0.5:
            await asyncio.sleep(chance.random() / 10)
        await answer_somehow(writer)
        if chunked and early and not writer.is_closing():
            await all_chunks(reader)  # else they would be read, and answered, as a request

    async def answer_somehow(writer: Any) -> None:
        match chance.randrange(11):
            case 0:
                writer.close()
            case 1:
                writer.transport.abort()
            case 2:
                writer.write(answer(b'{"error":{"message":"busy"}}', "503 Busy", "Retry-After: 0"))
            case 3:
                writer.write(answer(b'{"error":"x"}')[:-5])
                writer.close()
            case 4:
                writer.write(answer(b"x" * 3_000_000, kind="application/json"))
            case 5:
                await asyncio.sleep(0.5)
            case 6 | 7:
                writer.write(EVENTS + event(b"a"))
                await writer.drain()
                await asyncio.sleep(chance.random() / 10)
                whole = chance.random() < 0.5
                writer.write(event(b"b") + (b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n" if whole else b"5\r\nda"))
                if not whole:
                    writer.close()
            case _:
                writer.write(answer(b'{"ok":true}'))

    return script


async def all_chunks(reader: Any) -> None:
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
    await reader.readexactly(2)


def body_of(chance: random.Random) -> tuple[list[str], bytes]:
    """-> more headers, and a body"""
    body = chance.choices((SMALL, ODD, LARGE, b"{", b'{"model":"no","messages":[]}'), (8, 3, 1, 1, 1))[0]
    headers = ["Content-Type: application/json"]
    if chance.random() < 0.2:
        body = gzip.compress(body)[: chance.choice((None, None, -9))]
        headers.append("Content-Encoding: gzip")
    if chance.random() < 0.15:
        headers[0] = "Content-Type: multipart/form-data; boundary=b"
    return headers, body


async def over_http1(port: int, credential: str, chance: random.Random) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(chance.choice((1, 1, 3))):
        headers, body = body_of(chance)
        path = "/v1/files" if "multipart" in headers[0] else CHAT
        lines = [f"POST {path} HTTP/1.1", "Host: gw", f"Authorization: Bearer {credential}", *headers]
        if chance.random() < 0.3:
            size = b"zz" if chance.random() < 0.2 else b"%x" % len(body)
            lines.append("Transfer-Encoding: chunked")
            body = size + b"\r\n" + body + b"\r\n0\r\n\r\n"
        else:
            lines.append(f"Content-Length: {len(body)}")
        raw = "\r\n".join([*lines, "", ""]).encode() + body
        cut = len(raw) if chance.random() < 0.7 else chance.randrange(1, len(raw))
        writer.write(raw[: cut // 2])
        await asyncio.sleep(chance.random() / 20)
        writer.write(raw[cut // 2 : cut])
    if chance.random() < 0.2:
        with suppress(OSError):
            writer.write_eof()
    with suppress(TimeoutError, OSError):
        await asyncio.wait_for(reader.read(chance.choice((1, 100, -1))), chance.random() / 2)
    if chance.random() < 0.5:
        writer.transport.abort()
    writer.close()


async def over_http2(port: int, credential: str, chance: random.Random) -> None:
    client: Http2 = await http2(port)
    with suppress(TimeoutError, OSError, h2.exceptions.ProtocolError):
        for number in range(1, chance.choice((2, 4, 12)), 2):
            headers, body = body_of(chance)
            fields = [(line.partition(": ")[0].lower(), line.partition(": ")[2]) for line in headers]
            path = "/v1/files" if "multipart" in headers[0] else CHAT
            if chance.random() < 0.1:
                fields.append(("content-length", "3"))
            fields += [(":path", path), ("authorization", f"Bearer {credential}")]
            client.send(number, fields, body[:16_000], end=chance.random() < 0.8)
            await asyncio.sleep(chance.random() / 20)
            if chance.random() < 0.3:
                client.h2.reset_stream(number)
                client.flush()
        await asyncio.wait_for(client.until(lambda: False), chance.random() / 2)
    if chance.random() < 0.5:
        client.writer.transport.abort()
    client.writer.close()


async def all_given_back(services: Services, worker: Worker) -> None:
    gateway, pool = worker.gateway, worker.gateway.pool
    async with asyncio.timeout(30):
        while services.in_flight.count or worker._connections:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.05)
    assert services.in_flight._waiting == {}
    assert gateway.room.used == 0
    assert pool._open_count == pool._idle_count == sum(pool._open.values())
    assert not gateway._tasks
    assert not (gateway.turns._new or gateway.turns._long)
    assert not worker._clients._networks and not len(worker._clients)


@asynccontextmanager
async def served(tmp_path: Path, chance: random.Random) -> AsyncIterator[tuple[Services, Worker, Any]]:
    """-> the services, their worker, and what has some clients ask, one after the other"""
    async with upstream(upstreams(chance)) as (_, to):
        services, journal = make_services(to, tmp_path)
        store: Any = Moody(chance)
        limits = replace(services.settings.limits, max_in_flight=24, tenant_share=0.5)
        deadlines = replace(services.settings.upstream, first_byte_s=0.3, idle_s=0.3, total_s=2.0)
        services = replace(
            services,
            store=store,
            settings=replace(services.settings, limits=limits, upstream=deadlines),
            quota=Quota(store, LocalLimiter(1, 100), limits),
        )
        credentials = (KEY, second_tenant(services))
        async with serving(services, tmp_path) as (port, worker):
            worker.gateway.room.limit = 4 << 20

            async def ask_often() -> None:
                for _ in range(3):
                    ask = chance.choice((over_http1, over_http1, over_http2))
                    with suppress(OSError):
                        await ask(port, chance.choice(credentials), chance)

            yield services, worker, lambda: asyncio.gather(*(ask_often() for _ in range(20)))
            assert len({record.request_id for record in journal.records}) == len(journal.records) > 0


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 30))])
async def test_in_any_order(tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    async with served(tmp_path, random.Random(seed)) as (services, worker, ask):
        await ask()
        await all_given_back(services, worker)
        assert errors_in(caplog) == []


@pytest.mark.parametrize("seed", [50, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(51, 60))])
async def test_by_a_drain_in_the_middle(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "DRAIN_S", 0.2)
    chance = random.Random(seed)
    async with served(tmp_path, chance) as (services, worker, ask):
        asking, busy = ask(), chance.randrange(1, 5)
        async with asyncio.timeout(10):
            while services.in_flight.count < busy:
                await asyncio.sleep(0.005)
        await worker.drain()
        await all_given_back(services, worker)
        await asking
        assert errors_in(caplog) == []
