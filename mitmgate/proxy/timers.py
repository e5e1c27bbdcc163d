"""Deadlines of a stream, by name, and the one of a connection: cancellable, and cheap to push on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mitmproxy.proxy import commands, events

from mitmgate.proxy.events import Alarm, Timer

if TYPE_CHECKING:
    from mitmgate.proxy.connection import GatewayConnection
    from mitmgate.proxy.delivery import Delivery


class _Armed:
    __slots__ = ("delay_s", "handle", "last", "token")

    def __init__(self, delay_s: float, last: float, token: object) -> None:
        self.delay_s = delay_s
        self.handle: asyncio.TimerHandle | None = None
        self.last = last
        self.token = token


class Timers:
    """A stream's armed deadlines. When one passes, a `Timer` event reaches the stream."""

    def __init__(self, stream: Delivery, connection: GatewayConnection) -> None:
        self._stream = stream
        self._connection = connection
        self._armed: dict[str, _Armed] = {}
        self._all_run = True

    def arm(self, kind: str, delay_s: float) -> None:
        """Sets the deadline, in place of one of the same kind.

        Its timer runs from the end of the event at work on: within it, most are armed and disarmed again.
        """
        self.disarm(kind)
        self._armed[kind] = _Armed(delay_s, asyncio.get_running_loop().time(), object())
        if self._all_run:
            self._all_run = False
            self._connection.after_event(self._run)

    def _run(self) -> None:
        self._all_run = True
        for kind, armed in self._armed.items():
            if armed.handle is None:
                due = armed.last + armed.delay_s
                armed.handle = asyncio.get_running_loop().call_at(due, self._fire, kind, armed.token)

    def touch(self, kind: str) -> None:
        """Begins the deadline anew from now."""
        armed = self._armed.get(kind)
        if armed is not None:
            armed.last = asyncio.get_running_loop().time()

    def disarm(self, *kinds: str) -> None:
        """Drops these deadlines; without names all."""
        for kind in kinds or tuple(self._armed):
            armed = self._armed.pop(kind, None)
            if armed is not None and armed.handle is not None:
                armed.handle.cancel()

    def expired(self, event: Timer) -> bool:
        """Whether the event is that of a deadline still armed; it no longer is afterwards."""
        armed = self._armed.get(event.kind)
        if armed is None or armed.token is not event.token:
            return False
        del self._armed[event.kind]
        return True

    def _fire(self, kind: str, token: object) -> None:
        armed = self._armed.get(kind)
        if armed is None or armed.token is not token:
            return
        loop = asyncio.get_running_loop()
        due = armed.last + armed.delay_s
        if due > loop.time() + 0.001:
            armed.handle = loop.call_at(due, self._fire, kind, token)
        else:
            self._connection.feed(Timer(self._stream, kind, token))


class ConnectionAlarm:
    """The one deadline of a connection itself. When it passes, an `Alarm` event reaches the layers."""

    def __init__(self, feed: Callable[[events.Event], None]) -> None:
        self._feed = feed
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._act: Callable[[], Iterator[commands.Command]] | None = None

    def set(self, delay_s: float | None, act: Callable[[], Iterator[commands.Command]]) -> None:
        """In place of the last one; None clears it."""
        if delay_s is None:
            self._act = None
            return
        loop = asyncio.get_running_loop()
        self._due, self._act = loop.time() + delay_s, act
        if self._timer is None or self._timer.when() > self._due:
            self.cancel()
            self._timer = loop.call_at(self._due, self._ring)

    def cancel(self) -> None:
        """Ends its timer with the connection."""
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        """A request sets and clears several alarms: the timer stays and looks, when it rings, whether it is meant."""
        self._timer, act = None, self._act
        if act is None:
            return
        loop = asyncio.get_running_loop()
        if self._due > loop.time() + 0.001:
            self._timer = loop.call_at(self._due, self._ring)
        else:
            self._act = None
            self._feed(Alarm(act))
