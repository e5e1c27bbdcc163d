"""Keeps the interpreter's full collections out of lookups' way: over 100,000 entries one takes a tenth of a second.

Entries go by their reference counts and need no collection; cycles are made by requests, and die young.
"""

from __future__ import annotations

import gc
from typing import Final

_YOUNG, _MIDDLE, _NEVER = 2000, 10, 1_000_000
_YOUNG_ONES: Final = 1


def spare_full_collections() -> None:
    """At the start, when all that start-up needed is there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)


def set_aside() -> None:
    """Now and then: what lives is not looked through again."""
    gc.collect(_YOUNG_ONES)
    gc.freeze()
