"""Asks an upstream in the background what a stored answer was served for: a few at once, each once, none kept waiting.

The connection is dialled by the worker's pool, with the addresses it checks and the roots it trusts, and used for this
one request: an answer that is read by another parser than the live one leaves nothing for others to read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from mitmgate.core.retry import Failure
from mitmgate.proxy.plan import Plan
from mitmgate.proxy.pool import DialFailed, Transport, UpstreamPool
from mitmgate.services.plain_http import AnswerBroken, ask

MOST: Final = 4  # of a worker, at once; beyond it none is begun


class AuditFailed(Exception):
    """There is no answer. Carries no text of a peer's."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class Audits:
    """Those that are under way in this worker."""

    def __init__(self, pool: UpstreamPool, most: int = MOST) -> None:
        self._pool = pool
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    @property
    def has_room(self) -> bool:
        return not self._stopped and len(self._tasks) < self._most

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs it next to the requests; only where `has_room`."""
        task = asyncio.get_running_loop().create_task(work())
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Ends all of them and begins no other: the gateway drains."""
        self._stopped = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def ask(self, plan: Plan, method: str, body: bytes) -> tuple[int, bytes | None]:
        """The plan's request, once. -> status, and the whole body without its coding. Raises AuditFailed."""
        assert plan.target is not None and plan.deadlines is not None
        transport: Transport | None = None
        failure = Failure.TOTAL_TIMEOUT
        try:
            async with asyncio.timeout(plan.deadlines.total_s):
                try:
                    async with asyncio.timeout(plan.deadlines.connect_s):
                        transport = await self._pool.dial(plan.target)
                except TimeoutError:
                    failure = Failure.CONNECT_TIMEOUT
                    raise
                headers = [*plan.headers, *([plan.credential] if plan.credential is not None else [])]
                headers.append((b"Content-Length", b"%d" % len(body)))
                return await ask(transport.reader, transport.writer, method, plan.path.decode("latin-1"), headers, body)
        except DialFailed as failed:
            raise AuditFailed(failed.failure) from None
        except TimeoutError:
            raise AuditFailed(failure) from None
        except (AnswerBroken, OSError):
            raise AuditFailed(Failure.RESET) from None
        finally:
            if transport is not None:
                self._pool.discard(transport)
