"""Streams whose waiting bytes are counted in the worker's room."""

from __future__ import annotations

import asyncio
from asyncio import selector_events, sslproto
from collections.abc import Callable
from typing import Final

from mitmgate.proxy.room import Room

READ_BYTES: Final = 64 << 10  # at once, from a socket
READ_AHEAD_BYTES: Final = 32 << 10  # a stream's limit: at twice as much that waits, its socket is not read


def read_small() -> None:
    """Has the process's sockets read READ_BYTES at once, not asyncio's 256 KiB, and TLS use buffers of that size."""
    selector_events._SelectorSocketTransport.max_size = READ_BYTES  # type: ignore[attr-defined]
    sslproto.SSLProtocol.max_size = READ_BYTES


class CountedReader(asyncio.StreamReader):
    """Counts what it holds in the room. `count` is to be called after each read, `release` at the end."""

    def __init__(self, room: Room, limit: int = READ_AHEAD_BYTES) -> None:
        super().__init__(limit)
        self._room: Room | None = room
        self._counted = 0

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]  # a transport has bytes and nothing else
        super().feed_data(data)
        self.count()

    def waiting_bytes(self) -> int:
        """Bytes that came and were not read."""
        return len(self._buffer)  # type: ignore[attr-defined]

    def count(self) -> bool:
        """Tells the room. -> whether the room has that much."""
        if self._room is None:
            return True
        waiting = self.waiting_bytes()
        if waiting != self._counted:
            grown, self._counted = waiting - self._counted, waiting
            return self._room.hold(grown)
        return True

    def release(self) -> None:
        """Counts no more."""
        if self._room is not None:
            self._room.give_back(self._counted)
            self._room = None


class ClientReader(CountedReader):
    """Offers what comes to `take` first: waking the task that reads costs a turn of the loop. Keeps what it refuses."""

    take: Callable[[bytes], bool] | None = None
    also_waiting: Callable[[], int] | None = None  # -> bytes that were read and not worked on

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        if self._buffer or self.take is None or not self.take(data):  # type: ignore[attr-defined]
            asyncio.StreamReader.feed_data(self, data)
            if not self.count():
                self._transport.abort()  # type: ignore[attr-defined]

    def waiting_bytes(self) -> int:
        return super().waiting_bytes() + (self.also_waiting() if self.also_waiting is not None else 0)
