"""Server-sent events, read as they pass (WHATWG HTML section 9.2). Pure, bounded, and never changes a byte.

`SseReader` tells of an event as soon as a line of it has come, since many clients act on a line without waiting for the
event's end, and where in the chunk it begins, so that its caller can let what comes before pass and hold the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_EVENT_BYTES: Final = 1 << 20
_ENOUGH: Final = 64  # bytes of a line to know it by
_BOM: Final = b"\xef\xbb\xbf"
_search_line_end: Final = re.compile(rb"\r\n|\n|\r").search


@dataclass(slots=True)
class Event:
    """An event so far. data is its first line, and once it is done, all of them; of one too large it is empty.

    begins_at is the offset of its first byte in the present chunk, 0 when that came earlier.
    """

    name: bytes = b""
    data: bytes = b""
    lines: int = 0
    begins_at: int = 0
    done: bool = False


class SseReader:
    """Feed it chunks, cut anywhere, of any of the three line ends."""

    def __init__(self) -> None:
        self._line = bytearray()
        self.event = Event()
        self._data: list[bytes] = []
        self._size = 0
        self._first = True
        self._after_cr = False

    @property
    def between_events(self) -> bool:
        """Whether the next byte begins an event: then a chunk of whole events may be passed over unread."""
        return not (self._line or self._size or self._after_cr or self._first)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yields the event after its name, its first data line and its end; it is one object, changed in between.

        Must be read to its end, or the reader be given up.
        """
        self.event.begins_at = 0
        position = 0
        if self._after_cr and chunk:
            self._after_cr = False
            position = 1 if chunk[:1] == b"\n" else 0  # the second half of a line end
            if not self._size:
                self.event.begins_at = position
        has_cr = b"\r" in chunk
        while position < len(chunk):
            end, after = self._line_end(chunk, position, has_cr)
            if end < 0:
                self._keep(chunk[position:])
                return
            self._keep(chunk[position:end])
            self._size += 1
            if after == len(chunk) and chunk[end] == 13:
                self._after_cr = True
            position = after
            yield from self._take_line(position)

    def pending_line(self) -> bytes:
        """What has come of a line that has not ended."""
        return bytes(self._line[:_ENOUGH])

    @staticmethod
    def _line_end(chunk: bytes, start: int, has_cr: bool) -> tuple[int, int]:
        if not has_cr:
            end = chunk.find(b"\n", start)
            return end, end + 1
        found = _search_line_end(chunk, start)
        return found.span() if found else (-1, -1)

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= MAX_EVENT_BYTES:
            self._line += part
            return
        # Too large: from here on only blank lines and names are of interest.
        self._data.clear()
        self.event.data = b""
        del self._line[_ENOUGH:]
        if len(self._line) < _ENOUGH:
            self._line += part[:_ENOUGH]

    def _take_line(self, after: int) -> Iterator[Event]:
        line, event = bytes(self._line), self.event
        self._line.clear()
        if self._first:
            line, self._first = line.removeprefix(_BOM), False
        if not line:
            if event.lines or event.name:
                event.data, event.done = b"\n".join(self._data), True
                yield event
            self.event, self._data, self._size = Event(begins_at=after), [], 0
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            event.name = value
            yield event
        elif name == b"data" and self._size <= MAX_EVENT_BYTES:
            self._data.append(value)
            event.lines += 1
            if event.lines == 1:
                event.data = value
                yield event
