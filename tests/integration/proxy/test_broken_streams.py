"""What a client has of a stream that breaks off: whole events, one of ours, and no end."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mitmgate.core.event_hold import MAX_HELD_BYTES
from mitmgate.core.replay.events import split_events
from tests.integration.proxy.harness import Planner, gateway, post, upstream
from tests.integration.proxy.test_bad_clients import raw
from tests.integration.proxy.test_forwarding import DoneTap, chunk

EVENTS, LINES = "text/event-stream; charset=utf-8", "application/x-ndjson"


async def broken(
    tmp_path: Path, kind: str, *parts: bytes, more: str = "", stall: bool = False, closes: bool = False, **plan: Any
) -> tuple[bytes, bool, Planner]:
    """-> the body that came, whether it ended, and the planner. closes: the answer has no framing."""

    async def script(reader: Any, writer: Any, request: bytes, n: int) -> None:
        framing = "" if closes or "Content-Length" in more else "Transfer-Encoding: chunked\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{framing}{more}\r\n".encode())
        for part in filter(None, parts):  # an empty chunk would end the body
            writer.write(chunk(part) if framing else part)
            await writer.drain()
            await asyncio.sleep(0.02)
        if stall:
            await reader.read(1)
            raise ConnectionError
        writer.close()

    async with upstream(script) as (_raw, port):
        planner = Planner(port, idle_s=0.4 if stall else 5, **plan)
        planner.stream, planner.tap = True, DoneTap
        async with gateway(planner, tmp_path) as (here, _worker):
            everything = await raw(here, post(b"{}", "/v1/x", "Connection: close"))
    _, _, framed = everything.partition(b"\r\n\r\n")
    if "Content-Length" in more:
        return framed, False, planner
    return *unchunked(framed), planner


def unchunked(framed: bytes) -> tuple[bytes, bool]:
    body = b""
    while framed:
        size, _, framed = framed.partition(b"\r\n")
        if size == b"0":
            return body, True
        body, framed = body + framed[: int(size, 16)], framed[int(size, 16) + 2 :]
    return body, False


def last_event(body: bytes) -> Any:
    last = split_events(body)[-1]
    assert last.complete
    return json.loads(last.data)


HALVES: Sequence[bytes] = (
    b"",
    b"d",
    b'data: {"choices":[{"delta":{"con',
    b"data: {}",
    b"data: {}\n",
    b"data: {}\r\n",
    b"event: message\n",
    b"event: message\ndata: {",
    b": pin",
    b"id: 7\n",
    b"data: 1\ndata: ",
)


@pytest.mark.parametrize("stall", [False, True])
@pytest.mark.parametrize("half", HALVES)
async def test_the_error_is_an_event_of_its_own(tmp_path: Path, half: bytes, stall: bool) -> None:
    body, ended, planner = await broken(tmp_path, EVENTS, b'data: {"n":1}\n\n', half, stall=stall)
    code = "upstream_idle_timeout" if stall else "upstream_reset"
    assert last_event(body)["error"]["code"] == code and body.startswith(b'data: {"n":1}\n\ndata: {"error"')
    assert not ended and planner.ends() == [("error", code)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
async def test_with_any_line_ends(tmp_path: Path, end: bytes) -> None:
    whole = b"data: {}" + end * 2
    body, ended, _ = await broken(tmp_path, EVENTS, b"\xef\xbb\xbf" + whole, whole[:-1], b": a" + end, b"data: {")
    assert body.removeprefix(b"\xef\xbb\xbf").startswith(whole) and not ended
    assert last_event(body)["error"]["code"] == "upstream_reset"


async def test_behind_a_long_half_event_nothing_follows(tmp_path: Path) -> None:
    half = b"data: " + b"x" * MAX_HELD_BYTES
    body, ended, planner = await broken(tmp_path, EVENTS, b"data: 1\n\n", half, b"yy")
    assert body == b"data: 1\n\n" + half + b"yy" and not ended
    assert planner.ends() == [("error", "upstream_reset")]


@pytest.mark.parametrize("half", [b"", b'{"message":{"con', b'{"done":true}'])
async def test_lines_get_a_line(tmp_path: Path, half: bytes) -> None:
    body, ended, _ = await broken(tmp_path, LINES, b'{"n":1}\n', half)
    first, last = body.splitlines()
    assert first == b'{"n":1}' and set(json.loads(last)) == {"error"} and body.endswith(b"\n") and not ended


@pytest.mark.parametrize(
    "kind", ["audio/mpeg", "image/png", "application/octet-stream", "text/plain", "application/json", "multipart/mixed"]
)
async def test_any_other_body_just_ends(tmp_path: Path, kind: str) -> None:
    body, ended, planner = await broken(tmp_path, kind, b"data: 1\n\n", b"data: ")
    assert body == b"data: 1\n\ndata: " and not ended and planner.ends() == [("error", "upstream_reset")]


@pytest.mark.parametrize(("kind", "reset"), [("audio/mpeg", True), (EVENTS, False), (LINES, False)])
async def test_a_client_without_chunks_does_not_take_it_for_whole(tmp_path: Path, kind: str, reset: bool) -> None:
    """As nginx asks by default: there the connection's end is the answer's, unless its last event says otherwise."""

    async def script(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        writer.write(chunk(b"data: 1\n\n"))
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()

    async with upstream(script) as (_raw, port):
        planner = Planner(port)
        planner.stream = True
        async with gateway(planner, tmp_path) as (here, _worker):
            asked = raw(here, post(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"))
            if reset:
                with pytest.raises(ConnectionResetError):
                    await asked
            else:
                assert b"data: 1\n\n" in await asked
        assert planner.ends() == [("error", "upstream_reset")]


async def test_nothing_is_appended_to_encoded_bytes_or_a_stated_length(tmp_path: Path) -> None:
    packed = gzip.compress(b"data: 1\n\n" * 9)[:-9]
    body, ended, _ = await broken(tmp_path, EVENTS, packed, more="Content-Encoding: gzip\r\n")
    assert body == packed and not ended
    body, ended, _ = await broken(tmp_path, EVENTS, b"data: 1\n\n", more="Content-Length: 99\r\n")
    assert body == b"data: 1\n\n" and not ended


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("last", [b"data: [DONE]\n\n", b"data: [DONE]\n", b"data: [DONE]", b"data: 3"])
async def test_a_stream_that_ends_well_passes_byte_for_byte(tmp_path: Path, size: int, last: bytes) -> None:
    stream = b"\xef\xbb\xbfdata: 1\n\n: ping\nevent: a\ndata: 2\n\n" + last

    async def script(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {EVENTS}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        writer.write(b"".join(chunk(stream[at : at + size]) for at in range(0, len(stream), size)) + b"0\r\n\r\n")

    async with upstream(script) as (_raw, port):
        planner = Planner(port)
        planner.tap = DoneTap
        async with gateway(planner, tmp_path) as (here, _worker):
            everything = await raw(here, post(b"{}", "/v1/x", "Connection: close"))
    assert unchunked(everything.partition(b"\r\n\r\n")[2]) == (stream, True)
    assert [name for name, _ in planner.seen] == ["responseheaders", "answer_complete", "response"]


class FinishedTap(DoneTap):
    """Knows a finish reason too."""

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]:
        if b"finish" in chunk and chunk.endswith(b"\n\n"):
            self.finish_reason = "stop"
        return super().split_terminal(chunk)


@pytest.mark.parametrize(
    ("rest", "whole"),
    [
        (b'data: {"finish":1}\n\n', True),
        (b'data: {"finish":1}\n', True),
        (b'data: {"finish":1}', True),
        (b"data: [DONE]", True),
        (b'data: {"finish":1}\n\ndata: {"usage"', False),
        (b'data: {"finish":', False),
        (b"data: {}\n\n", False),
        (b"", False),
    ],
)
async def test_an_unframed_stream_is_whole_when_it_says_that_it_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: bytes, whole: bool
) -> None:
    monkeypatch.setattr("tests.integration.proxy.test_broken_streams.DoneTap", FinishedTap)
    body, ended, planner = await broken(tmp_path, EVENTS, b"data: 1\n\n", rest, closes=True)
    assert ended is whole and planner.ends() == ([("response", 200)] if whole else [("error", "upstream_reset")])
    if whole:
        assert body == b"data: 1\n\n" + rest
    else:
        assert last_event(body)["error"]["code"] == "upstream_reset"
