"""Some facts of a question in one number: it excludes most of a lookup's candidates without reading them. Pure.

Whatever it excludes, a guard excludes, too (`guards.vetoes`); what it lets pass is read. The number is of this process
only: Python's hashes of texts differ from one to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mitmgate.core.text.reading import Reading

_BITS: Final = 20
_PART: Final = (1 << _BITS) - 1
_PLAIN, _NUMBERS, _OTHERS = (_PART << place * _BITS for place in range(3))
_LOOSE: Final = 1 << 3 * _BITS  # a "one" that may be a pronoun: the guard of numbers looks at it
_MADE: Final = 1 << 3 * _BITS + 1


@dataclass(slots=True, eq=False)
class Stored:
    """A stored question. sieve: what `sieve` gives, 0 until it was once read."""

    text: str
    sieve: int = 0


def sieve(reading: Reading) -> int:
    """Never 0."""
    values = Counter([value for value, _ in reading.amounts.elements()]) if reading.amounts else {}
    others = hash((_hash(reading.operators), _hash(reading.dates), _hash(reading.code)))
    parts = (hash(reading.plain), _hash(values), others)
    made = sum((part & _PART) << place * _BITS for place, part in enumerate(parts))
    return made | _MADE | (_LOOSE if reading.unsure_ones else 0)


def excludes(one: int, other: int) -> bool:
    """Whether a fact keeps the two questions apart. False where that is not known."""
    if not (one and other):
        return False
    differing = one ^ other
    if not differing & _PLAIN:  # the same words, perhaps
        return False
    return bool(differing & _OTHERS) or bool(differing & _NUMBERS and not (one | other) & _LOOSE)


def _hash(values: Mapping[Any, int]) -> int:
    return hash(frozenset(values.items())) if values else 0
