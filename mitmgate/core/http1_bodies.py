"""Reads an HTTP/1 body out of a buffer: chunked, of a known length, or up to the connection's end. Pure.

Chunks (RFC 9112 section 7.1) are read from clients as llhttp's strict mode reads them: CRLF only, no white space around
a size, extensions as in the grammar. What two servers might read differently is how requests are smuggled. From
upstreams, white space after a size and any extension are accepted, since servers in use send them; nothing that we pass
on depends on them, because the body is framed again. CRLF, the digits of a size and the bounds are the same for both.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

MAX_CHUNKS: Final = 1_024  # of one step: a few milliseconds
MAX_SIZE_LINE: Final = 16 << 10
MAX_TRAILERS: Final = 64 << 10

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED: Final = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_strict_size = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;%b(?:=(?:%b|%b))?)*\r\n" % (_TOKEN, _TOKEN, _QUOTED)).match
_lenient_size = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n").match
_is_trailer = re.compile(rb"%b:[\t\x20-\x7e\x80-\xff]*" % _TOKEN).fullmatch
_bare_line_feed = re.compile(rb"(?<!\r)\n").search


class BadBody(ValueError):
    """The body is not framed as it should be, or ends too early."""


class BodyReader(Protocol):
    """`ended`: the body is whole. `more`: the buffer may hold more of it, the step was long enough."""

    ended: bool
    more: bool

    def read(self, buffer: bytearray) -> bytes:
        """Takes what it can out of the buffer. -> the body's next bytes. Raises BadBody."""
        ...

    def end(self) -> None:
        """The connection has ended. Raises BadBody when the body is not whole."""
        ...


class ByLength:
    """A body of a known length in bytes."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = not length
        self.more = False

    def read(self, buffer: bytearray) -> bytes:
        data = bytes(buffer[: self._left])
        del buffer[: self._left]
        self._left -= len(data)
        self.ended = not self._left
        return data

    def end(self) -> None:
        if not self.ended:
            raise BadBody


class ToTheEnd:
    """A body that the connection's end ends."""

    ended = False
    more = False

    def read(self, buffer: bytearray) -> bytes:
        data = bytes(buffer)
        buffer.clear()
        return data

    def end(self) -> None:
        self.ended = True


class Chunked:
    """A body in chunks. Those of one step come out as one piece; extensions and trailers are dropped."""

    def __init__(self, *, strict: bool) -> None:
        self.ended = False
        self.more = False
        self._size_line = _strict_size if strict else _lenient_size
        self._left = 0  # bytes of the chunk at hand, its CRLF included
        self._in_trailers = False
        self._trailers = 0  # bytes of them so far

    def read(self, buffer: bytearray) -> bytes:
        parts: list[bytes] = []
        at = chunks = 0
        self.more = False
        came = bytes(buffer)  # its slices cost half of a bytearray's
        while not self._in_trailers:
            if self._left:
                at = self._take_chunk(came, at, parts)
                if self._left:
                    break
                chunks += 1
            if chunks >= MAX_CHUNKS:
                self.more = at < len(came)
                break
            found = self._size_line(came, at, at + MAX_SIZE_LINE)
            if found is None:
                self._check_begun(came, at)
                break
            at = found.end()
            size = int(found[1], 16)
            if not size:
                self._in_trailers = True
            elif came[at + size : at + size + 2] == b"\r\n":  # all there, as small ones mostly are
                parts.append(came[at : at + size])
                at += size + 2
                chunks += 1
            else:
                self._left = size + 2
        del buffer[:at]
        if self._in_trailers:
            self._skip_trailers(buffer)
        return b"".join(parts)

    def end(self) -> None:
        if not self.ended:
            raise BadBody

    def _take_chunk(self, buffer: bytes, at: int, parts: list[bytes]) -> int:
        """Takes what is there of the chunk at hand and its CRLF. -> where the buffer goes on."""
        if self._left > 2:
            part = buffer[at : at + self._left - 2]
            if part:
                parts.append(part)
            self._left -= len(part)
            at += len(part)
            if self._left > 2:
                return at
        ending = buffer[at : at + self._left]
        if ending != b"\r\n"[2 - self._left :][: len(ending)]:
            raise BadBody
        self._left -= len(ending)
        return at + len(ending)

    def _check_begun(self, buffer: bytes, at: int) -> None:
        """Raises BadBody for a size line that is none or too long; one that has only begun may become one."""
        line_feed = buffer.find(b"\n", at, at + MAX_SIZE_LINE)
        if line_feed >= 0 or len(buffer) - at >= MAX_SIZE_LINE:
            raise BadBody

    def _skip_trailers(self, buffer: bytearray) -> None:
        for _ in range(MAX_CHUNKS):
            end = buffer.find(b"\r\n")
            if end < 0 or self._trailers > MAX_TRAILERS:
                if self._trailers + len(buffer) > MAX_TRAILERS or _bare_line_feed(buffer):
                    raise BadBody
                return
            line = bytes(buffer[:end])
            del buffer[: end + 2]
            if not line:
                self.ended = True
                return
            self._trailers += end + 2
            if not _is_trailer(line):
                raise BadBody
        self.more = True
