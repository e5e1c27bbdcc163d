"""Whether an answer that only its connection's end ends is all there: a crash would have ended it as well. Pure.

Framed answers say it themselves. Of the others JSON shows it by its brackets, whatever JSON it is: NaN, half surrogate
pairs and byte order marks are the client's to judge (RFC 8259 section 9).
"""

from __future__ import annotations

import re
from typing import Final

from mitmgate.core.encoding import decoded, is_known, is_plain

_without_strings: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL).sub
_BLANKS: Final = b" \t\r\n\xef\xbb\xbf"


class JsonEnd:
    """Reads JSON in pieces, cut anywhere, only for its brackets; each byte is looked at once."""

    def __init__(self) -> None:
        self._first = b""  # what the text begins with
        self._depth = 0
        self._in_string = False
        self._escape = b""

    def feed(self, piece: bytes) -> None:
        self._first = self._first or piece.lstrip(_BLANKS)[:1]
        text = (b'"' if self._in_string else b"") + self._escape + piece
        bare = text.rstrip(b"\\")
        self._escape = b"\\" if (len(text) - len(bare)) % 2 else b""
        # The quote that is added ends a string that is open, else it is left over.
        outside = _without_strings(b"", bare + b'"')
        self._in_string = not outside.endswith(b'"')
        self._depth += outside.count(b"{") + outside.count(b"[") - outside.count(b"}") - outside.count(b"]")

    @property
    def is_bracketed(self) -> bool:
        """Whether it is an object or an array."""
        return self._first in (b"{", b"[")

    @property
    def is_whole(self) -> bool:
        """Whether every string and bracket that was opened is closed, and there is something."""
        return bool(self._first) and not self._in_string and self._depth == 0


class UnframedBody:
    """An unframed answer's body as it comes. JSON and content codings show their end; all else is taken for whole."""

    def __init__(self, content_type: str | None, content_encoding: str) -> None:
        self._is_json = content_type is not None and "json" in content_type.lower()
        self._may_be_json = content_type is None
        self._coding = "" if is_plain(content_encoding) else content_encoding
        self._end = JsonEnd()

    def feed(self, piece: bytes) -> None:
        if not self._coding and (self._is_json or self._may_be_json):
            self._end.feed(piece)

    def is_cut(self, body: bytes | None) -> bool:
        """body: all of it, None where it was not kept; then what is encoded is taken for whole."""
        if self._coding:
            return body is not None and is_known(self._coding) and decoded(body, self._coding) is None
        return (self._is_json or (self._may_be_json and self._end.is_bracketed)) and not self._end.is_whole
