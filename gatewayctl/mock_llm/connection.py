"""One client's connection to the mock: HTTP/1.1 with keep-alive, pipelining and chunked streams."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httptools

from gatewayctl.mock_llm.mock import Mock
from gatewayctl.mock_llm.replies import Reply

_MOST_BODY_BYTES: Final = 64 * 1024 * 1024
_MOST_HEADER_BYTES: Final = 256 * 1024
_MOST_WAITING: Final = 16


@dataclass(frozen=True, slots=True)
class _Request:
    """A whole request. `refused` is the status and text of what could not be read to its end."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    keeps_alive: bool
    may_chunk: bool
    refused: tuple[int, str] | None = None


class Connection(asyncio.Protocol):
    """Reads requests and answers them one after the other, in their order."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[_Request] = deque()
        self._answering: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._reads = True
        self.on_message_begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answering is not None:
            self._answering.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if not self._reads:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._reads = False  # there is nothing to upgrade to; the request was answered as the plain one it also is
        except httptools.HttpParserError:
            self._refuse(400, "That is not an HTTP/1.1 request.")

    # What httptools calls, in the order of the request's parts.

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._count_header(len(name) + len(value))

    def on_headers_complete(self) -> None:
        if self._reads and self._headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > _MOST_BODY_BYTES:
            self._refuse(413, "The request is too large.")
        elif self._reads:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._reads:
            method = self._parser.get_method().decode("latin-1")
            path = self._url.decode("latin-1").partition("?")[0]
            is_1_1 = self._parser.get_http_version() == "1.1"
            self._reads = self._parser.should_keep_alive() and not self._parser.should_upgrade()
            self._queue(_Request(method, path, self._headers, b"".join(self._body), self._reads, is_1_1))

    def _count_header(self, more_bytes: int) -> None:
        self._header_bytes += more_bytes
        if self._header_bytes > _MOST_HEADER_BYTES:
            self._refuse(431, "The request's header is too large.")

    def _refuse(self, status: int, message: str) -> None:
        if self._reads:
            self._reads = False
            self._body.clear()
            self._queue(_Request("", "", {}, b"", False, False, (status, message)))

    # Answering.

    def _queue(self, request: _Request) -> None:
        self._waiting.append(request)
        if len(self._waiting) >= _MOST_WAITING:
            self._transport.pause_reading()
        if self._answering is None or self._answering.done():
            self._answering = asyncio.get_running_loop().create_task(self._answer_all())

    async def _answer_all(self) -> None:
        while self._waiting:
            request = self._waiting.popleft()
            await self._answer(request)
            if not request.keeps_alive:
                self._transport.close()
                return
            if len(self._waiting) < _MOST_WAITING:
                self._transport.resume_reading()

    async def _answer(self, request: _Request) -> None:
        if request.refused is not None:
            reply = self._mock.refusal(*request.refused)
        else:
            if self._mock.behaviour.latency_s:
                await asyncio.sleep(self._mock.behaviour.latency_s)
            reply = self._mock.reply(request.method, request.path, request.headers, request.body)
        if reply.events is not None:
            await self._stream(request, reply, reply.events)
        else:
            body = b"" if request.method == "HEAD" else reply.body
            length = f"Content-Length: {len(reply.body)}"
            self._transport.write(_head(reply, request.keeps_alive, "application/json", length) + body)
        await self._writable.wait()

    async def _stream(self, request: _Request, reply: Reply, events: tuple[bytes, ...]) -> None:
        """The events one write each; to an HTTP/1.0 client without chunks, ended by the connection's end."""
        chunk_s = self._mock.behaviour.chunk_s
        framing = "Transfer-Encoding: chunked" if request.may_chunk else "Connection: close"
        self._transport.write(_head(reply, request.keeps_alive and request.may_chunk, "text/event-stream", framing))
        for event in events:
            if chunk_s:
                await asyncio.sleep(chunk_s)
            self._transport.write(b"%x\r\n%b\r\n" % (len(event), event) if request.may_chunk else event)
            await self._writable.wait()
        if request.may_chunk:
            self._transport.write(b"0\r\n\r\n")
        else:
            self._transport.close()


def _head(reply: Reply, keeps_alive: bool, content_type: str, framing: str) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}", f"Content-Type: {content_type}", framing]
    if content_type == "text/event-stream":
        lines.append("Cache-Control: no-cache")
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if framing != "Connection: close":
        lines.append(f"Connection: {'keep-alive' if keeps_alive else 'close'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
