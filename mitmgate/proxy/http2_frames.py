"""Cuts what an HTTP/2 client sends into steps of whole frames, and bounds the frames that bring no request on.

A frame costs h2 some 30 microseconds, however small it is. A client may send many that ask for nothing, but only so
many a second (RFC 9113 section 10.5). DATA of a few bytes counts a tenth: it moves a body on, slowly.
"""

from __future__ import annotations

from typing import Final

from h2.errors import ErrorCodes

from mitmgate.proxy.turns import Allowance

STEP: Final = 32  # frames; a request counts as REQUEST of them
REQUEST: Final = 8
IDLE_FRAMES: Final = 1_000
IDLE_FRAMES_A_S: Final = 200.0
EARNED: Final = 4.0  # by each piece of an answer, since some clients open two windows for each
TINY: Final = 64  # bytes of DATA
MAX_HEADER_BLOCK: Final = 1 << 20

_PREFACE: Final = 24
_DATA, _HEADERS, _CONTINUATION = 0, 1, 9
_END_STREAM, _END_HEADERS, _PADDED = 0x1, 0x4, 0x8


class TooMany(Exception):
    """The client sends what it must not, or too much of it. code: for GOAWAY."""

    def __init__(self, code: ErrorCodes) -> None:
        super().__init__(code.name)
        self.code = code


class Frames:
    """What came from one client and h2 has not seen."""

    def __init__(self, max_frame_size: int) -> None:
        self.more = False  # a whole frame waits
        self._bytes = bytearray()
        self._max = max_frame_size
        self._preface = _PREFACE
        self._block = 0  # bytes of the header block that is under way
        self._idle = Allowance(IDLE_FRAMES, IDLE_FRAMES_A_S)

    def next(self, data: bytes) -> bytes:
        """Adds what came. -> the frames of one step. Raises TooMany."""
        self._bytes += data
        at = min(self._preface, len(self._bytes))
        self._preface -= at
        cost = 0.0
        self.more = False
        while not self._preface and len(self._bytes) - at >= 9:
            length = int.from_bytes(self._bytes[at : at + 3])
            if length > self._max:
                raise TooMany(ErrorCodes.FRAME_SIZE_ERROR)
            if len(self._bytes) - at < 9 + length:
                break
            if cost >= STEP:
                self.more = True
                break
            cost += self._count(self._bytes[at + 3], self._bytes[at + 4], length, self._bytes[at + 9 : at + 10])
            at += 9 + length
        step = bytes(self._bytes[:at])
        del self._bytes[:at]
        return step

    def sent(self) -> None:
        """Part of an answer went out, for which a client may open its windows."""
        self._idle.earn(EARNED)

    def drop(self) -> None:
        """The connection ends."""
        self._bytes.clear()
        self._block = 0
        self.more = False

    def waiting_bytes(self) -> int:
        """Bytes that wait here or, of a header block, in h2."""
        return len(self._bytes) + self._block

    def _count(self, kind: int, flags: int, length: int, padding: bytearray) -> float:
        """-> what the frame costs of a step."""
        idle, cost = 1.0 + length // TINY, 1.0 + length // TINY
        if kind == _DATA:
            payload = length - (1 + padding[0] if flags & _PADDED and padding else 0)
            cost = 1.0
            idle = 0.1 if 0 < payload < TINY else 0.0
            if payload <= 0 and not flags & _END_STREAM:
                idle = 1.0
        elif kind in (_HEADERS, _CONTINUATION):
            idle = 0.0 if kind == _HEADERS else 1.0
            cost += REQUEST if flags & _END_HEADERS else 0
            self._block = 0 if flags & _END_HEADERS else self._block + length
            if self._block > MAX_HEADER_BLOCK:
                raise TooMany(ErrorCodes.ENHANCE_YOUR_CALM)
        if idle and not self._idle.take(idle):
            raise TooMany(ErrorCodes.ENHANCE_YOUR_CALM)
        return cost
