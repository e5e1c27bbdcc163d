"""A TLS handshake under way: it has a client connection's place, for it has a descriptor like any other."""

from __future__ import annotations

import asyncio
import ssl
import time
from asyncio import sslproto
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mitmgate.proxy.clients import Clients

HANDSHAKE_S: Final = 10.0


class Handshake(asyncio.Protocol):
    """Hands a connection over to TLS and, once that is agreed, to `above`; closes it when there is no place for it.

    asyncio's own listeners tell nobody of a connection before its handshake has ended.
    """

    def __init__(self, clients: Clients, tls: ssl.SSLContext, above: asyncio.StreamReaderProtocol) -> None:
        self.served_at = time.monotonic()
        self.head_since: float | None = None
        self._clients, self._tls, self._above = clients, tls, above
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        if not self._clients.admits(address):
            self._transport.abort()
            return
        self._clients.add(self, address)
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        ended.add_done_callback(self._end)
        below: Any = sslproto.SSLProtocol(
            loop,
            self._above,
            self._tls,
            ended,
            server_side=True,
            ssl_handshake_timeout=HANDSHAKE_S,  # type: ignore[arg-type]  # the stub has int
        )
        self._transport.set_protocol(below)
        below.connection_made(transport)

    def _end(self, ended: asyncio.Future[None]) -> None:
        self._clients.remove(self)
        ended.exception()  # looked at, so that asyncio does not log it

    def idle(self) -> bool:
        return True

    def awaits_head(self) -> bool:
        return False

    def close_client(self) -> None:
        self._transport.abort()
