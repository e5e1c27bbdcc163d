"""The line between the supervisor and each of its children: JSON objects with an `op`, one a line, over a socket pair.

It is also how a child notices that the supervisor is gone: end of file ends the child.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import orjson

MESSAGE_LIMIT: Final = 64 * 1024
_BACKLOG_LIMIT: Final = 1024 * 1024

type Message = dict[str, Any]
type Callback = Callable[[Message], Awaitable[None] | None]

_log = logging.getLogger(__name__)


def channel_pair() -> tuple[socket.socket, socket.socket]:
    """Our end and the child's; the child's descriptor is handed down by number."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def _end_process() -> None:
    os._exit(1)  # nobody is left to drain for; what had to be kept was written when it happened


class Channel:
    """One end of the line. `run` reads until the other end is gone, then calls `on_lost` (which ends a child at once).

    Messages may be sent before `run`; they keep their order.
    """

    def __init__(self, fd: int, on_lost: Callable[[], None] = _end_process) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(False)
        os.set_inheritable(fd, False)
        self._on_lost = on_lost
        self._callbacks: dict[str, Callback] = {}
        self._early: list[bytes] = []
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def on(self, op: str, callback: Callback) -> None:
        """Calls back with each message of that op; a coroutine function runs beside the reading."""
        self._callbacks[op] = callback

    def send_nowait(self, message: Message) -> None:
        """Sends, or keeps it until it can be sent. Raises ValueError when it is too long."""
        line = orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)
        if len(line) > MESSAGE_LIMIT:
            raise ValueError(f"a message of {len(line)} bytes")
        if self._writer is None:
            self._early.append(line)
        elif not self._writer.is_closing():
            if self._writer.transport.get_write_buffer_size() > _BACKLOG_LIMIT:
                self._writer.transport.abort()  # the other end has not read for minutes
            else:
                self._writer.write(line)

    async def send(self, message: Message) -> None:
        """Sends, and waits while the other end is slow to read. A lost line is told by `on_lost`, not here."""
        self.send_nowait(message)
        if self._writer is not None:
            with suppress(ConnectionError):
                await self._writer.drain()

    async def run(self) -> None:
        """Reads until the other end is gone."""
        if self._socket.fileno() < 0:  # closed before it ran
            self._on_lost()
            return
        reader, self._writer = await asyncio.open_unix_connection(sock=self._socket, limit=2 * MESSAGE_LIMIT)
        for line in self._early:
            self._writer.write(line)
        self._early.clear()
        try:
            while line := await reader.readline():
                self._dispatch(line)
        except (ConnectionError, ValueError):
            pass
        finally:
            self._writer.close()
        self._on_lost()

    def close(self) -> None:
        """Ends the line from this side; the other end reads end of file."""
        if self._writer is not None:
            self._writer.close()
        else:
            self._socket.close()

    def _dispatch(self, line: bytes) -> None:
        try:
            message = orjson.loads(line)
            callback = self._callbacks.get(message["op"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            _log.warning("a message on the channel that is not one: %d bytes", len(line))
            return
        if callback is None:
            return
        try:
            under_way = callback(message)
        except Exception:
            _log.exception("the answer to %s failed", message["op"])
            return
        if inspect.isawaitable(under_way):
            task = asyncio.ensure_future(self._finish(message["op"], under_way))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _finish(self, op: str, under_way: Awaitable[None]) -> None:
        try:
            await under_way
        except Exception:
            _log.exception("the answer to %s failed", op)
