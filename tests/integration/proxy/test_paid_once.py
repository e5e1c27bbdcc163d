"""How often an upstream gets a request, by what goes wrong with it."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from mitmgate.core.backend import Backend
from mitmgate.core.redirects import location_for_client
from tests.integration.proxy.harness import Planner, answer, ask, gateway, post, upstream

OK = answer(b'{"ok":true}')
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def until_gone(reader: Any) -> None:
    await reader.read(1)
    raise ConnectionError


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "upstream_first_byte_timeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", "upstream_first_byte_timeout"),
        (b"HTTP/1.1 102 Processing\r\n\r\n", "upstream_first_byte_timeout"),
        (BEGUN + b"Content-Length: 9\r\n\r\n{", "upstream_idle_timeout"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n{", "upstream_idle_timeout"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_deadline_of_ours_ends_the_request(tmp_path: Path, sent: bytes, code: str, method: str) -> None:
    async def slow(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(sent)
        await until_gone(reader)

    async with upstream(slow) as (raw, port):
        planner = Planner(port, first_byte_s=0.3, idle_s=0.3)
        async with gateway(planner, tmp_path) as (here, _):
            status, _, body = await ask(here, post().replace(b"POST", method.encode()))
        assert (status, json.loads(body)["error"]["code"]) == (504, code)
        assert len(raw.requests) == 1 and planner.ends() == [("response", 504)]


BROKEN = {
    "nothing": (b"", 3),
    "a byte": (b"H", 1),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Ty", 1),
    "an interim answer": (b"HTTP/1.1 103 Early Hints\r\n\r\n", 1),
    "another protocol": (b"SSH-2.0-x\r\n\r\n", 1),
    "half a body": (BEGUN + b"Content-Length: 9\r\n\r\n{", 1),
    "half an error": (b"HTTP/1.1 503 Busy\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{", 1),
    "half a chunk": (BEGUN + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{", 1),
    "two framings": (BEGUN + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", 1),
    "unframed, cut": (BEGUN + b'\r\n{"a": NaN, "b": "', 1),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_only_a_connection_that_closed_without_a_byte_is_tried_again(tmp_path: Path, name: str) -> None:
    sent, times = BROKEN[name]

    async def broken(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(sent)
        await writer.drain()
        writer.close()

    async with upstream(broken) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        status, headers, body = await ask(here, post())
        assert (status, len(raw.requests)) == (502, times)
        assert headers["content-type"] == "application/json" and "error" in json.loads(body)


async def test_a_stale_connection_takes_a_retry_and_is_not_replaced_after_a_byte(tmp_path: Path) -> None:
    async def second_breaks(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(OK if n == 1 else b"HT" if b"half" in request else b"")
        await writer.drain()
        if n > 1:
            writer.close()

    for path, retries, times in (("/half", 2, 1), ("/none", 0, 1), ("/none", 1, 2), ("/none", 2, 3)):
        async with upstream(second_breaks) as (raw, port):
            planner = Planner(port, retries=retries)
            async with gateway(planner, tmp_path) as (here, _):
                assert (await ask(here, post(b"{}", "/first")))[0] == 200
                assert (await ask(here, post(b"{}", path)))[0] == 502
            assert len(raw.requests) == 1 + times


@pytest.mark.parametrize(
    ("status", "headers", "body", "times"),
    [
        ("503 Busy", (), b"{}", 3),
        ("503 Busy", ("x-should-retry: false",), b"{}", 1),
        ("400 Bad", ("X-Should-Retry: true",), b"{}", 3),
        ("429 Slow", ("Retry-After-Ms: 1", "Retry-After: 3600"), b"{}", 3),
        ("429 Slow", ("Retry-After: 3600",), b"{}", 1),
        ("429 Slow", (), b'{"error":{"code":"insufficient_quota"}}', 1),
        ("501 No", (), b"{}", 1),
        ("200 OK", ("x-should-retry: true",), b"{}", 1),
    ],
)
async def test_the_upstream_says_it_itself(
    tmp_path: Path, status: str, headers: tuple[str, ...], body: bytes, times: int
) -> None:
    async def busy(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(body, status, *headers))

    async with upstream(busy) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        got, _, text = await ask(here, post())
        assert (got, text, len(raw.requests)) == (int(status[:3]), body, times)


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": "\\ud83d"}', b"\xef\xbb\xbf{}", b"[1]\n \n"])
async def test_lenient_json_that_a_close_ends_passes(tmp_path: Path, body: bytes) -> None:
    async def closing(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(BEGUN.replace(b"1.1", b"1.0") + b"\r\n" + body[:3])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(body[3:])
        await writer.drain()
        writer.close()

    async with upstream(closing) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        status, _, text = await ask(here, post())
        assert (status, text, len(raw.requests)) == (200, body, 1)


async def test_a_bad_certificate_is_final_and_a_broken_handshake_is_not(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)
        await reader.read(100)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")  # alert: handshake_failure
        writer.close()

    connected: list[int] = []
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    planner = Planner(server.sockets[0].getsockname()[1], scheme="https")
    async with gateway(planner, tmp_path, tls=ssl.create_default_context()) as (here, _):
        status, _, body = await ask(here, post())
    server.close()
    assert (status, json.loads(body)["error"]["code"]) == (502, "upstream_tls_handshake_failed")
    assert len(connected) == 3


@pytest.mark.parametrize(
    ("location", "status", "wanted"),
    [("/v1/y", 307, "/v1/y"), ("http://elsewhere.org/", 502, None), ("http://u@127.0.0.1/", 502, None)],
)
async def test_a_redirect_stays_at_the_gateway(tmp_path: Path, location: str, status: int, wanted: str | None) -> None:
    async def moved(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b"{}", "307 Moved", f"Location: {location}"))

    async with upstream(moved) as (raw, port):
        backend = Backend("http", "127.0.0.1", port)
        relocate = functools.partial(
            location_for_client, backend=backend, asked="/v1/x", method="POST", upstream_format="openai"
        )
        planner = Planner(port, relocate=relocate)
        async with gateway(planner, tmp_path) as (here, _):
            got, headers, _body = await ask(here, post())
        assert (got, headers.get("location"), len(raw.requests)) == (status, wanted, 1)
