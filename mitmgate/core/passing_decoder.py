"""Decodes a content coding while the coded bytes pass, to read what they say. Pure, within bounds.

A short body may unfold to gigabytes: beyond a ratio that no text has, or with a window larger than RFC 9659 allows,
decoding stops. So it does where the coding is unknown or broken. The bytes themselves pass in any case.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Final, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_RATIO: Final = 32
_LEAST_ROOM: Final = 256 << 10
_WINDOW_LOG: Final = 23
_MOST_MEMBERS: Final = 64  # in one chunk
_GZIP: Final = 16 + zlib.MAX_WBITS


class _Reader(Protocol):
    def read(self, data: bytes, room: int) -> bytes: ...

    @property
    def behind(self) -> bytes | None:
        """What came behind its end; None before that."""
        ...

    @property
    def waits(self) -> bool:
        """Whether it has read all it was given."""
        ...


class PassingDecoder:
    """Feed it the chunks of one body, cut anywhere."""

    def __init__(self, coding: str) -> None:
        self._new_reader = _READERS.get(coding.strip().lower())
        self._reader: _Reader | None = None
        self.stopped = self._new_reader is None

    def feed(self, chunk: bytes) -> bytes:
        """The text of this chunk, as far as it is within bounds."""
        if self.stopped or self._new_reader is None:
            return b""
        room, texts = max(_LEAST_ROOM, _RATIO * len(chunk)), list[bytes]()
        for _ in range(_MOST_MEMBERS):
            if not chunk:
                break
            if self._reader is None:
                self._reader = self._new_reader()
            try:
                texts.append(self._reader.read(chunk, room))
            except (zlib.error, brotli.error, zstd.ZstdError):
                self.stopped = True
                break
            room -= len(texts[-1])
            behind = self._reader.behind
            if behind is None:
                self.stopped = not self._reader.waits or room <= 0
                break
            chunk, self._reader = behind, None
        else:
            self.stopped = True
        return b"".join(texts)


class _Zlib:
    def __init__(self, window: int) -> None:
        self._inflate = zlib.decompressobj(window)

    def read(self, data: bytes, room: int) -> bytes:
        return self._inflate.decompress(data, max(1, room))

    @property
    def behind(self) -> bytes | None:
        return self._inflate.unused_data if self._inflate.eof else None

    @property
    def waits(self) -> bool:
        return not self._inflate.unconsumed_tail


class _Deflate:
    """RFC 9110 section 8.4.1.2 means zlib's format; some send deflate's own."""

    def __init__(self) -> None:
        self._first = b""
        self._inner: _Zlib | None = None

    def read(self, data: bytes, room: int) -> bytes:
        if self._inner is None:
            self._first += data
            if len(self._first) < 2:
                return b""
            is_zlib = self._first[0] & 15 == 8 and int.from_bytes(self._first[:2]) % 31 == 0  # RFC 1950 section 2.2
            self._inner = _Zlib(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
            data = self._first
        return self._inner.read(data, room)

    @property
    def behind(self) -> bytes | None:
        return None if self._inner is None else self._inner.behind

    @property
    def waits(self) -> bool:
        return self._inner is None or self._inner.waits


class _Brotli:
    behind = None

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def read(self, data: bytes, room: int) -> bytes:
        text: bytes = self._decompressor.process(data, output_buffer_limit=max(1, room))
        return text

    @property
    def waits(self) -> bool:
        return bool(self._decompressor.is_finished() or self._decompressor.can_accept_more_data())


class _Zstd:
    def __init__(self) -> None:
        self._decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})

    def read(self, data: bytes, room: int) -> bytes:
        return self._decompressor.decompress(data, max(1, room))

    @property
    def behind(self) -> bytes | None:
        return self._decompressor.unused_data if self._decompressor.eof else None

    @property
    def waits(self) -> bool:
        return self._decompressor.needs_input


_READERS: Final[dict[str, Callable[[], _Reader]]] = {
    "gzip": lambda: _Zlib(_GZIP),
    "x-gzip": lambda: _Zlib(_GZIP),
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
