"""Streams kept while they pass, within what a worker may hold for all of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROOM_BYTES: Final = 64 << 20
LONGEST_BYTES: Final = 2 << 20  # some 7,000 tokens, whose reading takes 50 ms in a thread


@dataclass(slots=True)
class RecordingRoom:
    """What all recordings of a worker hold together."""

    limit: int = ROOM_BYTES
    used: int = 0


class Recording:
    """One stream's bytes so far. Too much of them, or no room, and it is given up: the stream itself passes on."""

    __slots__ = ("_kept", "_room")

    def __init__(self, room: RecordingRoom) -> None:
        self._room = room
        self._kept: bytearray | None = bytearray()

    def add(self, chunk: bytes) -> None:
        if self._kept is None:
            return
        if len(self._kept) + len(chunk) > LONGEST_BYTES or self._room.used + len(chunk) > self._room.limit:
            self.close()
            return
        self._room.used += len(chunk)
        self._kept += chunk

    @property
    def kept(self) -> bytes | None:
        """None: given up, or closed."""
        return None if self._kept is None else bytes(self._kept)

    def close(self) -> None:
        """Gives the room back."""
        if self._kept is not None:
            self._room.used -= len(self._kept)
            self._kept = None
