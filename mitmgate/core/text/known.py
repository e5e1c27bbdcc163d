"""Which English words are words of their own although a slip of the keyboard could make one of the other. Pure.

The table holds only words that have such a neighbour (Iran and Iraq): of two spellings one letter apart, both are
words when both are in it. `scripts/make_near_words.py` writes it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from mitmgate.core.text.lexicon import NEGATIONS, STOP
from mitmgate.core.text.spelling import one_slip_apart, same_beginning, same_form
from mitmgate.core.text.tables import aliases_of

_WIN_WINE = 7  # letters of two words, one of them too short for the table
#: Taken for each other by many who write; whoever writes the one may mean the other.
_CONFUSED = aliases_of(
    """
    affect: effect
    advice: advise
    allowed: aloud
    break: brake
    complement: compliment
    desert: dessert
    lose: loose
    principal: principle
    quite: quiet
    stationary: stationery
    weather: whether wether
    through: though thorough threw
    breath: breathe
    cloth: clothe
    since: sense
    """
)


def two_words(one: str, other: str) -> bool:
    """Whether the two, one slip apart, are two words, not one word and its misspelling or its other form."""
    if one in STOP or other in STOP or one in NEGATIONS or other in NEGATIONS:
        return False
    if len(one) + len(other) == _WIN_WINE and (one + "e" == other or other + "e" == one):
        return True
    if not (one_slip_apart(one, other) and same_beginning(one, other)) or same_form(one, other):
        return False
    if one in _CONFUSED and _CONFUSED[one] == _CONFUSED.get(other):
        return False
    known = _near_words()
    return one in known and other in known


@cache
def _near_words() -> frozenset[str]:
    """Read when first needed: only the matcher compares words."""
    return frozenset(files(__package__).joinpath("near_words.txt").read_text("ascii").split())
