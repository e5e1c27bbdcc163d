"""Takes the lines of an HTTP/1 message's head out of a buffer. Pure."""

from __future__ import annotations

import re
from typing import Final

MAX_BLANK_LINES: Final = 16  # before a request line; RFC 9112 section 2.2 wants at least one to be ignored

_bare_line_feed = re.compile(rb"(?<!\r)\n").search
_blank_line = re.compile(rb"\n\r?\n").search


class BadHead(ValueError):
    """It is not a head, whatever follows."""


class Head:
    """Reads one head after the other. `lenient` accepts LF as a line's end, as some upstreams send; clients must not.

    A head with bare LF means something else to servers that need CRLF (RFC 9112 section 2.2 leaves it open), so that a
    request could hide another. An answer is written again with CRLF and cannot.
    """

    __slots__ = ("_blank", "_lenient", "_searched")

    def __init__(self, *, lenient: bool = False) -> None:
        self._lenient = lenient
        self._blank = 0
        self._searched = 0  # bytes of the buffer without an end of the head

    def read(self, buffer: bytearray) -> list[bytes] | None:
        """-> the head's lines, without their ends; None when it is not all there. Raises BadHead."""
        while buffer[:2] == b"\r\n":
            self._blank += 1
            if self._blank > MAX_BLANK_LINES:
                raise BadHead
            del buffer[:2]
            self._searched = max(0, self._searched - 2)
        if self._lenient and (found := _blank_line(buffer, max(0, self._searched - 3))) is not None:
            end, after = found.span()
        else:
            end = buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
            after = end + 4
            if not self._lenient and _bare_line_feed(buffer, self._searched, end if end >= 0 else len(buffer)):
                raise BadHead
            if end < 0:
                self._searched = len(buffer)
                return None
        head = bytes(buffer[:end])
        del buffer[:after]
        self._searched = self._blank = 0
        return [line.removesuffix(b"\r") for line in head.split(b"\n")] if self._lenient else head.split(b"\r\n")
