"""One HTTP/1.1 question and its answer on an open connection, within bounds. The caller holds the deadline."""

from __future__ import annotations

import asyncio
from typing import Final

import httptools

from mitmgate.core.encoding import decoded

_MOST_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 64 << 10


class AnswerBroken(Exception):
    """What came is no whole answer in HTTP. The text is our own."""


class _Answer:
    """What httptools calls back."""

    def __init__(self) -> None:
        self.whole = self.headers_done = False
        self.coding = ""
        self.body = bytearray()
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-encoding":
            self.coding = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.headers_done = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.parser.get_status_code() >= 200:
            self.whole = True
        else:  # 1xx: the answer is still to come
            self.headers_done = False


async def ask(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    method: str,
    path: str,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> tuple[int, bytes | None]:
    """-> status, and the body without its encoding (None where that is broken). Raises AnswerBroken, OSError."""
    lines = [f"{method} {path} HTTP/1.1".encode("latin-1"), *(name + b": " + value for name, value in headers)]
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    await writer.drain()
    answer, read = _Answer(), 0
    while not answer.whole:
        chunk = await reader.read(_CHUNK_BYTES)
        if not chunk:
            if answer.headers_done and not answer.parser.should_keep_alive():
                break  # it ends with the connection
            raise AnswerBroken("the connection was closed before the answer was whole")
        read += len(chunk)
        if read > _MOST_BYTES:
            raise AnswerBroken(f"the answer is longer than {_MOST_BYTES} bytes")
        try:
            answer.parser.feed_data(chunk)
        except httptools.HttpParserUpgrade:
            raise AnswerBroken("it wants another protocol") from None
        except httptools.HttpParserError:
            raise AnswerBroken("the answer is not HTTP") from None
    return answer.parser.get_status_code(), decoded(bytes(answer.body), answer.coding)
