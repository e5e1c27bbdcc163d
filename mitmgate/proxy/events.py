"""The events and commands our layers exchange with the connection, beside mitmproxy's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mitmproxy import http
from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events

from mitmgate.core.retry import Failure

if TYPE_CHECKING:
    from mitmgate.proxy.delivery import Delivery
    from mitmgate.proxy.plan import Target
    from mitmgate.proxy.pool import Transport


class UpstreamServer(Server):
    """One attempt's connection, as mitmproxy sees it: pooled or new, it is another object each time."""

    target: Target
    transport: Transport | None = None
    release = False
    reset = False  # it ended by a reset, which tells nothing of where an answer ends

    # mitmproxy compares connections by their id, since it also has those of saved flows, and guards each assignment.
    __eq__ = object.__eq__
    __hash__ = object.__hash__
    __setattr__ = object.__setattr__


@dataclass
class ConnectUpstream(commands.Command):
    """Connect for a stream, without blocking it: `UpstreamReady` follows, and a client's leaving is seen meanwhile."""

    stream: Delivery
    server: UpstreamServer
    fresh: bool


class ResetConnection(commands.CloseConnection):
    """Close it by a reset, as its end would be taken for that of an answer without framing (RFC 9112 section 6.3)."""


@dataclass
class UpstreamReady(events.Event):
    """The answer to ConnectUpstream; failure None means that the connection is open."""

    stream: Delivery
    server: UpstreamServer
    failure: Failure | None


@dataclass
class Timer(events.Event):
    """A deadline of a stream has passed. A token that is no longer armed makes it stale."""

    stream: Delivery
    kind: str
    token: object


@dataclass
class Alarm(events.Event):
    """A connection's own deadline has passed; run what it yields."""

    act: Callable[[], Iterator[commands.Command]]


@dataclass(eq=False)
class HookUnderWay(commands.Command):
    """An addon's hook that waits, and those to come after it. The stream is paused until all are done."""

    blocking = True
    flow: http.HTTPFlow
    result: Awaitable[object]
    calls: tuple[Callable[[http.HTTPFlow], Any], ...]


@dataclass
class HooksDone(events.CommandCompleted):
    """The answer to HookUnderWay."""

    command: HookUnderWay
    reply: None = None
