"""What a client sends, on its way to the codec: in steps that take turns, held back when it has nowhere to go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import events

from mitmgate.proxy.client_reader import READ_BYTES, ClientReader

if TYPE_CHECKING:
    from mitmgate.proxy.connection import GatewayConnection
    from mitmgate.proxy.http1_server import GatewayHttp1Server
    from mitmgate.proxy.http2_server import GatewayHttp2Server


class ClientInput:
    """Feeds a connection's codec step by step; the socket is not read while enough waits."""

    def __init__(self, connection: GatewayConnection, reader: ClientReader) -> None:
        self.codec: GatewayHttp1Server | GatewayHttp2Server | None = None  # once the client's protocol is known
        self._connection = connection
        self._client = connection.client
        self._reader = reader
        reader.also_waiting = self._read_bytes
        self._held = False
        self._ended = False
        self.queued = 0  # bytes of bodies that wait for a hook to end
        self._set_aside = 0  # bytes that `read` has and waits with
        self._arrived = b""  # to be fed in the step that waits for its turn
        self._waiting = False  # a step waits for its turn
        self._can_read: asyncio.Future[None] | None = None  # what `read` waits for

    async def read(self) -> None:
        """Reads until the client closes its side. Raises OSError when the connection breaks."""
        reader = self._reader
        while True:
            reader.take = self._take
            data = await reader.read(READ_BYTES)
            reader.take = None  # what comes now must not overtake this
            self._set_aside = len(data)
            await self._until_ready(for_data=bool(data))
            await self._connection.drain_writers()
            await self._until_ready(for_data=bool(data))
            self._set_aside = 0
            if not data:
                return
            self._take_turn(data)

    def hold(self) -> None:
        """Stops until `release`: a hook or a connect must end before a body has somewhere to go."""
        self._held = self._client.alpn != b"h2"

    def release(self) -> None:
        """Goes on, after the event at work if there is one."""
        if self._held:
            self._held = False
            self._connection.after_event(self.go_on)

    def go_on(self) -> None:
        """To be called after each event: works on what waits in the codec, or lets `read` go on."""
        if self._ended:
            return
        if not self._reader.count():
            self._connection.backlog.abort()
        if self._waiting:
            return
        if self._has_step():
            self._take_turn(b"")
        elif self._can_read is not None and not self._can_read.done() and not self._held:
            self._can_read.set_result(None)

    def holds_bytes(self) -> bool:
        """Whether it is not the client's doing that nothing more of it is read."""
        return self._held or self._waiting or self._connection.clogged()

    def end(self) -> None:
        """The connection is closed: what waits is dropped."""
        self._ended = True
        self._arrived = b""
        self._reader.release()

    def take_apart(self) -> None:
        """After `end`, and after the last event: breaks its reference cycle."""
        self.codec = None
        del self._connection

    def _take(self, data: bytes) -> bool:
        """Feeds what has just come, unless it has to wait for what came before. -> whether it did."""
        if self._held or self._waiting or self._client.state is not ConnectionState.OPEN:
            return False
        if self._is_full() or self._connection.clogged():
            return False
        self._take_turn(data)
        return True

    def _has_step(self) -> bool:
        """Whether the codec has input that it can work on."""
        if self._held or self._client.state is ConnectionState.CLOSED:
            return False
        return self.codec is not None and self.codec.more

    def _take_turn(self, data: bytes) -> None:
        self._arrived, self._waiting = data, True
        self._connection.gateway.turns.run(self._step)

    def _step(self) -> bool:
        """Feeds the codec what came, or has it go on with what it has. -> whether it has more."""
        data, self._arrived = self._arrived, b""
        if self._ended or self._client.state is ConnectionState.CLOSED:
            self._waiting = False
            return False
        self._connection.feed(events.DataReceived(self._client, data))
        if self._has_step():
            return True
        self._waiting = False
        self.go_on()
        return False

    async def _until_ready(self, for_data: bool) -> None:
        """Waits until what came before is worked on and, for_data, until there is room behind it."""
        while self._held or self._waiting or (for_data and self._is_full()):
            self._can_read = asyncio.get_running_loop().create_future()
            await self._can_read
        self._can_read = None

    def _is_full(self) -> bool:
        return self.codec is not None and self.codec.full and self._client.state is ConnectionState.OPEN

    def _read_bytes(self) -> int:
        """Bytes that were read and not worked on."""
        in_codec = self.codec.waiting_bytes() if self.codec is not None else 0
        return self.queued + self._set_aside + len(self._arrived) + in_codec
