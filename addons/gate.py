"""How a stage's hooks run: gates fail closed, what only observes fails open.

An exception in a mitmproxy hook is logged and the request goes on as if nothing had been; for a gate that means it is
forwarded. So every hook of ours is wrapped in one of these.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from mitmproxy import http

from addons.exchange import Exchange, exchange_of, refusal
from mitmgate.core.errors import GatewayError, ServiceUnavailable
from mitmgate.services.logs import place_of

logger = logging.getLogger(__name__)

# A hook that only sometimes waits is a plain function that returns what to wait for: each `async def` costs a task.
Hook = Callable[[Any, http.HTTPFlow, Exchange], Awaitable[object] | None]
BROKEN = partial(ServiceUnavailable, 503, "gateway_error", "The gateway could not check this request.", retry_after_s=1)


def gate(hook: Hook) -> Callable[[Any, http.HTTPFlow], Awaitable[object] | None]:
    """Runs the hook while there is no answer yet. What it raises becomes the answer: a refusal, never a pass."""

    @functools.wraps(hook)
    def run(self: Any, flow: http.HTTPFlow) -> Awaitable[object] | None:
        if flow.response is not None:
            return None
        exchange = exchange_of(flow)
        try:
            if exchange is None:
                raise LookupError("no exchange")
            pending = hook(self, flow, exchange)
        except Exception as problem:
            flow.response = _refuse(exchange, problem, hook)
            return None
        return None if pending is None else finish(flow, exchange, pending)

    async def finish(flow: http.HTTPFlow, exchange: Exchange, pending: Awaitable[object]) -> None:
        try:
            await pending
        except Exception as problem:
            flow.response = _refuse(exchange, problem, hook)

    return run


def observer(hook: Hook) -> Callable[[Any, http.HTTPFlow], Awaitable[object] | None]:
    """Runs the hook for every flow of ours. What it raises is logged and the answer goes out."""

    @functools.wraps(hook)
    def run(self: Any, flow: http.HTTPFlow) -> Awaitable[object] | None:
        exchange = exchange_of(flow)
        if exchange is None:
            return None
        try:
            pending = hook(self, flow, exchange)
        except Exception as problem:
            log_failure(hook, problem)
            return None
        return None if pending is None else finish(pending)

    async def finish(pending: Awaitable[object]) -> None:
        try:
            await pending
        except Exception as problem:
            log_failure(hook, problem)

    return run


def _refuse(exchange: Exchange | None, problem: Exception, hook: Hook) -> http.Response:
    if isinstance(problem, GatewayError):
        # Its frames hold the flow, and the flow's frames the refusal: a cycle that only the garbage collector ends.
        problem.__traceback__ = problem.__context__ = None
        return refusal(exchange, problem)
    log_failure(hook, problem)
    return refusal(exchange, BROKEN())


def log_failure(hook: Callable[..., object], problem: BaseException) -> None:
    """The place and the kind; a message might quote the request."""
    logger.error("%s failed: %s", hook.__qualname__, place_of(problem))
