"""The matcher's Unix socket: many requests of a connection at once, each answered when it is done."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from mitmgate.services.logs import reason_of
from mitmgate.services.matcher_wire import BUSY, REFUSED, FrameBroken, Message, frame, read_frame

MOST_REQUESTS: Final = 1024  # under way, of all connections
MOST_UNREAD: Final = 16 * 1024 * 1024  # bytes of answers that a worker did not fetch

_log = logging.getLogger(__name__)


class MatcherServer:
    """Serves `answer` on a socket that only our user can open."""

    def __init__(self, answer: Callable[[Message], Awaitable[Message]]) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._requests: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, path: Path) -> None:
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(path), backlog=512)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """No more requests; those under way end unanswered."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._requests):
            task.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (request := await read_frame(reader)) is not None:
                if len(self._requests) >= MOST_REQUESTS:
                    self._send(writer, {"id": request.get("id"), "error": BUSY})
                    continue
                task = asyncio.get_running_loop().create_task(self._reply(request, writer))
                self._requests.add(task)
                task.add_done_callback(self._requests.discard)
        except (FrameBroken, OSError) as problem:
            _log.warning("a worker's line broke: %s", reason_of(problem))
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _reply(self, request: Message, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(request)
        except Exception:
            _log.exception("%s failed", request.get("op"))
            answer = {"error": "failed"}
        self._send(writer, {**answer, "id": request.get("id")})

    @staticmethod
    def _send(writer: asyncio.StreamWriter, answer: Message) -> None:
        if writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > MOST_UNREAD:
            writer.transport.abort()
            return
        try:
            writer.write(frame(answer))
        except FrameBroken:
            writer.write(frame({"id": answer["id"], "error": REFUSED}))
