"""Server-sent events, read as they pass (WHATWG HTML section 9.2). Pure, bounded, and never changes a byte.

`SseReader` tells of an event as soon as a line of it has come, since many clients act on a line without waiting for the
event's end, and where in the chunk it begins, so that its caller can let what comes before pass and hold the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

MAX_EVENT_BYTES: Final = 64 << 10
MAX_EVENT_LINES: Final = 1000
_ENOUGH: Final = 64  # bytes of a line to know it by
_BOM: Final = b"\xef\xbb\xbf"
_search_line_end: Final = re.compile(rb"\r\n|\n|\r").search
# Runs of lines that change nothing: blank ones between events; comments and other fields; names that are replaced.
_skip_blank: Final = re.compile(rb"[\r\n]*+").match
_skip_idle: Final = re.compile(
    rb"(?:(?!data|event)[^\r\n]++(?>\r\n|\n|\r)|event:[^\r\n]*+(?>\r\n|\n|\r)(?=event:))*+"
).match
# In an event too large to be read, the next line that is of interest: the blank one that ends it, or a name.
_search_marked_line: Final = re.compile(rb"(?>\r\n|\n|\r)(?=[\r\n]|event)").search
_further_data: Final = re.compile(rb"[\r\n]++data:?")


@dataclass(slots=True)
class Event:
    """An event so far. data is its first line, and once it is done, all of them; of a large one it is empty.

    begins_at is the offset of its first byte in the present chunk, 0 when that came earlier.
    """

    name: bytes = b""
    data: bytes = b""
    lines: int = 0
    begins_at: int = 0
    done: bool = False
    large: bool = False


class SseReader:
    """Feed it chunks, cut anywhere, of any of the three line ends.

    dull: given a chunk and where an event begins in it, -> behind the whole events that need not be read.
    large_data: gets the data of an event of more than MAX_EVENT_BYTES or MAX_EVENT_LINES, in pieces as it comes.
    """

    def __init__(
        self, large_data: Callable[[bytes], None] | None = None, dull: Callable[[bytes, int], int] | None = None
    ) -> None:
        self._large_data = large_data
        self._dull = dull
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
            if not self._line and not self._first and (after := self._skip(chunk, position)) > position:
                position = after
                self._after_cr = position == len(chunk) and chunk[-1] == 13
                continue
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

    def _skip(self, chunk: bytes, start: int) -> int:
        """-> behind the whole lines from there on that change nothing."""
        if self.event.large:
            return self._skip_data(chunk, start)
        if not self._size and chunk[start] in b"\r\n":
            skipped = _skip_blank(chunk, start)
            assert skipped is not None
            self.event.begins_at = skipped.end()
            return skipped.end()
        if not self._size and self._dull is not None and (end := self._dull(chunk, start)) > start:
            self.event.begins_at = end
            return end
        skipped = _skip_idle(chunk, start)
        assert skipped is not None
        self._size += skipped.end() - start
        return skipped.end()

    def _skip_data(self, chunk: bytes, start: int) -> int:
        if chunk[start] in b"\r\n" or chunk.startswith(b"event", start):
            return start
        marked = _search_marked_line(chunk, start)
        end = marked.end() if marked else max(chunk.rfind(b"\n", start), chunk.rfind(b"\r", start)) + 1
        if end > start and self._large_data is not None:
            self._large_data(_further_data.sub(b"\n", b"\n" + chunk[start:end]))
        return max(end, start)

    @staticmethod
    def _line_end(chunk: bytes, start: int, has_cr: bool) -> tuple[int, int]:
        if not has_cr:
            end = chunk.find(b"\n", start)
            return end, end + 1
        found = _search_line_end(chunk, start)
        return found.span() if found else (-1, -1)

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if not self.event.large:
            self._line += part
            if self._size > MAX_EVENT_BYTES:
                self._become_large()
            return
        if self._large_data is not None and part:
            self._large_data(part if self._line else part.removeprefix(b"data:"))
        if len(self._line) < _ENOUGH:
            self._line += part[:_ENOUGH]

    def _become_large(self) -> None:
        """From here on only blank lines and names are of interest, and the data goes on in pieces."""
        self.event.large, self.event.data = True, b""
        if self._large_data is not None:
            if self._line.startswith(b"data:"):
                self._data.append(bytes(self._line[5:]))
            self._large_data(b"\n".join(self._data))
        self._data.clear()
        del self._line[_ENOUGH:]

    def _take_line(self, after: int) -> Iterator[Event]:
        line, event = bytes(self._line), self.event
        self._line.clear()
        if self._first:
            line, self._first = line.removeprefix(_BOM), False
        if not line:
            if event.lines or event.name or event.large:
                event.data, event.done = b"\n".join(self._data), True
                yield event
            self.event, self._data, self._size = Event(begins_at=after), [], 0
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            event.name = value
            yield event
        elif name == b"data" and not event.large:
            self._data.append(value)
            event.lines += 1
            if event.lines == 1:
                event.data = value
                yield event
            elif event.lines > MAX_EVENT_LINES:
                self._become_large()
