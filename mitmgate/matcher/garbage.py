"""Memory: what is freed goes back to the system, and full collections stay out of lookups' way.

Over 100,000 entries a full collection takes a tenth of a second. Entries go by their reference counts and need none;
cycles are made by requests, and die young.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Final

_YOUNG, _MIDDLE, _NEVER = 2000, 10, 1_000_000
_YOUNG_ONES: Final = 1
_TRIM: Final = getattr(ctypes.CDLL(None), "malloc_trim", None)


def spare_full_collections() -> None:
    """At the start, when all that start-up needed is there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    give_back()


def set_aside() -> None:
    """Now and then: what lives is not looked through again."""
    gc.collect(_YOUNG_ONES)
    gc.freeze()
    give_back()


def give_back() -> None:
    """What was freed goes back to the system: loading a model leaves tens of megabytes. Only glibc keeps so much."""
    if _TRIM is not None:
        _TRIM(0)
