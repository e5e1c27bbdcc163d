"""Keep-alive connections to upstreams, shared by all client connections of a worker.

The pool resolves a name, checks every address and dials the checked one: no second resolution stands between check
and use, so DNS rebinding has nothing to rebind. What may be decided without waiting is a synchronous method; the only
one that waits is `dial`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from mitmgate.core.addresses import refusal_reason
from mitmgate.core.backend import where_to_dial
from mitmgate.core.retry import Failure
from mitmgate.proxy.client_reader import CountedReader
from mitmgate.proxy.first_opened import first_opened
from mitmgate.proxy.plan import Target
from mitmgate.proxy.room import Room

DNS_TTL_S: Final = 5.0
MAX_NAMES: Final = 1_000
MAX_ADDRESSES: Final = 4
NEXT_ADDRESS_S: Final = 0.25


class DialFailed(Exception):
    """No connection came about. Carries no text of a library's."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(slots=True, eq=False)
class Transport:
    """One open connection to an upstream. served counts the answers it has carried; times are monotonic seconds,
    opened_at that of the attempt to open it."""

    target: Target
    reader: CountedReader
    writer: asyncio.StreamWriter
    opened_at: float
    idle_since: float = 0.0
    served: int = 0

    def usable(self, now: float, idle_s: float, age_s: float) -> bool:
        """Whether nothing has come or closed while it lay idle, and it is not too old."""
        return not (
            self.writer.is_closing()
            or self.reader.at_eof()
            or self.reader._buffer  # type: ignore[attr-defined]  # bytes nobody asked for: the next answer would be theirs
            or now - self.idle_since > idle_s
            or now - self.opened_at > age_s
        )


@dataclass(slots=True)
class UpstreamPool:
    """idle_s and age_s bound a connection's rest and life; max_open bounds the connections of one target,
    most those of all."""

    tls: ssl.SSLContext
    resolve: Mapping[str, str] = field(default_factory=dict)
    idle_s: float = 30.0
    age_s: float = 300.0
    max_idle: int = 256
    max_open: int = 2_000
    most: int = 20_000
    room: Room = field(default_factory=lambda: Room(sys.maxsize))
    _idle: OrderedDict[Target, deque[Transport]] = field(default_factory=OrderedDict)
    _idle_count: int = 0
    _open: dict[Target, int] = field(default_factory=dict)
    _open_count: int = 0
    _names: OrderedDict[tuple[str, int], tuple[float, list[str]]] = field(default_factory=OrderedDict)
    _closed_at: float = 0.0

    def take(self, target: Target) -> Transport | None:
        """The idle connection last used, if one is still good."""
        now = time.monotonic()
        waiting = self._idle.get(target)
        while waiting:
            transport = waiting.pop()
            self._idle_count -= 1
            if transport.usable(now, self.idle_s, self.age_s):
                return transport
            self.discard(transport)
        return None

    def give_back(self, transport: Transport) -> None:
        """Puts a connection to rest after one unambiguous, fully read answer to a fully sent request."""
        transport.served += 1
        transport.idle_since = time.monotonic()
        if transport.writer.is_closing() or transport.opened_at <= self._closed_at:
            self.discard(transport)
            return
        self._idle.setdefault(transport.target, deque()).append(transport)
        self._idle.move_to_end(transport.target)
        self._idle_count += 1
        if self._idle_count > self.max_idle:
            self._drop_oldest()

    def discard(self, transport: Transport) -> None:
        """Closes a connection for good."""
        self._count_out(transport.target)
        transport.reader.release()
        transport.writer.transport.abort()
        transport.writer.transport.close()  # drops callbacks that refer to it, which abort does not

    def sweep(self) -> None:
        """Closes what is no longer usable. Called once a second: what an upstream sends unasked takes up room."""
        now = time.monotonic()
        for target, waiting in list(self._idle.items()):
            for transport in [each for each in waiting if not each.usable(now, self.idle_s, self.age_s)]:
                self._idle_count -= 1
                waiting.remove(transport)
                self.discard(transport)
            if not waiting:
                del self._idle[target]

    def close(self) -> None:
        """Closes every idle connection; those in use, or being made, do not come back."""
        self._closed_at = time.monotonic()
        for waiting in self._idle.values():
            for transport in waiting:
                self.discard(transport)
        self._idle.clear()
        self._idle_count = 0

    async def dial(self, target: Target) -> Transport:
        """Opens a connection to a checked address. Raises DialFailed. The caller holds the deadline."""
        if self._open_count >= self.most and self._idle:
            self._drop_oldest()
        if self._open.get(target, 0) >= self.max_open or self._open_count >= self.most:
            raise DialFailed(Failure.OVERLOADED)
        self._open[target] = self._open.get(target, 0) + 1
        self._open_count += 1
        begun = time.monotonic()
        try:
            reader, writer = await self._connect(target)
        except BaseException:
            self._count_out(target)
            raise
        return Transport(target, reader, writer, begun)

    def _count_out(self, target: Target) -> None:
        left = self._open.get(target, 0) - 1
        if left < 0:
            return
        self._open_count -= 1
        if left:
            self._open[target] = left
        else:
            del self._open[target]

    async def _connect(self, target: Target) -> tuple[CountedReader, asyncio.StreamWriter]:
        """To the name's first address, and a moment later to the next, until one answers (RFC 8305 section 5)."""
        checked, port = await self.resolved(target)
        tls = self.tls if target.scheme == "https" else None
        name = target.host if tls else None
        ways = [partial(self._dial, address, port, tls, name) for address in checked]
        try:
            return await ways[0]() if len(ways) == 1 else await first_opened(ways, NEXT_ADDRESS_S)
        except ssl.SSLCertVerificationError:
            raise DialFailed(Failure.CERTIFICATE) from None
        except ssl.SSLError:
            raise DialFailed(Failure.HANDSHAKE) from None
        except OSError:
            raise DialFailed(Failure.CONNECT) from None

    async def _dial(
        self, address: str, port: int, tls: ssl.SSLContext | None, name: str | None
    ) -> tuple[CountedReader, asyncio.StreamWriter]:
        """asyncio.open_connection with a reader of ours."""
        loop = asyncio.get_running_loop()
        reader = CountedReader(self.room)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.create_connection(lambda: protocol, address, port, ssl=tls, server_hostname=name)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def resolved(self, target: Target) -> tuple[list[str], int]:
        """The target's addresses that may be dialled, and the port. Raises DialFailed when there is none."""
        host, port = where_to_dial(target.host, target.port, self.resolve)
        addresses = await self._addresses(host, port)
        checked = [address for address in addresses if refusal_reason(address, target.allow_private) is None]
        if not checked:
            raise DialFailed(Failure.ADDRESS if addresses else Failure.NAME)
        return checked, port

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        now = time.monotonic()
        known = self._names.get((host, port))
        if known is not None and now < known[0]:
            return known[1]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise DialFailed(Failure.NAME) from None
        addresses = list(dict.fromkeys(str(item[4][0]) for item in found))[:MAX_ADDRESSES]
        self._names[(host, port)] = (now + DNS_TTL_S, addresses)
        while len(self._names) > MAX_NAMES:
            self._names.popitem(last=False)
        return addresses

    def _drop_oldest(self) -> None:
        target, waiting = next(iter(self._idle.items()))
        self._idle_count -= 1
        self.discard(waiting.popleft())
        if not waiting:
            del self._idle[target]
