"""The store: Valkey or Redis, one write and one read for a whole pipeline, each call with a deadline.

Calls made in the same turn of the event loop share a write, since system calls are most of what a call costs.
Connections come from a bounded pool and go back to it only when all that was asked on them is answered. A store that
fails several times in a row is left alone for a moment, so that requests do not wait for it one by one.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from mitmgate.services.redis_connection import (
    OVERSLEPT_S,
    Address,
    Call,
    Command,
    Connection,
    LostBeside,
    ScriptMissing,
    ServerUnfit,
    StoreError,
    fail,
    pack,
)
from mitmgate.services.redis_script import Script

__all__ = ["Command", "Script", "Store", "StoreDown", "StoreError"]

logger = logging.getLogger(__name__)

FAILURES_UNTIL_SKIPPED: Final = 3
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 2.0
CONNECT_S: Final = 5.0
MAX_WAITING: Final = 4096
MAX_TOGETHER: Final = 32  # calls that share a write, and so the loss of their connection
LONGEST_QUEUE_S: Final = 5.0


class StoreDown(Exception):
    """The store did not answer in time, can not serve, or is being left alone because it lately did not."""


class Store:
    """A small pool of connections. Beyond pool_size, calls wait, within their deadline, for one to come free."""

    def __init__(
        self, url: str, *, scripts: Sequence[Script] = (), deadline_s: float = 0.25, pool_size: int = 64
    ) -> None:
        self._address = Address.of(url)
        self._scripts = {script.digest: script for script in scripts}
        self._deadline_s = deadline_s
        self._pool_size = pool_size
        self._connections: set[Connection] = set()
        self._idle: list[Connection] = []
        self._connecting: set[asyncio.Task[None]] = set()
        self._waiting: deque[asyncio.Future[Connection]] = deque()
        self._waiting_calls = 0
        self._together: list[Call] = []
        self._together_ends_at = 0.0
        self._sending: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._skip_until = 0.0
        self._answered_at = 0.0
        self._closed = False

    @property
    def healthy(self) -> bool:
        """Whether the last calls were answered. Without calls nothing is learned: see probe."""
        return self._failures < FAILURES_UNTIL_SKIPPED

    def use(self, script: Script) -> Script:
        """Makes a script known, so that it can be sent again where the server has forgotten it."""
        self._scripts[script.digest] = script
        return script

    async def pipeline(self, commands: Sequence[Command], deadline_s: float | None = None) -> list[Any]:
        """Sends the commands in one write; -> their replies in order, an error reply as a StoreError object.

        Raises StoreDown, at once while the store is being left alone. A deadline_s below the store's own is the
        caller's impatience: passing it says nothing about the store.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        wait_s = deadline_s or self._deadline_s
        finds_out = self._skip_until > 0.0
        if finds_out:
            if now < self._skip_until:
                raise StoreDown
            self._skip_until = now + max(wait_s, self._deadline_s)  # one call at a time finds out
        patient = wait_s >= self._deadline_s
        call = Call(pack(*commands), len(commands))
        try:
            # Who finds out, and who has another deadline, goes alone: others must not pay for it.
            if wait_s == self._deadline_s and not finds_out:
                self._join(call, now + wait_s)
                replies = await call.waiter
            else:
                replies = await self._ask_alone(call, now + wait_s, patient)
            if call.saw_error:
                replies = await self._judge(commands, replies, now + wait_s, patient)
        except LostBeside as problem:
            raise StoreDown from problem  # the other call says what it means for the store
        except (OSError, StoreError) as problem:
            if patient or not isinstance(problem, TimeoutError):
                self._failed(problem, finds_out)
            raise StoreDown from problem
        self._answered_at = loop.time()
        if self._failures:
            self._failures, self._skip_until, self._pause_s = 0, 0.0, FIRST_PAUSE_S
        return replies

    async def demand(self, *commands: Command, deadline_s: float | None = None) -> list[Any]:
        """As pipeline, but an error reply raises StoreDown too."""
        replies = await self.pipeline(commands, deadline_s)
        for reply in replies:
            if isinstance(reply, StoreError):
                raise StoreDown from reply
        return replies

    async def probe(self) -> bool:
        """Asks whether the store is there; while nobody calls it, this alone keeps `healthy` true to it."""
        try:
            await self.demand(("PING",))
        except StoreDown:
            return False
        return True

    async def close(self) -> None:
        """Closes all connections; calls in flight fail."""
        self._closed = True
        tasks = [*self._connecting, *self._sending]
        for task in tasks:
            task.cancel()
        for connection in list(self._connections):
            connection.drop()
        self._refuse_waiting(ConnectionResetError("closed"))
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- sending

    def _join(self, call: Call, ends_at: float) -> None:
        """Sends the call with those made until the loop's next turn, by the deadline of the first of them."""
        if not self._together:
            self._together_ends_at = ends_at
            asyncio.get_running_loop().call_soon(self._send_together)
        self._together.append(call)
        if len(self._together) == MAX_TOGETHER:
            self._send_together()

    def _send_together(self) -> None:
        calls, self._together = self._together, []
        if not calls:
            return  # they were many, and sent before
        if self._idle:
            try:
                self._idle.pop().send(calls, self._together_ends_at)
            except OSError as problem:
                fail(calls, problem)
            return
        task = asyncio.get_running_loop().create_task(self._send_when_free(calls, self._together_ends_at))
        self._sending.add(task)
        task.add_done_callback(functools.partial(self._sent, calls))

    async def _send_when_free(self, calls: Sequence[Call], ends_at: float) -> None:
        connection = await self._free_connection(ends_at, len(calls), patient=True)
        connection.send(calls, max(ends_at, asyncio.get_running_loop().time() + self._deadline_s))

    def _sent(self, calls: Sequence[Call], task: asyncio.Task[None]) -> None:
        """Not in the task itself: one that is cancelled at once never begins, and its calls would wait for ever."""
        self._sending.discard(task)
        problem = ConnectionResetError("closed") if task.cancelled() else task.exception()
        if problem is not None:
            fail(calls, problem if isinstance(problem, OSError) else ConnectionResetError(type(problem).__name__))

    async def _ask_alone(self, call: Call, ends_at: float, patient: bool) -> list[Any]:
        if self._idle:
            connection = self._idle.pop()
        else:
            connection = await self._free_connection(ends_at, 1, patient)
            ends_at = max(ends_at, asyncio.get_running_loop().time() + self._deadline_s) if patient else ends_at
        return await connection.ask(call, ends_at)

    # ---- the pool

    async def _free_connection(self, ends_at: float, calls: int, patient: bool) -> Connection:
        """patient: while the store answers others, the wait is a queue's and goes on, to a bound."""
        if self._closed or self._waiting_calls + calls > MAX_WAITING:
            raise ConnectionResetError("closed or crowded")
        if len(self._connections) + len(self._connecting) < self._pool_size:
            self._begin_connecting()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection] = loop.create_future()
        self._waiting.append(waiter)
        self._waiting_calls += calls
        bound = ends_at + (LONGEST_QUEUE_S if patient else 0.0)
        timer = loop.call_at(ends_at, self._give_up, waiter, ends_at, bound)
        try:
            return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give_back(waiter.result())  # it came just too late
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            raise
        finally:
            self._waiting_calls -= calls
            timer.cancel()

    def _give_up(self, waiter: asyncio.Future[Connection], due: float, bound: float) -> None:
        if waiter.done():
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now < bound and (now - self._answered_at < self._deadline_s or now - due > OVERSLEPT_S):
            again_at = now + self._deadline_s / 5
            loop.call_at(again_at, self._give_up, waiter, again_at, bound)
        else:
            waiter.set_exception(TimeoutError("no connection came free in time"))

    def _begin_connecting(self) -> None:
        # A task, since a handshake may take longer than the call's deadline that wanted it.
        self._connecting.add(asyncio.get_running_loop().create_task(self._connect()))

    async def _connect(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            connection = await self._address.connect(self._lost, CONNECT_S)
        except (OSError, StoreError) as problem:
            self._refuse_waiting(ConnectionResetError(str(problem)))
            return
        finally:
            self._connecting.discard(task)  # not in a callback: the place is free, or taken, from here on
        self._connections.add(connection)
        connection.on_free = self._give_back
        if connection.lost:
            self._lost(connection)
        else:
            self._give_back(connection)

    def _give_back(self, connection: Connection) -> None:
        if connection.lost:
            return
        if self._closed:
            connection.drop()
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting and not self._closed and len(self._connecting) < len(self._waiting):
            self._begin_connecting()

    def _refuse_waiting(self, problem: OSError) -> None:
        waiting, self._waiting = self._waiting, deque()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_exception(problem)

    # ---- replies and failures

    async def _judge(self, commands: Sequence[Command], replies: list[Any], ends_at: float, patient: bool) -> list[Any]:
        """A restarted server has forgotten the scripts: what failed for want of one is sent again, text and all."""
        missing = [i for i, reply in enumerate(replies) if isinstance(reply, ScriptMissing)]
        if missing:
            again = [("EVAL", self._scripts[commands[i][1]].text, *commands[i][2:]) for i in missing]
            answers = await self._ask_alone(Call(pack(*again), len(again)), ends_at, patient)
            for i, reply in zip(missing, answers, strict=True):
                replies[i] = reply
        for reply in replies:
            if isinstance(reply, ServerUnfit):
                raise reply
        return replies

    def _failed(self, problem: Exception, found_out: bool) -> None:
        self._failures += 1
        if found_out:
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
        elif self._skip_until or self._failures < FAILURES_UNTIL_SKIPPED:
            return  # too few yet, or one of many that were under way when the store was lost
        else:
            logger.warning(
                "the store does not serve (%s): left alone, tried again now and then", type(problem).__name__
            )
        self._skip_until = asyncio.get_running_loop().time() + self._pause_s
