"""The store: Valkey or Redis, one write and one read for a whole pipeline, each call with a deadline.

A connection whose call failed, was cancelled or passed its deadline is closed and never used again: its late reply
would be read as the answer to another request's question, which is how answers leak between users.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.exceptions import NoScriptError, RedisError, ResponseError

logger = logging.getLogger(__name__)

FAILURES_UNTIL_SKIPPED = 3
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0

type Command = Sequence[Any]


class StoreDown(Exception):
    """The store did not answer in time, or is being left alone for a moment because it lately did not."""


@dataclass(frozen=True)
class Script:
    """A Lua file beside this module, called by its digest."""

    name: str

    @cached_property
    def text(self) -> str:
        return (Path(__file__).with_name("lua") / f"{self.name}.lua").read_text()

    @cached_property
    def digest(self) -> str:
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def command(self, keys: Sequence[Any], arguments: Sequence[Any]) -> Command:
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)


class Store:
    """A small pool of connections. Calls beyond pool_size wait, within their deadline, for one to come free."""

    def __init__(
        self, url: str, *, scripts: Sequence[Script] = (), deadline_s: float = 0.25, pool_size: int = 64
    ) -> None:
        options: dict[str, Any] = {**parse_url(url), "protocol": 2}
        self._connection_class: type[AbstractConnection] = options.pop("connection_class", Connection)
        self._options = options
        self._scripts = {script.digest: script for script in scripts}
        self._deadline_s = deadline_s
        self._idle: deque[AbstractConnection] = deque()
        self._places = asyncio.Semaphore(pool_size)
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._skip_until = 0.0
        self._closed = False

    @property
    def healthy(self) -> bool:
        """Whether the last calls were answered."""
        return self._failures < FAILURES_UNTIL_SKIPPED

    def use(self, script: Script) -> Script:
        """Makes a script known, so that it can be sent again where the server has forgotten it."""
        self._scripts[script.digest] = script
        return script

    async def pipeline(self, commands: Sequence[Command], deadline_s: float | None = None) -> list[Any]:
        """Sends the commands in one write and returns their replies in order; an error reply is raised as RedisError.

        Raises StoreDown, at once while the store is being left alone.
        """
        if not self.healthy:
            if time.monotonic() < self._skip_until:
                raise StoreDown
            self._skip_until = time.monotonic() + self._pause_s  # one call at a time finds out
        try:
            async with asyncio.timeout(deadline_s or self._deadline_s), self._places:
                replies = await self._call(commands)
        except (OSError, TimeoutError, RedisError) as problem:
            if isinstance(problem, ResponseError):
                raise
            self._failed()
            raise StoreDown from None
        self._failures, self._pause_s = 0, FIRST_PAUSE_S
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    async def close(self) -> None:
        """Closes the idle connections."""
        self._closed = True
        while self._idle:
            await self._idle.popleft().disconnect(nowait=True)

    async def _call(self, commands: Sequence[Command]) -> list[Any]:
        connection = self._idle.pop() if self._idle else self._connection_class(**self._options)
        clean = False
        try:
            if not connection.is_connected:
                await connection.connect()  # type: ignore[no-untyped-call]
            replies = await self._exchange(connection, commands)
            if any(isinstance(reply, NoScriptError) for reply in replies):
                replies = await self._exchange_again(connection, commands, replies)
            clean = True
            return replies
        finally:
            if clean and not self._closed:
                self._idle.append(connection)
            else:
                await connection.disconnect(nowait=True)

    async def _exchange_again(
        self, connection: AbstractConnection, commands: Sequence[Command], replies: list[Any]
    ) -> list[Any]:
        """A restarted server has forgotten the scripts: sends them, and what failed for want of them, again."""
        failed = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        digests = {commands[i][1] for i in failed}
        loads: list[Command] = [("SCRIPT", "LOAD", self._scripts[digest].text) for digest in digests]
        again = await self._exchange(connection, [*loads, *(commands[i] for i in failed)])
        for i, reply in zip(failed, again[len(loads) :], strict=True):
            replies[i] = reply
        return replies

    @staticmethod
    async def _exchange(connection: AbstractConnection, commands: Sequence[Command]) -> list[Any]:
        await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        replies: list[Any] = []
        for _ in commands:
            try:
                replies.append(await connection.read_response())
            except ResponseError as error:
                replies.append(error)
        return replies

    def _failed(self) -> None:
        self._failures += 1
        while self._idle:  # what failed one failed all
            self._idle.popleft()._close()  # type: ignore[no-untyped-call]
        if self._failures >= FAILURES_UNTIL_SKIPPED:
            if self._failures == FAILURES_UNTIL_SKIPPED:
                logger.warning("the store does not answer; it is tried again every %.1f s", self._pause_s)
            self._skip_until = time.monotonic() + self._pause_s
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
