"""What llhttp's strict mode refuses of a client is a 400 and reaches no upstream; what is valid passes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http

from tests.integration.proxy.harness import Planner, answer, ask, gateway, post, read_answer, upstream

CHUNKED = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
LENGTH = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: %b\r\n\r\n{}"

REFUSED = {
    "LF behind the request line": b"GET /v1/x HTTP/1.1\nHost: x\r\n\r\n",
    "LF behind a field": b"GET /v1/x HTTP/1.1\r\nHost: x\n\r\n",
    "LF at the end": b"GET /v1/x HTTP/1.1\r\nHost: x\r\n\n",
    "LF only": b"GET /v1/x HTTP/1.1\nHost: x\n\n",
    "LF before the request line": b"\nGET /v1/x HTTP/1.1\r\nHost: x\r\n\r\n",
    "CR only": b"GET /v1/x HTTP/1.1\rHost: x\r\r\r\n\r\n",
    "a folded field": b"GET /v1/x HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n",
    "a fold behind the request line": b"GET /v1/x HTTP/1.1\r\n Host: x\r\n\r\n",
    "two spaces in the request line": b"GET  /v1/x HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab in the request line": b"GET\t/v1/x HTTP/1.1\r\nHost: x\r\n\r\n",
    "white space behind the version": b"GET /v1/x HTTP/1.1 \r\nHost: x\r\n\r\n",
    "white space before a colon": b"GET /v1/x HTTP/1.1\r\nHost : x\r\n\r\n",
    "a space behind a chunk size": CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
    "an empty extension": CHUNKED + b"2;\r\n{}\r\n0\r\n\r\n",
    "a quote without its end": CHUNKED + b'2;a="\r\n{}\r\n0\r\n\r\n',
    "LF behind a chunk size": CHUNKED + b"2\n{}\r\n0\r\n\r\n",
    "LF behind a chunk": CHUNKED + b"2\r\n{}\n0\r\n\r\n",
    "nothing behind a chunk": CHUNKED + b"2\r\n{}0\r\n\r\n",
    "LF behind the last chunk": CHUNKED + b"2\r\n{}\r\n0\r\n\n",
    "a chunk size with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a length with a sign": LENGTH % b"+2",
    "a list of lengths": LENGTH % b"2,2",
    "two numbers": LENGTH % b"2 2",
    "an underscore in a length": LENGTH % b"0_2",
    "a length of other digits": LENGTH % "\u0662".encode(),
    "an empty length": LENGTH % b"",
    "two lengths with zeros": LENGTH % b"002\r\nContent-Length: 2",
}


async def echo(reader: Any, writer: Any, request: bytes, count: int) -> None:
    writer.write(answer(request.partition(b"\r\n\r\n")[2]))


@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_a_400_for_clients(tmp_path: Path, name: str) -> None:
    async with upstream(echo) as (raw, to), gateway(Planner(to), tmp_path) as (port, _):
        status, headers, _ = await ask(port, REFUSED[name])
        assert (status, headers["connection"], raw.requests) == (400, "close", [])


@pytest.mark.parametrize("upload", [False, True])
@pytest.mark.parametrize("length", [b"002", b"2", b"0000000002"])
async def test_zeros_before_a_length_are_taken_off(tmp_path: Path, length: bytes, upload: bool) -> None:
    async with upstream(echo) as (raw, to):
        planner = Planner(to)
        planner.upload = upload
        async with gateway(planner, tmp_path) as (port, _):
            assert (await ask(port, LENGTH % length))[::2] == (200, b"{}")
        assert b"\r\nContent-Length: 2\r\n" in raw.requests[0]


VALID = {
    "an extension": CHUNKED + b'2;a;b=c;d="e;\\"f"\r\n{}\r\n0;x=y\r\n\r\n',
    "zeros before a size": CHUNKED + b"0002\r\n{}\r\n000\r\n\r\n",
    "blank lines before a request": b"\r\n\r\n" + CHUNKED + b"2\r\n{}\r\n0\r\n\r\n",
    "chunks of one byte": CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_what_is_valid_passes_in_pieces_of_any_size(tmp_path: Path, name: str, size: int) -> None:
    async with upstream(echo) as (_, to), gateway(Planner(to), tmp_path) as (port, _worker):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for begun in range(0, len(VALID[name]), size):
            writer.write(VALID[name][begun : begun + size])
            await asyncio.sleep(0.001)
        assert (await read_answer(reader))[::2] == (200, b"{}")
        writer.close()


ANSWERS = {
    "LF in the head": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "zeros before a length": b"HTTP/1.1 200 OK\r\nContent-Length: 002\r\n\r\n{}",
    "white space behind a size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\n{}\r\n0\r\n\r\n",
    "an odd extension": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2; a\r\n{}\r\n0\r\n\r\n",
    "some informational answers": b"HTTP/1.1 102 Processing\r\n\r\n" * 20 + answer(b"{}"),
}
BAD_ANSWERS = {
    "LF behind a size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "a sign": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 002\r\nContent-Length: 3\r\n\r\n{}",
    "a length of words": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}",
    "too many informational answers": b"HTTP/1.1 102 Processing\r\n\r\n" * 1_000 + answer(b"{}"),
    "too many fields": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 2_000 + b"Content-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("name", [*ANSWERS, *BAD_ANSWERS])
async def test_upstreams_may_be_a_little_odd(tmp_path: Path, name: str) -> None:
    async def script(reader: Any, writer: Any, request: bytes, count: int) -> None:
        writer.write((ANSWERS | BAD_ANSWERS)[name])

    async with upstream(script) as (_, to), gateway(Planner(to, retries=0), tmp_path) as (port, _worker):
        status, headers, body = await ask(port, post())
        if name in ANSWERS:
            assert (status, headers["content-length"], body) == (200, "2", b"{}")
        else:
            assert status == 502


async def test_http_1_0_gets_neither_100_continue_nor_chunks(tmp_path: Path) -> None:
    async def script(reader: Any, writer: Any, request: bytes, count: int) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")

    async with upstream(script) as (_, to):
        planner = Planner(to)
        planner.stream = True
        async with gateway(planner, tmp_path) as (port, _worker):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /v1/x HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}")
            raw = await asyncio.wait_for(reader.read(), 10)
            assert raw.startswith(b"HTTP/1.1 200 ") and raw.endswith(b"\r\n\r\n{}")
            assert b"chunked" not in raw.lower()
            writer.close()


async def test_pipelined_requests_are_answered_one_after_the_other(tmp_path: Path) -> None:
    most = under_way = 0

    async def script(reader: Any, writer: Any, request: bytes, count: int) -> None:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        writer.write(answer(request.partition(b"\r\n\r\n")[2]))

    async with upstream(script) as (_, to):
        planner = Planner(to)
        planner.local["/hit"] = http.Response.make(200, b"hit")
        async with gateway(planner, tmp_path) as (port, worker):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            pairs = [(b"%d" % n, post(b"%d" % n) + post(b"", "/hit")) for n in range(300)]
            writer.write(b"".join(pair for _, pair in pairs))
            for body, _ in pairs:
                assert (await read_answer(reader))[2] == body
                assert (await read_answer(reader))[2] == b"hit"
            writer.close()
        assert most == 1 and worker.gateway.room.used == 0


async def test_a_client_is_not_read_while_much_waits_behind_its_request(tmp_path: Path) -> None:
    async def silent(reader: Any, writer: Any, request: bytes, count: int) -> None:
        await reader.read(1)

    async with upstream(silent) as (_, to), gateway(Planner(to, first_byte_s=30), tmp_path) as (port, worker):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post() * 50_000)
        counted = [-1, 0]
        while counted[-1] != counted[-2] or not counted[-1]:
            await asyncio.sleep(0.2)
            counted.append(worker.gateway.room.used)
        assert 64 << 10 <= counted[-1] <= 512 << 10
        writer.transport.abort()
        await asyncio.sleep(0)
        for connection in list(worker._connections):
            connection.close_client()
        while worker._connections:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert worker.gateway.room.used == 0
