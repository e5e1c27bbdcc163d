"""What an upstream may send that must not reach a client as an answer."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.integration.proxy.harness import Planner, Script, answer, ask, gateway, post, upstream
from tests.integration.proxy.test_bad_clients import raw
from tests.integration.proxy.test_forwarding import DoneTap

MALFORMED = {
    "folded header": answer(b"{}", "200 OK", "X-Fold: a\r\n b"),
    "bare CR in a header": answer(b"{}", "200 OK", "X-A: a\rSet-Cookie: q=1"),
    "NUL in a header": answer(b"{}", "200 OK", "X-A: a\0b"),
    "bare CR in the reason": answer(b"{}", "200 O\rK"),
    "negative status": answer(b"{}", "-1 OK"),
    "status 099": answer(b"{}", "099 OK"),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_answer_is_502(tmp_path: Path, name: str) -> None:
    async def script(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(MALFORMED[name])

    async with upstream(script) as (_raw, port):
        planner = Planner(port, retries=0, first_byte_s=1)
        async with gateway(planner, tmp_path) as (here, _worker):
            status, headers, _ = await ask(here, post())
            assert status == 502
            assert not {"x-a", "x-fold", "set-cookie"} & headers.keys()


async def test_a_reset_does_not_end_an_answer_that_the_end_of_the_connection_would(tmp_path: Path) -> None:
    async def script(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"half":')
        await writer.drain()
        await asyncio.sleep(0.1)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with upstream(script) as (_raw, port):
        planner = Planner(port, retries=0)
        async with gateway(planner, tmp_path) as (here, _worker):
            status, _, _ = await ask(here, post())
            assert status == 502


@pytest.mark.parametrize("value", [b"gzip, chunked", b"chunked, chunked"])
async def test_a_transfer_encoding_that_is_not_just_chunked_is_400(tmp_path: Path, value: bytes) -> None:
    async with gateway(Planner(1), tmp_path) as (here, _worker):
        head = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + value + b"\r\n\r\n"
        assert (await raw(here, head + b"2\r\n{}\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


CLOSED_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n\r\n"


def closing(body: bytes, kind: bytes) -> Script:
    """An upstream whose answer only its connection's end ends."""

    async def script(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(CLOSED_HEAD % kind + body)
        await writer.drain()
        writer.close()

    return script


@pytest.mark.parametrize("kind", [b"text/event-stream", b"text/event-stream; charset=utf-8"])
async def test_an_event_stream_that_a_close_ends_needs_its_terminal_event(tmp_path: Path, kind: bytes) -> None:
    async with upstream(closing(b"data: 1\n\n", kind)) as (_raw, port):
        planner = Planner(port)
        planner.tap = DoneTap
        async with gateway(planner, tmp_path) as (here, _worker):
            everything = await raw(here, post())
        assert b"data: 1" in everything and b"upstream_reset" in everything and not everything.endswith(b"0\r\n\r\n")
        assert planner.ends() == [("error", "upstream_reset")]
    async with upstream(closing(b"data: 1\n\ndata: [DONE]\n\n", kind)) as (_raw, port):
        planner = Planner(port)
        planner.tap = DoneTap
        async with gateway(planner, tmp_path) as (here, _worker):
            everything = await raw(here, post(b"{}", "/v1/x", "Connection: close"))
        assert everything.endswith(b"[DONE]\n\n\r\n0\r\n\r\n")
        assert planner.ends() == [("response", 200)]


@pytest.mark.parametrize("body", [b'{"half":', b"", b'{"a": 1}}'])
async def test_json_that_a_close_ends_must_be_whole(tmp_path: Path, body: bytes) -> None:
    async with upstream(closing(body, b"application/json")) as (raw_upstream, port):
        planner = Planner(port, retries=1)
        async with gateway(planner, tmp_path) as (here, _worker):
            status, _, text = await ask(here, post())
        assert status == 502 and b"upstream_reset" in text and len(raw_upstream.requests) == 1  # it has answered
        assert planner.ends() == [("response", 502)]


async def test_a_head_answers_length_is_gets(tmp_path: Path) -> None:
    async def script(reader: Any, writer: Any, request: bytes, n: int) -> None:
        more = b"" if n == 2 else b"Content-Length: 1234\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + more + b"\r\n")

    async with upstream(script) as (_raw, port), gateway(Planner(port), tmp_path) as (here, _worker):
        head = b"HEAD /v1/x HTTP/1.1\r\nHost: x\r\n\r\n"
        everything = await raw(here, head + head + b"HEAD /v1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        first, second, third, rest = everything.lower().split(b"\r\n\r\n")
        assert b"content-length: 1234" in first and b"content-length: 1234" in third and not rest
        assert b"content-length" not in second and b"transfer-encoding" not in second
