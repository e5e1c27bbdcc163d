"""Gives memory back to the system after large bodies: glibc keeps what was freed between blocks still in use."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

MIN_FREED_BYTES: Final = 16 << 20


def trim_heap() -> None:
    """malloc_trim(3), where the C library has it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class Heap:
    """Watches the bytes that a worker holds. `look` is to be called about once a second."""

    def __init__(self, trim: Callable[[], None] = trim_heap) -> None:
        self._trim = trim
        self._most = 0  # bytes held at a time, since the last trim

    def look(self, held: int) -> None:
        """Trims the heap once the bytes held have fallen by MIN_FREED_BYTES. It takes some milliseconds."""
        self._most = max(self._most, held)
        if self._most - held >= MIN_FREED_BYTES:
            self._most = held
            self._trim()
