"""What one client was sent and has not taken yet, and for how long: what a worker looks at to end slow readers."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

from mitmgate.proxy.http2_server import GatewayHttp2Server

_NO_LINGER: Final = struct.pack("ii", 1, 0)


def buffered(writer: Any) -> int:
    """Bytes in a socket's buffer. A TLS transport that has ended knows of none any more, and would raise."""
    if not isinstance(writer, asyncio.StreamWriter):
        return 0
    try:
        return writer.transport.get_write_buffer_size()
    except AttributeError:
        return 0


class Backlog:
    """Bytes behind HTTP/2's windows and in the socket's buffer. The connection counts what it hands over."""

    def __init__(self, writer: Any, codec: Callable[[], Any]) -> None:
        """codec: -> the client's codec, once there is one."""
        self.handed_over = 0  # bytes, to the client's socket
        self._writer = writer
        self._codec = codec
        self._taken = 0
        self._stalled_s = 0.0

    def behind_windows(self) -> int:
        """Bytes that wait for an HTTP/2 client to open its windows. HTTP/1 has none."""
        codec = self._codec()
        if not isinstance(codec, GatewayHttp2Server):
            return 0
        return sum(len(part.data) for buffer in codec.h2_conn.stream_buffers.values() for part in buffer)

    def unread(self) -> int:
        """Bytes that the client has not taken."""
        return buffered(self._writer) + self.behind_windows()

    def stalled_s(self, since_last_s: float) -> float:
        """For how long the client has taken nothing though something waits. To be called every since_last_s seconds."""
        if not self.unread():
            self._stalled_s = 0.0
            return 0.0
        taken = self.handed_over - buffered(self._writer)
        self._stalled_s = self._stalled_s + since_last_s if taken == self._taken else 0.0
        self._taken = taken
        return self._stalled_s

    def abort(self) -> None:
        """Ends the client's connection without waiting for what it has not read."""
        if isinstance(self._writer, asyncio.StreamWriter):
            self._writer.transport.abort()

    def reset(self) -> None:
        """The same, so that the client sees it as a failure."""
        if isinstance(self._writer, asyncio.StreamWriter):
            connected = self._writer.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.abort()
