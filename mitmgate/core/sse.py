"""Server-sent events, read as they pass (WHATWG HTML section 9.2). Pure, bounded, and never changes a byte.

`SseReader` splits a stream into events whatever the chunk boundaries and line ends are, and tells how many bytes of the
chunk each event took, so that its caller can let the events before one pass and hold the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_EVENT_BYTES: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event; data's lines are joined by a newline."""

    name: str
    data: bytes


class SseReader:
    """Feed it chunks; it yields (event, bytes of this chunk up to and with the event's blank line).

    After an event larger than MAX_EVENT_BYTES it gives up reading (`broken`) and yields nothing more.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._name = ""
        self._size = 0
        self._first = True
        self._after_cr = False
        self.broken = False

    def feed(self, chunk: bytes) -> list[tuple[Event, int]]:
        """The events that end in this chunk, each with the offset in the chunk where it ends."""
        events: list[tuple[Event, int]] = []
        position = 0
        if self._after_cr and chunk:
            position = 1 if chunk[:1] == b"\n" else 0
            self._after_cr = False
        while position < len(chunk) and not self.broken:
            end, after = _line_end(chunk, position)
            if end < 0:
                self._line += chunk[position:]
                self._grow(len(chunk) - position)
                break
            self._line += chunk[position:end]
            self._grow(end - position)
            if after == len(chunk) and chunk[end : end + 1] == b"\r":
                self._after_cr = True  # its newline may open the next chunk
            event = self._take_line()
            position = after
            if event is not None:
                events.append((event, position))
        return events

    def _grow(self, count: int) -> None:
        self._size += count
        if self._size > MAX_EVENT_BYTES:
            self.broken = True
            self._line.clear()
            self._data.clear()

    def _take_line(self) -> Event | None:
        line = bytes(self._line)
        self._line.clear()
        if self._first:
            line, self._first = line.removeprefix(_BOM), False
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        return None

    def _dispatch(self) -> Event | None:
        event = Event(self._name, b"\n".join(self._data)) if self._data else None
        self._data, self._name, self._size = [], "", 0
        return event


def _line_end(chunk: bytes, start: int) -> tuple[int, int]:
    """Where the line ends and where the next begins; (-1, -1) when it does not end in this chunk."""
    newline, carriage = chunk.find(b"\n", start), chunk.find(b"\r", start)
    if carriage >= 0 and (newline < 0 or carriage < newline):
        return carriage, carriage + (2 if newline == carriage + 1 else 1)
    return (newline, newline + 1) if newline >= 0 else (-1, -1)
