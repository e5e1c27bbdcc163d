"""What clients may send: each gets a JSON error with the right status, or is closed; none reaches an upstream."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import h2.connection
import h2.events
import pytest
from mitmproxy import http

from mitmgate.proxy import http1_server, http2_server, layer, stream
from mitmgate.proxy import worker as worker_module
from tests.integration.proxy.harness import Planner, answer, ask, gateway, post, read_answer, upstream


async def raw(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


BAD = {
    "request line": b"RUBBISH\r\nHost: x\r\n\r\n",
    "binary": bytes(range(1, 256)) + b"\r\n\r\n",
    "TLS on a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200 + b"\r\n\r\n",
    "length and encoding": b"POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length of words": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "unknown encoding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked 1.0": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "header name": b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nnonsense\r\n\r\n",
    "version": b"GET / HTTP/9\r\nHost: x\r\n\r\n",
    "a version that is none": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "another protocol's version": b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "chunk size": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: many\r\n\r\n",
        b"X: a\0\r\n\r\n",
        b"X: a\n\r\n",
        b"X: " + b"a" * 300_000,
        b"X: a\r\n" * 600 + b"\r\n",
    ],
)
@pytest.mark.parametrize("path", [b"/v1/messages", b"/v1/models"])
async def test_a_bad_head_of_an_anthropic_client_is_refused_in_its_format(
    tmp_path: Path, path: bytes, rest: bytes
) -> None:
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nAnthropic-Version: 2023-06-01\r\n" % path
    async with gateway(Planner(1), tmp_path) as (port, _):
        given = await raw(port, head + rest)
    assert json.loads(given.partition(b"\r\n\r\n")[2])["type"] == "error"


CHUNKED = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "chunk extension": CHUNKED + b"5;" + b"a" * 100_000,
    "chunk size": CHUNKED + b"0" * 100_000,
    "trailer": CHUNKED + b"2\r\n{}\r\n0\r\nX: " + b"a" * 100_000,
    "trailers": CHUNKED + b"2\r\n{}\r\n0\r\n" + b"X: a\r\n" * 20_000,
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_the_framing_of_chunks_is_bounded(tmp_path: Path, name: str) -> None:
    async with gateway(Planner(1), tmp_path) as (here, _):
        assert (await ask(here, ENDLESS[name]))[0] == 400


@pytest.mark.parametrize("name", BAD)
async def test_rubbish_gets_a_json_400(tmp_path: Path, name: str) -> None:
    planner = Planner(1)
    async with gateway(planner, tmp_path) as (here, worker):
        reply = await raw(here, BAD[name])
        head, _, body = reply.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 "), reply
        assert b"text/html" not in head and b"mitmproxy" not in reply.lower()
        assert json.loads(body)["error"]["message"]
        await asyncio.sleep(0.05)
        assert not worker._connections


async def test_large_headers_are_431(tmp_path: Path) -> None:
    async with gateway(Planner(1), tmp_path) as (here, _):
        for lines in (b"X: " + b"a" * 1_000_000, b"\r\n".join(b"X%d: %s" % (i, b"a" * 1000) for i in range(100))):
            reply = await raw(here, b"GET / HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n")
            assert reply.startswith(b"HTTP/1.1 431 "), reply[:80]


async def test_connect_is_refused(tmp_path: Path) -> None:
    async with gateway(Planner(1), tmp_path) as (here, _):
        assert (await raw(here, b"CONNECT a.b:443 HTTP/1.1\r\nHost: a.b:443\r\n\r\n")).startswith(b"HTTP/1.1 405 ")


async def test_an_early_refusal_can_be_read_while_the_body_is_being_sent(tmp_path: Path) -> None:
    planner = Planner(1)
    planner.early["/no"] = http.Response.make(401, b'{"error":1}')
    async with gateway(planner, tmp_path) as (here, _worker):
        reader, writer = await asyncio.open_connection("127.0.0.1", here)
        writer.write(b"POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n")
        status, headers, body = await read_answer(reader)
        assert (status, headers["connection"], body) == (401, "close", b'{"error":1}')
        for _ in range(40):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
        writer.close()
        assert planner.ends() == [("response", 401)]


async def test_a_chunked_body_over_the_limit_is_413(tmp_path: Path) -> None:
    planner = Planner(1, max_request_bytes=100_000)
    async with gateway(planner, tmp_path) as (here, worker):
        reader, writer = await asyncio.open_connection("127.0.0.1", here)
        writer.write(
            b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff0\r\n" + b"x" * 0xFFF0 + b"\r\n"
        )
        writer.write(b"fff0\r\n" + b"x" * 0xFFF0 + b"\r\n")
        assert (await read_answer(reader))[0] == 413
        writer.close()
        assert planner.ends() == [("response", 413)]
        await asyncio.sleep(0.05)
        assert worker.gateway.room.used == 0


async def test_slow_heads_and_bodies_are_408(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1_server, "HEAD_S", 0.2)
    monkeypatch.setattr(layer, "HEAD_S", 0.2)
    monkeypatch.setattr(stream, "BODY_WINDOW_S", 0.2)
    async with gateway(Planner(1), tmp_path) as (here, _worker):
        assert (await raw(here, b"GET / HT")).startswith(b"HTTP/1.1 408 ")
        assert (await raw(here, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")).startswith(
            b"HTTP/1.1 408 "
        )
        assert await raw(here, b"") == b""


async def test_a_client_that_leaves_within_its_body(tmp_path: Path) -> None:
    planner = Planner(1)
    async with gateway(planner, tmp_path) as (here, worker):
        _, writer = await asyncio.open_connection("127.0.0.1", here)
        writer.write(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
        await asyncio.sleep(0.1)
        writer.close()
        await asyncio.sleep(0.1)
        assert planner.ends() == [("error", "client_closed")]
        assert not worker._connections and worker.gateway.room.used == 0


async def test_request_trailers_are_dropped(tmp_path: Path) -> None:
    async def fine(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(request.partition(b"\r\n\r\n")[2]))

    async with upstream(fine) as (_, port), gateway(Planner(port), tmp_path) as (here, _w):
        body = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Evil: 1\r\n\r\n"
        assert (await ask(here, body))[2] == b"{}"


async def test_absolute_form_and_host_pick_nothing(tmp_path: Path) -> None:
    async def fine(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b"{}"))

    async with upstream(fine) as (raw_upstream, port), gateway(Planner(port), tmp_path) as (here, _w):
        await ask(here, b"GET http://example.com/latest HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n")
        assert raw_upstream.requests[0].startswith(b"GET /latest HTTP/1.1\r\nHost: up\r\n")
        told = await ask(here, b"GET http://169.254.169.254/latest HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n")
        assert told[0] == 421 and len(raw_upstream.requests) == 1


class Http2:
    """A prior-knowledge HTTP/2 client, just enough."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.h2 = h2.connection.H2Connection()
        self.h2.initiate_connection()
        self.flush()
        self.status: dict[int, int] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.reset: dict[int, int] = {}
        self.gone = False

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def send(self, stream_id: int, headers: list[tuple[str, str]], body: bytes | None = None, end: bool = True) -> None:
        base = [(":method", "POST"), (":scheme", "http"), (":authority", "gw"), (":path", "/v1/x")]
        overridden = {name for name, _ in headers}
        self.h2.send_headers(
            stream_id, [pair for pair in base if pair[0] not in overridden] + headers, end_stream=body is None
        )
        if body is not None:
            self.h2.send_data(stream_id, body, end_stream=end)
        self.flush()

    async def until(self, done: Any) -> None:
        async with asyncio.timeout(10):
            while not done() and not self.gone:
                data = await self.reader.read(65536)
                if not data:
                    self.gone = True
                    return
                for event in self.h2.receive_data(data):
                    if isinstance(event, h2.events.ResponseReceived):
                        self.status[event.stream_id] = int(dict(event.headers)[b":status"])
                    elif isinstance(event, h2.events.DataReceived):
                        self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                    elif isinstance(event, h2.events.StreamEnded):
                        self.ended.add(event.stream_id)
                    elif isinstance(event, h2.events.StreamReset):
                        self.reset[event.stream_id] = event.error_code
                    elif isinstance(event, h2.events.ConnectionTerminated):
                        self.gone = True
                self.flush()


async def http2(port: int) -> Http2:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    return Http2(reader, writer)


async def test_http2_streams_share_the_pool_and_fail_alone(tmp_path: Path) -> None:
    async def fine(reader: Any, writer: Any, request: bytes, n: int) -> None:
        assert b" HTTP/1.1\r\nHost: up" in request
        writer.write(answer(b'{"ok":true}'))

    async with upstream(fine) as (raw_upstream, port):
        planner = Planner(port, max_request_bytes=1000)
        planner.early["/no"] = http.Response.make(401, b'{"error":1}')
        async with gateway(planner, tmp_path) as (here, _worker):
            client = await http2(here)
            client.send(1, [], b"{}")
            await client.until(lambda: 1 in client.ended)
            client.send(3, [(":path", "/no")], b"x" * 100, end=False)
            client.send(5, [], b"x" * 2000, end=False)
            client.send(7, [], b"{}")
            await client.until(lambda: {3, 5, 7} <= client.ended)
            assert client.status == {1: 200, 3: 401, 5: 413, 7: 200}
            assert (
                client.bodies[7] == b'{"ok":true}'
                and json.loads(client.bodies[5])["error"]["code"] == "request_too_large"
            )
            assert not client.gone
            client.writer.close()
        assert raw_upstream.connections == 1


async def test_http2_large_headers_are_431_and_upstream_failures_502(tmp_path: Path) -> None:
    async def cut(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.close()

    async with upstream(cut) as (_, port), gateway(Planner(port), tmp_path) as (here, _w):
        client = await http2(here)
        client.send(1, [(f"x{i}", "a" * 10_000) for i in range(10)], b"{}")
        client.send(3, [], b"{}")
        await client.until(lambda: {1, 3} <= client.ended)
        assert client.status == {1: 431, 3: 502}
        client.writer.close()


async def test_an_http2_client_that_does_not_read_holds_its_upstream_back(tmp_path: Path) -> None:
    sent = 0

    async def endless(reader: Any, writer: Any, request: bytes, n: int) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        while sent < 64 << 20:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()
            sent += 0x10000

    async with upstream(endless) as (_, port), gateway(Planner(port), tmp_path) as (here, worker):
        client = await http2(here)
        client.send(1, [], b"{}")
        before = -1
        while before != sent or not sent:
            before = sent
            await asyncio.sleep(0.3)
        assert sent < 32 << 20
        assert all(connection.backlog.behind_windows() < 4 << 20 for connection in worker._connections)
        client.writer.close()


async def test_http2_early_answers_can_be_read_before_the_body_is_sent(tmp_path: Path) -> None:
    planner = Planner(1)
    planner.early["/no"] = http.Response.make(401, b'{"error":1}')
    async with gateway(planner, tmp_path) as (here, _worker):
        client = await http2(here)
        client.send(1, [(":path", "/no")], b"", end=False)
        await client.until(lambda: 1 in client.ended)
        assert client.status == {1: 401} and not client.reset
        client.h2.send_data(1, b"x" * 1000, end_stream=True)
        client.flush()
        client.send(3, [(":path", "/no")], b"", end=False)
        await client.until(lambda: 3 in client.ended)
        while 3 not in client.reset and not client.gone:  # who never stops is told to
            for _ in range(4):
                client.h2.send_data(3, b"x" * 16_000)
            client.flush()
            await asyncio.sleep(0.01)
            try:
                async with asyncio.timeout(0.05):
                    await client.until(lambda: 3 in client.reset)
            except TimeoutError:
                pass
        assert client.reset == {3: 0} and not client.gone
        client.writer.close()


async def test_http2_client_reset_cancels_its_upstream(tmp_path: Path) -> None:
    async def silent(reader: Any, writer: Any, request: bytes, n: int) -> None:
        await reader.read(1)
        raise ConnectionError

    async with upstream(silent) as (raw_upstream, port):
        planner = Planner(port)
        async with gateway(planner, tmp_path) as (here, _w):
            client = await http2(here)
            client.send(1, [], b"{}")
            while not raw_upstream.requests:
                await asyncio.sleep(0.01)
            client.h2.reset_stream(1, 8)
            client.flush()
            await asyncio.wait_for(raw_upstream.closed.wait(), 5)
            assert planner.ends() == [("error", "client_closed")]
            client.writer.close()


async def test_a_client_that_closed_its_side_gets_an_answer_of_ours(tmp_path: Path) -> None:
    planner = Planner(1)
    planner.local["/hit"] = http.Response.make(200, b'{"hit":1}')
    planner.hold = 0.2  # a hook still waits when the client closes its side
    async with gateway(planner, tmp_path) as (here, worker):
        reader, writer = await asyncio.open_connection("127.0.0.1", here)
        writer.write(post(b"{}", "/hit"))
        writer.write_eof()
        assert (await asyncio.wait_for(reader.read(), 10)).endswith(b'{"hit":1}')
        writer.close()
        assert planner.ends() == [("response", 200)]
        await asyncio.sleep(0.05)
        assert not worker._connections


async def test_a_client_that_closed_its_side_cancels_its_upstream(tmp_path: Path) -> None:
    async def silent(reader: Any, writer: Any, request: bytes, n: int) -> None:
        await reader.read(1)
        raise ConnectionError

    async with upstream(silent) as (raw_upstream, port):
        planner = Planner(port, first_byte_s=30)
        async with gateway(planner, tmp_path) as (here, worker):
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            writer.write(post())
            while not raw_upstream.requests:
                await asyncio.sleep(0.01)
            writer.write_eof()
            assert await asyncio.wait_for(reader.read(), 10) == b""
            await asyncio.wait_for(raw_upstream.closed.wait(), 5)
            assert planner.ends() == [("error", "client_closed")]
            await asyncio.sleep(0.05)
            assert not worker._connections
            writer.close()


async def test_http2_streams_that_ended_are_forgotten(tmp_path: Path) -> None:
    planner = Planner(1)
    planner.local["/hit"] = http.Response.make(200, b"{}")
    async with gateway(planner, tmp_path) as (here, worker):
        client = await http2(here)
        for first in range(1, 1201, 40):
            for stream_id in range(first, first + 40, 2):
                client.send(stream_id, [(":path", "/hit")], b"{}")
            await client.until(lambda last=first + 38: last in client.ended)
        (connection,) = worker._connections
        codec = connection.layer_below().connections[connection.client]
        assert len(client.ended) == 600 and len(codec.streams) <= 2 * http2_server.MAX_STREAMS + 20
        assert not codec._lingering and not connection.layer_below().streams
        client.writer.close()


CONTROLS = {
    "VT in transfer-encoding": b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "FF in a length": b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: \x0c2\r\n\r\n{}",
    "no host": b"GET /v1/x HTTP/1.1\r\nAccept: */*\r\n\r\n",
    "two hosts": b"GET /v1/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
}


@pytest.mark.parametrize("name", CONTROLS)
async def test_what_another_server_might_read_otherwise_is_400(tmp_path: Path, name: str) -> None:
    async with gateway(Planner(1), tmp_path) as (here, _worker):
        assert (await raw(here, CONTROLS[name])).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("kind", ["alone", "too much"])
async def test_clients_that_read_nothing_are_broken_off_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(worker_module, "SWEEP_S", 0.1)
    monkeypatch.setattr(worker_module, "STALLED_S", 0.3 if kind == "alone" else 1e9)
    planner = Planner(1)
    planner.local["/large"] = http.Response.make(200, b"x" * (16 << 20))
    planner.local["/hit"] = http.Response.make(200, b"{}")
    room = {} if kind == "alone" else {"room": 1 << 20}
    async with gateway(planner, tmp_path, **room) as (here, worker):
        reader, writer = await asyncio.open_connection("127.0.0.1", here, limit=1024)
        writer.write(post(b"{}", "/large"))
        await reader.readexactly(100)
        _, other = await asyncio.open_connection("127.0.0.1", here)  # idle, and not meant
        other.write(post(b"{}", "/hit"))
        async with asyncio.timeout(20):
            while len(worker._connections) != 1:
                await asyncio.sleep(0.05)
        writer.close()
        other.close()


async def test_a_closed_connection_whose_rest_nobody_takes_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "SWEEP_S", 0.1)
    monkeypatch.setattr(worker_module, "STALLED_S", 0.3)
    planner = Planner(1)
    planner.local["/large"] = http.Response.make(200, b"x" * (16 << 20))
    async with gateway(planner, tmp_path) as (here, worker):
        reader, writer = await asyncio.open_connection("127.0.0.1", here, limit=1024)
        writer.write(post(b"{}", "/large").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        await reader.readexactly(100)
        async with asyncio.timeout(20):
            while not worker._parting:
                await asyncio.sleep(0.02)
            while worker._parting:
                await asyncio.sleep(0.05)
            with suppress(ConnectionError):
                while await reader.read(1 << 20):
                    pass
        writer.close()


async def test_a_slow_reader_that_reads_is_let(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "SWEEP_S", 0.2)
    monkeypatch.setattr(worker_module, "STALLED_S", 1.0)
    planner = Planner(1)
    planner.local["/large"] = http.Response.make(200, b"x" * (24 << 20))
    async with gateway(planner, tmp_path) as (here, _worker):
        reader, writer = await asyncio.open_connection("127.0.0.1", here, limit=1024)
        writer.write(post(b"{}", "/large"))
        await reader.readuntil(b"\r\n\r\n")
        read = 0
        for _ in range(12):  # three times as long as a client may stand still
            read += len(await reader.readexactly(2 << 20))
            await asyncio.sleep(0.25)
        assert read == 24 << 20
        writer.close()
