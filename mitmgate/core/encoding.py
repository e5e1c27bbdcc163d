"""Bodies encoded although nobody asked: read within bounds, since a short one may unfold to gigabytes. Pure."""

from __future__ import annotations

import zlib
from typing import Final

MAX_DECODED_BYTES: Final = 8 << 20
_GZIP: Final = 16 + zlib.MAX_WBITS


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
