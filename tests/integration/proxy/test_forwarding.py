"""The layers carry a plan out: attempts, deadlines, pool, streams, and ends of every kind exactly once."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http

from tests.integration.proxy.harness import Planner, answer, ask, gateway, post, read_answer, upstream

OK = answer(b'{"ok":true}')


async def fine(reader: Any, writer: Any, request: bytes, n: int) -> None:
    writer.write(OK)


async def test_forwards_and_reuses_one_upstream_connection(tmp_path: Path) -> None:
    async with upstream(fine) as (raw, port):
        planner = Planner(port)
        async with gateway(planner, tmp_path) as (here, _):
            for _ in range(5):
                status, _headers, body = await ask(here, post())
                assert (status, body) == (200, b'{"ok":true}')
        assert raw.connections == 1
        assert len(raw.requests) == 5
        assert planner.ends() == [("response", 200)] * 5


async def test_keep_alive(tmp_path: Path) -> None:
    async with upstream(fine) as (_raw, port):
        planner = Planner(port)
        planner.local["/hit"] = http.Response.make(200, b"{}")
        async with gateway(planner, tmp_path) as (here, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            for path in ("/v1/x", "/hit", "/v1/x", "/hit"):
                writer.write(post(b"{}", path))
                status, headers, _body = await read_answer(reader)
                assert status == 200 and "connection" not in headers
                await asyncio.sleep(0.05)
            writer.close()


async def test_a_thousand_pipelined_requests_do_not_nest(tmp_path: Path) -> None:
    planner = Planner(1)
    planner.local["/hit"] = http.Response.make(200, b"{}")
    async with gateway(planner, tmp_path) as (here, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", here)
        writer.write(b"GET /hit HTTP/1.1\r\nHost: x\r\n\r\n" * 2000)
        for _ in range(2000):
            assert (await read_answer(reader))[0] == 200
        writer.close()


async def test_http10_and_connection_close_end_the_connection(tmp_path: Path) -> None:
    async with upstream(fine) as (_, port), gateway(Planner(port), tmp_path) as (here, _w):
        for head in (b"GET /v1/x HTTP/1.0\r\n\r\n", b"GET /v1/x HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            writer.write(head)
            assert (await asyncio.wait_for(reader.read(), 5)).endswith(b'{"ok":true}')
            writer.close()


async def test_pipelining(tmp_path: Path) -> None:
    async with upstream(fine) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", here)
        writer.write(post() * 3)
        for _ in range(3):
            assert (await read_answer(reader))[0] == 200
        writer.close()
        assert len(raw.requests) == 3


async def test_the_wire_request_is_ours(tmp_path: Path) -> None:
    async with upstream(fine) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        await ask(
            here, post(b"{}", "/v1/x?a=b", "Connection: close, X-Hop", "X-Hop: 1", "Upgrade: websocket", "Cookie: a=b")
        )
        assert raw.requests[0] == b"POST /v1/x?a=b HTTP/1.1\r\nHost: up\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("failures", [1, 2])
async def test_retries_statuses_until_one_is_fine(tmp_path: Path, failures: int) -> None:
    async def busy(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(OK if n > failures else answer(b'{"error":1}', "503 Busy", "Retry-After: 0"))

    async with upstream(busy) as (raw, port):
        planner = Planner(port)
        async with gateway(planner, tmp_path) as (here, _):
            assert (await ask(here, post()))[0] == 200
        assert len(raw.requests) == failures + 1
        assert planner.ends() == [("response", 200)]


async def test_the_last_json_error_passes_on(tmp_path: Path) -> None:
    async def busy(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b'{"error":{"message":"m%d"}}' % n, "429 Slow", "Retry-After: 0"))

    async with upstream(busy) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        status, _, body = await ask(here, post())
        assert (status, body, len(raw.requests)) == (429, b'{"error":{"message":"m3"}}', 3)


async def test_an_html_error_becomes_ours(tmp_path: Path) -> None:
    async def broken(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b"<html>secret</html>", "500 Oops", "Retry-After: 0", kind="text/html"))

    async with upstream(broken) as (_, port), gateway(Planner(port), tmp_path) as (here, _w):
        status, headers, body = await ask(here, post())
        assert status == 502 and headers["content-type"] == "application/json"
        assert b"secret" not in body and json.loads(body)["error"]["code"] == "upstream_error"


async def test_a_retry_after_beyond_the_deadline_gives_up_at_once(tmp_path: Path) -> None:
    async def busy(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b'{"error":1}', "429 Slow", "Retry-After: 3600"))

    async with upstream(busy) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        assert (await ask(here, post()))[0] == 429
        assert len(raw.requests) == 1


async def test_refused_connection_is_502(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        planner = Planner(nobody.getsockname()[1])
        async with gateway(planner, tmp_path) as (here, _):
            status, _, body = await ask(here, post())
        assert status == 502 and json.loads(body)["error"]["code"] == "upstream_unreachable"
        assert planner.ends() == [("response", 502)]


@pytest.mark.parametrize("partial", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", b"SSH-2.0-x\r\n\r\n"])
async def test_a_broken_answer_is_502_and_never_whole(tmp_path: Path, partial: bytes) -> None:
    async def reset(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(partial)
        await writer.drain()
        writer.close()

    async with upstream(reset) as (raw, port):
        planner = Planner(port)
        async with gateway(planner, tmp_path) as (here, _):
            status, _, body = await ask(here, post())
        assert status == 502 and b"half" not in body
        assert len(raw.requests) == (1 if partial else 3)
        assert planner.ends() == [("response", 502)]


async def test_ambiguous_framing_is_502(tmp_path: Path) -> None:
    async def both(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

    async with upstream(both) as (_, port), gateway(Planner(port), tmp_path) as (here, _w):
        assert (await ask(here, post()))[0] == 502


async def test_silence_is_504_and_the_upstream_is_cancelled(tmp_path: Path) -> None:
    async def silent(reader: Any, writer: Any, request: bytes, n: int) -> None:
        await reader.read(1)
        raise ConnectionError

    async with upstream(silent) as (raw, port):
        planner = Planner(port, first_byte_s=0.2, retries=0)
        async with gateway(planner, tmp_path) as (here, _):
            status, _, body = await ask(here, post())
            await asyncio.wait_for(raw.closed.wait(), 5)
        assert status == 504 and json.loads(body)["error"]["code"] == "upstream_first_byte_timeout"


async def test_the_total_deadline_ends_backoff_too(tmp_path: Path) -> None:
    async def silent(reader: Any, writer: Any, request: bytes, n: int) -> None:
        await reader.read(1)
        raise ConnectionError

    async with upstream(silent) as (_raw, port):
        planner = Planner(port, total_s=0.3, retries=5)
        async with gateway(planner, tmp_path) as (here, _):
            status, _, body = await ask(here, post())
        assert status == 504 and json.loads(body)["error"]["code"] == "request_timeout"


async def test_a_stale_pooled_connection_is_tried_again_on_a_fresh_one(tmp_path: Path) -> None:
    async def closes_second(reader: Any, writer: Any, request: bytes, n: int) -> None:
        if n == 2:
            writer.close()
        else:
            writer.write(OK)

    async with upstream(closes_second) as (raw, port):
        planner = Planner(port, retries=1)
        async with gateway(planner, tmp_path) as (here, _):
            assert (await ask(here, post()))[0] == 200
            assert (await ask(here, post()))[0] == 200
        assert raw.connections == 2


async def test_trailers_1xx_and_close_delimited_answers(tmp_path: Path) -> None:
    answers = [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
    ]

    async def each(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answers[n - 1])
        if n == 3:
            await writer.drain()
            writer.close()

    async with upstream(each) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        assert (await ask(here, post()))[2] == b'{"ok":true}'
        assert (await ask(here, post()))[2] == b"{}"
        status, headers, body = await ask(here, post())
        assert (status, headers["content-length"], body) == (200, "2", b"{}")
        assert raw.connections == 1


async def test_unasked_bytes_never_answer_the_next_request(tmp_path: Path) -> None:
    async def two(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b'"%d"' % n) + (answer(b'"stolen"') if n == 1 else b""))

    async with upstream(two) as (raw, port), gateway(Planner(port), tmp_path) as (here, _):
        assert (await ask(here, post()))[2] == b'"1"'
        assert (await ask(here, post()))[2] == b'"2"'
        assert raw.connections == 2


async def test_unasked_bytes_take_up_room_until_the_next_sweep(tmp_path: Path) -> None:
    async def late(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b'"%d"' % n))
        if n == 3:
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(b"x" * 5_000)

    async with upstream(late) as (raw, port), gateway(Planner(port), tmp_path) as (here, worker):
        pool, room = worker.gateway.pool, worker.gateway.room
        await asyncio.gather(*(ask(here, post()) for _ in range(3)))
        async with asyncio.timeout(10):
            while pool._open_count == raw.connections:
                await asyncio.sleep(0.01)
        assert room.used == 0
        assert pool._idle_count == pool._open_count == raw.connections - 1


class DoneTap:
    """Holds from `[DONE]` on."""

    terminal_seen = False
    finish_reason: str | None = None

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]:
        at = chunk.find(b"data: [DONE]")
        self.terminal_seen |= at >= 0
        return (chunk, b"") if at < 0 else (chunk[:at], chunk[at:])


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_stream_passes_chunk_by_chunk(tmp_path: Path) -> None:
    step = asyncio.Event()

    async def sse(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(SSE_HEAD + chunk(b"data: 1\n\n"))
        await writer.drain()
        await step.wait()
        writer.write(chunk(b"data: 2\n\ndata: [DONE]\n\n") + b"0\r\n\r\n")

    async with upstream(sse) as (_, port):
        planner = Planner(port)
        planner.tap = DoneTap
        async with gateway(planner, tmp_path) as (here, _w):
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            writer.write(post())
            await reader.readuntil(b"\r\n\r\n")
            assert await asyncio.wait_for(reader.readuntil(b"data: 1\n\n\r\n"), 5)
            step.set()
            rest = await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 5)
            assert b"data: [DONE]" in rest
            writer.close()
        assert [name for name, _ in planner.seen] == ["responseheaders", "answer_complete", "response"]


async def test_a_client_that_leaves_after_done_has_a_whole_answer(tmp_path: Path) -> None:
    async def sse(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(SSE_HEAD + chunk(b"data: 1\n\ndata: [DONE]\n\n"))
        await writer.drain()
        await reader.read(1)  # never ends its chunked body
        raise ConnectionError

    async with upstream(sse) as (raw, port):
        planner = Planner(port)
        planner.tap = DoneTap
        async with gateway(planner, tmp_path) as (here, _w):
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            writer.write(post())
            await asyncio.wait_for(reader.readuntil(b"[DONE]\n\n\r\n"), 5)
            writer.close()
            await asyncio.wait_for(raw.closed.wait(), 5)
            await asyncio.sleep(0.05)
        assert ("answer_complete", None) in planner.seen


async def test_a_stream_cut_by_the_upstream_ends_in_an_error_event_and_no_end(tmp_path: Path) -> None:
    async def cut(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(SSE_HEAD + chunk(b"data: 1\n\n"))
        await writer.drain()
        writer.close()

    async with upstream(cut) as (_, port):
        planner = Planner(port)
        planner.tap = DoneTap
        async with gateway(planner, tmp_path) as (here, _w):
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            writer.write(post())
            everything = await asyncio.wait_for(reader.read(), 5)
            writer.close()
        assert b"upstream_reset" in everything and not everything.endswith(b"0\r\n\r\n")
        assert planner.ends() == [("error", "upstream_reset")]


async def test_a_client_that_leaves_cancels_the_upstream(tmp_path: Path) -> None:
    async def sse(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(SSE_HEAD + chunk(b"data: 1\n\n"))
        await writer.drain()
        await reader.read(1)
        raise ConnectionError

    async with upstream(sse) as (raw, port):
        planner = Planner(port)
        async with gateway(planner, tmp_path) as (here, worker):
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            writer.write(post())
            await reader.readuntil(b"data: 1")
            writer.close()
            await asyncio.wait_for(raw.closed.wait(), 5)
            await asyncio.sleep(0.05)
            assert planner.ends() == [("error", "client_closed")]
            assert not worker._connections and worker.gateway.room.used == 0


async def test_a_client_that_leaves_during_connect_or_backoff_is_seen(tmp_path: Path) -> None:
    async def busy(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b"{}", "503 Busy", "Retry-After: 5"))

    async with upstream(busy) as (raw, port):
        planner = Planner(port, total_s=60)
        async with gateway(planner, tmp_path) as (here, worker):
            _, writer = await asyncio.open_connection("127.0.0.1", here)
            writer.write(post())
            while not raw.requests:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            writer.close()
            await asyncio.sleep(0.2)
            assert planner.ends() == [("error", "client_closed")]
            assert not worker._connections


async def test_local_answers_and_head(tmp_path: Path) -> None:
    planner = Planner(1)
    planner.local["/hit"] = http.Response.make(200, b'{"hit":1}')
    async with gateway(planner, tmp_path) as (here, _):
        assert (await ask(here, post(b"{}", "/hit")))[2] == b'{"hit":1}'
        reader, writer = await asyncio.open_connection("127.0.0.1", here)
        writer.write(b"HEAD /hit HTTP/1.1\r\nHost: x\r\n\r\nGET /hit HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        everything = await asyncio.wait_for(reader.read(), 5)
        assert everything.count(b"HTTP/1.1 200") == 2 and everything.count(b'{"hit":1}') == 1
        writer.close()


async def test_an_upload_is_streamed_and_not_kept(tmp_path: Path) -> None:
    async def whole(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b'{"n":%d}' % len(request.partition(b"\r\n\r\n")[2])))

    async with upstream(whole) as (_raw, port):
        planner = Planner(port, max_request_bytes=64 << 20)
        planner.upload = True
        async with gateway(planner, tmp_path, room=1000) as (here, worker):
            status, _, body = await ask(here, post(b"x" * 5_000_000))
            assert (status, body) == (200, b'{"n":5000000}')
            assert worker.gateway.room.used == 0


async def test_a_small_upload_goes_out_on_a_pooled_connection(tmp_path: Path) -> None:
    """Its body is here before the connection is the stream's to write on."""

    async def whole(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(request.partition(b"\r\n\r\n")[2]))

    async with upstream(whole) as (raw, port):
        planner = Planner(port)
        planner.upload = True
        async with gateway(planner, tmp_path) as (here, _worker):
            for _ in range(3):
                assert (await ask(here, post(b"small")))[2] == b"small"
        assert raw.connections == 1


async def test_no_room_for_a_body_is_503(tmp_path: Path) -> None:
    async with gateway(Planner(1), tmp_path, room=1000) as (here, worker):
        status, headers, _ = await ask(here, post(b"x" * 5000))
        assert status == 503 and headers["retry-after"] == "1"
        assert worker.gateway.room.used == 0
