"""Takes a request's body out of its content coding, in steps and within a bound: a short one may unfold to gigabytes.

Pure. gzip (RFC 1952) and zstd (RFC 8878), with the window that RFC 9659 allows in HTTP.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_READ_BYTES: Final = 1 << 16
_STEP_BYTES: Final = 1 << 18
_MOST_MEMBERS: Final = 256  # each costs a reader
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZSTD_WINDOW: Final[Mapping[int, int]] = {int(zstd.DecompressionParameter.window_log_max): 23}  # 8 MiB

_READERS: Final[Mapping[str, Callable[[], Any]]] = MappingProxyType(
    {
        "gzip": lambda: zlib.decompressobj(_GZIP),
        "x-gzip": lambda: zlib.decompressobj(_GZIP),
        "zstd": lambda: zstd.ZstdDecompressor(options=_ZSTD_WINDOW),
    }
)


class BrokenCoding(ValueError):
    """The body is not what its coding says, ends too early, or goes on behind its end."""


class TooMuch(ValueError):
    """The body is larger than it may be."""


def coding_of(values: Sequence[str]) -> str | None:
    """The one coding that these values of Content-Encoding name, '' for none; None for one that is not read here."""
    names = [name.strip().lower() for value in values for name in value.split(",")]
    codings = [name for name in names if name not in ("", "identity")]
    if not codings:
        return ""
    return codings[0] if len(codings) == 1 and codings[0] in _READERS else None


def unpack(body: bytes, coding: str, most: int) -> Generator[int, None, bytes]:
    """Yields how many bytes each step adds. -> the plain body. Raises BrokenCoding; TooMuch for more than `most`."""
    new_reader = _READERS[coding]
    reader, members = new_reader(), 1
    plain, given, at = bytearray(), b"", 0
    while True:
        if not given and _wants_more(reader):
            given = body[at : at + _READ_BYTES]
            at += len(given)
        try:
            added = reader.decompress(given, _STEP_BYTES)
        except (zlib.error, zstd.ZstdError):
            raise BrokenCoding from None
        plain += added
        if len(plain) > most:
            raise TooMuch
        yield len(added)
        if reader.eof:
            given = reader.unused_data
            if not given and at == len(body):
                return bytes(plain)
            reader, members = new_reader(), members + 1
            if members > _MOST_MEMBERS:
                raise BrokenCoding
        else:
            given = getattr(reader, "unconsumed_tail", b"")
            if not given and not added and at == len(body) and _wants_more(reader):
                raise BrokenCoding


def _wants_more(reader: Any) -> bool:
    """zlib's reader gives back what it has not taken; zstd's keeps it."""
    return bool(getattr(reader, "needs_input", True))
