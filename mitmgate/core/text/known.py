"""Which words the embedding model knows whole: Iran and Iraq are two words, not one and a slip of it. Pure.

`scripts/make_words.py` writes the table from the model's vocabulary.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from mitmgate.core.text.lexicon import NEGATIONS, STOP
from mitmgate.core.text.spelling import bases, one_slip_apart, same_beginning, same_form
from mitmgate.core.text.tables import aliases_of

_SHORTEST: Final = 4  # letters of a word that one slip could make another
_WIN_WINE: Final = 7  # letters of two words, one of them too short for the table
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
    known = _words()
    return min(len(one), len(other)) >= _SHORTEST and one in known and other in known


@lru_cache(maxsize=16384)
def is_known(word: str) -> bool:
    """Whether the model knows the word or one that it is a form of; it reads others in pieces, by their letters."""
    known = _words()
    if len(word) < _SHORTEST or not (word.isascii() and word.isalpha()):
        return True
    found = (each for base in bases(word) for each in (base, base + "e", base + base[-1:]))
    return any(each in known for each in found)


@cache
def _words() -> frozenset[str]:
    """Read when first needed: only the matcher compares words."""
    return frozenset(files(__package__).joinpath("words.txt").read_text("ascii").split())
