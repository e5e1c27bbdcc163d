"""One connection to Valkey or Redis (RESP2 by hiredis), with one write in flight: that of one call, or of several.

Whatever goes wrong (a deadline, a reply nobody asked for) closes the socket, and no reply is handed out before all are
read and counted. So none can be read as the answer to another request's question, which is how answers leak between
users.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

type Command = Sequence[Any]

OVERSLEPT_S: Final = 0.01  # a timer this late says that the loop was busy, nothing about the store
LOOKS: Final = 20

_MORE: Final = object()
# The server can not do its work at all: https://valkey.io/topics/protocol (error prefixes)
_UNFIT: Final = (
    "BUSY ", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOAUTH", "NOPERM", "OOM", "READONLY", "UNBLOCKED",
)  # fmt: skip


def pack(*commands: Command) -> bytes:
    """The commands as the bytes of one write."""
    return b"".join([hiredis.pack_command(tuple(command)) for command in commands])


class StoreError(Exception):
    """An error reply to one command."""


class ScriptMissing(StoreError):
    """The server does not know the script of an EVALSHA."""


class ServerUnfit(StoreError):
    """The server answers, but can not serve: it is loading, read-only, out of memory."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the store is and how to log in, as `redis://`, `rediss://` and `unix://` URLs say it."""

    path: str | None = None
    host: str = "localhost"
    port: int = 6379
    tls: ssl.SSLContext | None = None
    login: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises ValueError. Understands db, ssl_ca_certs, ssl_certfile, ssl_keyfile and ssl_cert_reqs=none."""
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.scheme not in ("redis", "rediss", "unix"):
            raise ValueError("a store's URL begins with redis://, rediss:// or unix://")
        path = unquote(parts.path)
        database = options.get("db", "0" if parts.scheme == "unix" else path.strip("/") or "0")
        login = []
        if parts.password:
            user = [unquote(parts.username)] if parts.username else []
            login.append(pack(("AUTH", *user, unquote(parts.password))))
        if int(database):
            login.append(pack(("SELECT", int(database))))
        tls = _tls(options) if parts.scheme == "rediss" else None
        if parts.scheme == "unix":
            return cls(path=path, login=tuple(login))
        return cls(host=parts.hostname or "localhost", port=parts.port or 6379, tls=tls, login=tuple(login))

    async def connect(self, on_lost: Callable[[Connection], None], deadline_s: float) -> Connection:
        """Raises OSError, TimeoutError and StoreError."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + deadline_s
        connection: Connection

        def make() -> Connection:
            return Connection(loop, on_lost)

        async with asyncio.timeout_at(ends_at):
            if self.path is not None:
                _, connection = await loop.create_unix_connection(make, self.path)
            else:
                _, connection = await loop.create_connection(make, self.host, self.port, ssl=self.tls)
        try:
            if self.login:
                for reply in await connection.ask(Call(b"".join(self.login), len(self.login)), ends_at):
                    if isinstance(reply, StoreError):
                        raise reply
        except BaseException:
            connection.drop()
            raise
        return connection


def _tls(options: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if options.get("ssl_cert_reqs") == "none":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if "ssl_certfile" in options:
        context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"))
    return context


class LostBeside(ConnectionResetError):
    """The connection failed another call of the same write, which has the reason."""


class Call:
    """Packed commands, and who waits for their `count` replies. saw_error: at least one of these is an error."""

    __slots__ = ("count", "packed", "saw_error", "waiter")

    def __init__(self, packed: bytes, count: int) -> None:
        self.packed = packed
        self.count = count
        self.waiter: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self.saw_error = False


def fail(calls: Sequence[Call], problem: OSError) -> None:
    """Tells all who still wait; the first of them is given the reason."""
    for call in calls:
        if not call.waiter.done():
            call.waiter.set_exception(problem)
            problem = LostBeside(str(problem))


class Connection(asyncio.Protocol):
    """A socket and its parser. on_free is called whenever all that was asked is answered."""

    __slots__ = (
        "_calls", "_loop", "_on_lost", "_reader", "_replies", "_saw_error", "_timer", "_transport", "_wanted",
        "lost", "on_free",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, on_lost: Callable[[Connection], None]) -> None:
        self._loop = loop
        self._on_lost = on_lost
        self._reader = hiredis.Reader(
            protocolError=ConnectionResetError, replyError=self._reply_error, notEnoughData=_MORE
        )
        self._transport: asyncio.Transport | None = None
        self._calls: Sequence[Call] = ()
        self._replies: list[Any] = []
        self._wanted = 0
        self._timer: asyncio.TimerHandle | None = None
        self._saw_error = False
        self.lost = False
        self.on_free: Callable[[Connection], None] | None = None

    def send(self, calls: Sequence[Call], ends_at: float) -> None:
        """Sends the calls in one write; each waiter is given its replies, error replies as StoreError objects.

        ends_at is the loop's time. Waiters are given OSError or TimeoutError; the connection is closed by then. A call
        whose waiter is cancelled stays, its replies are dropped. Raises ConnectionResetError when there is none.
        """
        if self.lost or self._transport is None:
            raise ConnectionResetError("not connected")
        self._calls, self._replies, self._saw_error = calls, [], False
        self._wanted = sum([call.count for call in calls])
        self._timer = self._loop.call_at(ends_at, self._expire, ends_at, LOOKS)
        self._transport.write(calls[0].packed if len(calls) == 1 else b"".join([call.packed for call in calls]))

    async def ask(self, call: Call, ends_at: float) -> list[Any]:
        """Sends one call; -> its replies. Raises OSError and TimeoutError. Cancelled, it closes the connection."""
        self.send((call,), ends_at)
        try:
            return await call.waiter
        except BaseException:
            if self._calls and self._calls[0] is call:  # else it is answered, and others may use the connection
                self.drop()
            raise

    def drop(self) -> None:
        """Closes the socket at once; a call in flight fails."""
        self._fail(ConnectionResetError("dropped"))

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        calls, replies, wanted = self._calls, self._replies, self._wanted
        if not calls:
            self.drop()  # nobody asked
            return
        reader = self._reader
        try:
            reader.feed(data)
            while len(replies) < wanted:
                reply = reader.gets()
                if reply is _MORE:
                    return
                replies.append(reply)
        except ConnectionResetError as problem:
            self._fail(problem)
            return
        if reader.has_data():
            self._fail(ConnectionResetError("more replies than commands"))
            return
        self._calls, self._replies = (), []
        if self._timer is not None:
            self._timer.cancel()
        begin = 0
        for call in calls:
            own = replies if len(calls) == 1 else replies[begin : begin + call.count]
            begin += call.count
            call.saw_error = self._saw_error and any(isinstance(reply, StoreError) for reply in own)
            if not call.waiter.done():
                call.waiter.set_result(own)
        if self.on_free is not None:
            self.on_free(self)

    def connection_lost(self, problem: Exception | None) -> None:
        self._fail(ConnectionResetError("the store closed the connection"))

    # ----

    def _expire(self, ends_at: float, looks: int) -> None:
        now = self._loop.time()
        if now - ends_at > OVERSLEPT_S and looks:  # the loop was busy: the reply may be here, and be read next
            again_at = now + OVERSLEPT_S
            self._timer = self._loop.call_at(again_at, self._expire, again_at, looks - 1)
            return
        self._fail(TimeoutError("the store did not answer in time"))

    def _fail(self, problem: OSError) -> None:
        calls, self._calls = self._calls, ()
        if self._timer is not None:
            self._timer.cancel()
        if not self.lost:
            self.lost = True
            if self._transport is not None:
                self._transport.abort()
            self._on_lost(self)
        fail(calls, problem)

    def _reply_error(self, text: str) -> StoreError:
        self._saw_error = True
        if text.startswith("NOSCRIPT"):
            return ScriptMissing(text)
        return ServerUnfit(text) if text.startswith(_UNFIT) else StoreError(text)
