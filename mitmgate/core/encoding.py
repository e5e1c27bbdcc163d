"""How a body's bytes are to be read: its content coding, within bounds, and its charset. Pure."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_DECODED_BYTES: Final = 8 << 20  # a short body may unfold to gigabytes
_NO_CODINGS: Final = frozenset({"", "identity", "none", "utf-8", "utf8", "binary", "8bit"})
_MOST_STEPS: Final = 3
_MOST_MEMBERS: Final = 64  # each copies what is left
_GZIP: Final = 16 + zlib.MAX_WBITS
_UTF_8: Final = frozenset({"utf-8", "utf8"})
_LIKE_ASCII: Final = frozenset({"us-ascii", "ascii", "iso-8859-1", "latin1", "latin-1", "windows-1252"})


class _Reader(Protocol):
    """Of one member, or frame."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def is_plain(coding: str) -> bool:
    """Whether a Content-Encoding says nothing: some servers write `none` or a charset there."""
    return not _steps(coding)


def decoded(body: bytes, coding: str) -> bytes | None:
    """The body without its content codings; None for one that is broken, unknown, or more than MAX_DECODED_BYTES."""
    steps = _steps(coding)
    if len(steps) > _MOST_STEPS:
        return None
    for name in reversed(steps):
        decode = _CODINGS.get(name)
        if decode is None:
            return None
        try:
            text = decode(body)
        except (zlib.error, brotli.error, zstd.ZstdError):
            return None
        if text is None or len(text) > MAX_DECODED_BYTES:
            return None
        body = text
    return body


def is_known(coding: str) -> bool:
    """Whether `decoded` knows the codings, so that None from it means a body that is broken or too large."""
    return all(name in _CODINGS for name in _steps(coding))


def _steps(coding: str) -> list[str]:
    names = [name.strip().lower() for name in coding.split(",")] if coding else []
    return [name for name in names if name not in _NO_CODINGS]


def _inflated(body: bytes, window: int) -> bytes | None:
    reader = zlib.decompressobj(window)
    text = reader.decompress(body, MAX_DECODED_BYTES + 1)
    return text if reader.eof and not reader.unused_data else None


def _from_gzip(body: bytes) -> bytes | None:
    """RFC 1952 section 2.2: any number of members."""
    return _members(body, lambda: zlib.decompressobj(_GZIP))


def _deflated(body: bytes) -> bytes | None:
    """RFC 9110 section 8.4.1.2 means zlib's format; some send deflate's own."""
    try:
        return _inflated(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflated(body, -zlib.MAX_WBITS)


def _from_brotli(body: bytes) -> bytes | None:
    reader = brotli.Decompressor()
    text: bytes = reader.process(body, output_buffer_limit=MAX_DECODED_BYTES + 1)
    return text if reader.is_finished() else None


def _from_zstd(body: bytes) -> bytes | None:
    """RFC 8878 section 3: any number of frames."""
    return _members(body, zstd.ZstdDecompressor)


def _members(body: bytes, new_reader: Callable[[], _Reader]) -> bytes | None:
    """The text of members one after the other, each with a reader of its own."""
    texts: list[bytes] = []
    room = MAX_DECODED_BYTES + 1
    while True:
        reader = new_reader()
        texts.append(reader.decompress(body, room))
        room -= len(texts[-1])
        if not reader.eof or room <= 0 or len(texts) > _MOST_MEMBERS:
            return None
        body = reader.unused_data
        if not body:
            return b"".join(texts)


_CODINGS: Final[Mapping[str, Callable[[bytes], bytes | None]]] = MappingProxyType(
    {
        "gzip": _from_gzip,
        "x-gzip": _from_gzip,
        "deflate": _deflated,
        "br": _from_brotli,
        "zstd": _from_zstd,
    }
)


def is_read_as_utf8(content_type: str, body: bytes) -> bool:
    """Whether who believes the content type's charset reads the same text as who takes it for UTF-8 (RFC 8259)."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").lower()
            if charset not in _UTF_8 and not (charset in _LIKE_ASCII and body.isascii()):
                return False
    return True
