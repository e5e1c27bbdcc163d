"""Closed-loop load over keep-alive connections, from one event loop: a connection asks again when it has its answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from itertools import count


class Asker(asyncio.Protocol):
    """One connection. Counts answers; anything but 200 with the wanted words in its head ends the measurement."""

    def __init__(self, requests: Iterator[bytes], until: float, wanted: bytes) -> None:
        self._requests = requests
        self._until = until
        self._wanted = wanted.lower()
        self._answer = b""
        self._length = 0
        self.answered = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        if time.monotonic() < self._until:
            self._transport.write(next(self._requests))
            return
        self.ended.set_result(None)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._length:
            head, blank, _ = self._answer.partition(b"\r\n\r\n")
            if not blank:
                return
            low = head.lower()
            if not head.startswith(b"HTTP/1.1 200") or self._wanted not in low:
                self._fail(RuntimeError(f"not the answer that was wanted:\n{self._answer[:2000].decode('latin-1')}"))
                return
            body = int(low.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            self._length = len(head) + 4 + body
        if len(self._answer) >= self._length:
            self.answered += 1
            self._answer, self._length = b"", 0
            self._ask()

    def connection_lost(self, problem: Exception | None) -> None:
        self._fail(ConnectionError("the server closed a connection under load"))

    def _fail(self, problem: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(problem)
            self._transport.close()


async def drive(port: int, requests: Iterator[bytes], connections: int, seconds: float, wanted: bytes = b"") -> int:
    """Asks until the time is over. -> how many requests were answered."""
    until = time.monotonic() + seconds
    loop = asyncio.get_running_loop()
    made: Callable[[], Asker] = lambda: Asker(requests, until, wanted)  # noqa: E731
    askers = [(await loop.create_connection(made, "127.0.0.1", port))[1] for _ in range(connections)]
    await asyncio.gather(*(asker.ended for asker in askers))
    return sum(asker.answered for asker in askers)


def question(text: str) -> bytes:
    """A chat request's body."""
    messages = [
        {"role": "system", "content": "You are a helpful assistant. Answer in one paragraph, plainly."},
        {"role": "user", "content": text},
    ]
    return json.dumps({"model": "gpt-4o-mini", "messages": messages, "temperature": 0}).encode()


def wire(body: bytes, headers: str = "") -> bytes:
    """The request as a client sends it; headers are lines that end in CRLF."""
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nUser-Agent: bench\r\n"
        f"{headers}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def same(body: bytes, headers: str = "") -> Iterator[bytes]:
    """One request, again and again."""
    request = wire(body, headers)
    while True:
        yield request


def fresh(headers: str = "", numbers: Iterator[int] = count()) -> Iterator[bytes]:  # noqa: B008  # one count a run is meant
    """Requests that nobody has asked before."""
    for number in numbers:
        yield wire(question(f"What is the capital of country number {number}?"), headers)
