"""How a body's bytes are to be read: its content coding, within bounds, and its charset. Pure."""

from __future__ import annotations

import zlib
from typing import Final

MAX_DECODED_BYTES: Final = 8 << 20  # a short body may unfold to gigabytes
_GZIP: Final = 16 + zlib.MAX_WBITS
_UTF_8: Final = frozenset({"utf-8", "utf8"})
_LIKE_ASCII: Final = frozenset({"us-ascii", "ascii", "iso-8859-1", "latin1", "latin-1", "windows-1252"})


def decoded(body: bytes, coding: str) -> bytes | None:
    """The body without its content coding; None for one that is broken, unknown, or more than MAX_DECODED_BYTES."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        return None
    reader = zlib.decompressobj(_GZIP)
    try:
        text = reader.decompress(body, MAX_DECODED_BYTES + 1)
    except zlib.error:
        return None
    return text if reader.eof and not reader.unused_data and len(text) <= MAX_DECODED_BYTES else None


def is_read_as_utf8(content_type: str, body: bytes) -> bool:
    """Whether who believes the content type's charset reads the same text as who takes it for UTF-8 (RFC 8259)."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").lower()
            if charset not in _UTF_8 and not (charset in _LIKE_ASCII and body.isascii()):
                return False
    return True
