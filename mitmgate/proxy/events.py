"""The events and commands our layers exchange with the connection, beside mitmproxy's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


@dataclass
class ConnectUpstream(commands.Command):
    """Connect for a stream, without blocking it: `UpstreamReady` follows, and a client's leaving is seen meanwhile."""

    stream: Delivery
    server: UpstreamServer
    fresh: bool


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
class AnswerCompleteHook(commands.StartHook):
    """
    A streamed answer is complete but for its last bytes, which wait for this hook.

    What must have happened before the client can ask again (the entry stored, the record written) is done here.
    """

    name = "answer_complete"
    flow: http.HTTPFlow
