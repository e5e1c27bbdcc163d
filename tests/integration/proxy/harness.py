"""A gateway of the proxy layers alone, on real sockets: one addon plans, raw servers play the upstream."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mitmproxy import http

from mitmgate.core.errors import GatewayError, error_headers, render_error
from mitmgate.core.event_hold import Hold
from mitmgate.core.retry import Retries, RetryBudget
from mitmgate.core.stream_errors import render_stream_error
from mitmgate.proxy.gateway import Gateway, Room
from mitmgate.proxy.plan import Deadlines, Plan, Target, plan_of, set_plan
from mitmgate.proxy.pool import UpstreamPool
from mitmgate.proxy.worker import Worker

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes, int], Awaitable[None]]


def answer(body: bytes, status: str = "200 OK", *more: str, kind: str = "application/json") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more, "", ""]
    return "\r\n".join(lines).encode() + body


class RawUpstream:
    """Accepts connections and lets `script` answer each request on them; counts both."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.connections = 0
        self.requests: list[bytes] = []
        self.closed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                body = await reader.readexactly(length) if length else b""
                self.requests.append(head + body)
                await self.script(reader, writer, head + body, len(self.requests))
                await writer.drain()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            self.closed.set()
        finally:
            writer.close()


@asynccontextmanager
async def upstream(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[RawUpstream, int]]:
    raw = RawUpstream(script)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield raw, server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Planner:
    """The chain's place: plans each request to one port, and notes the hooks that ran."""

    def __init__(self, port: int, **plan: Any) -> None:
        self.port = port
        self.settings = plan
        self.seen: list[tuple[str, Any]] = []
        self.budget = RetryBudget(0.1)
        self.early: dict[str, http.Response] = {}
        self.local: dict[str, http.Response] = {}
        self.stream = False
        self.tap: Any = None
        self.upload = False
        self.hold: float = 0.0

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        plan = Plan(render=render, max_request_bytes=self.settings.get("max_request_bytes", 1 << 20))
        set_plan(flow, plan)
        path = flow.request.path.partition("?")[0]
        if path in self.early:
            flow.response = self.early[path].copy()
        elif self.upload:
            flow.request.stream = True
            self.fill(flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        if self.hold:
            await asyncio.sleep(self.hold)
        if flow.request.path in self.local:
            flow.response = self.local[flow.request.path].copy()
        else:
            self.fill(flow)

    def fill(self, flow: http.HTTPFlow) -> None:
        plan = plan_of(flow)
        assert plan is not None
        settings = self.settings
        plan.target = Target(1, settings.get("scheme", "http"), settings.get("host", "127.0.0.1"), self.port, True)
        plan.path = flow.request.data.path
        plan.headers = [(b"Host", b"up")]
        plan.deadlines = Deadlines(
            settings.get("connect_s", 2),
            settings.get("first_byte_s", 2),
            settings.get("idle_s", 2),
            settings.get("total_s", 10),
        )
        ends_at = time.monotonic() + settings.get("total_s", 10)
        plan.retries = Retries(settings.get("retries", 2), ends_at, self.budget)
        plan.tap = self.tap() if self.tap else None
        plan.stream_error = stream_error
        plan.relocate = settings.get("relocate")

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        assert flow.response is not None
        flow.response.stream = self.stream or "event-stream" in flow.response.headers.get("content-type", "")
        self.seen.append(("responseheaders", flow.response.status_code))

    def answer_complete(self, flow: http.HTTPFlow) -> None:
        self.seen.append(("answer_complete", None))

    def response(self, flow: http.HTTPFlow) -> None:
        assert flow.response is not None
        self.seen.append(("response", flow.response.status_code))

    def error(self, flow: http.HTTPFlow) -> None:
        assert flow.error is not None
        self.seen.append(("error", flow.error.msg))

    def ends(self) -> list[tuple[str, Any]]:
        return [each for each in self.seen if each[0] in ("response", "error")]


def render(error: GatewayError) -> http.Response:
    return http.Response.make(error.status, render_error(error, "openai"), http.Headers(error_headers(error)))


def stream_error(error: GatewayError, hold: Hold) -> bytes:
    return render_stream_error(error, "openai", "/v1/chat/completions", hold)


@asynccontextmanager
async def gateway(
    planner: Planner,
    tmp_path: Path,
    tls: ssl.SSLContext | None = None,
    client_tls: ssl.SSLContext | None = None,
    **room: int,
) -> AsyncIterator[tuple[int, Worker]]:
    listener = socket.create_server(("127.0.0.1", 0))
    shared = Gateway(
        pool=UpstreamPool(tls=tls or ssl.create_default_context(), resolve=planner.settings.get("resolve", {})),
        room=Room(room.get("room", 64 << 20)),
        max_header_bytes=64 << 10,
    )
    worker = Worker(shared, [planner], tmp_path, client_tls)
    ready = asyncio.Event()
    task = asyncio.create_task(worker.run(listener, ready.set))
    await ready.wait()
    try:
        yield listener.getsockname()[1], worker
    finally:
        worker.master.shutdown()
        await task


def post(body: bytes = b"{}", path: str = "/v1/x", *more: str) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: gw",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *more,
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name, body (de-chunked). IncompleteReadError: the answer breaks off."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
    lines = head.decode().split("\r\n")
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:] if line}
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while True:
            size = int((await reader.readuntil(b"\r\n"))[:-2], 16)
            body += await reader.readexactly(size)
            await reader.readexactly(2)
            if not size:
                break
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    return int(lines[0].split()[1]), headers, body


async def ask(port: int, raw: bytes) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        return await read_answer(reader)
    finally:
        writer.close()
