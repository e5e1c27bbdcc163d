"""What one side joins to what both ask for, and the order of steps: causes and symptoms; sand, then paint. Pure."""

from __future__ import annotations

from typing import Final

from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Reading
from mitmgate.core.text.replaced import interchangeable
from mitmgate.core.text.tables import word_set

_JOINS: Final = word_set("and plus")
_STEPS: Final = word_set("then first afterwards afterward later next finally")
_ASKS: Final = word_set("who what when where why how")


def conjunct(pair: Pair) -> str | None:
    """One side has "X and Y" where the other has only one of the two, and nothing of its own."""
    mine, theirs = ([word for word in side if word.content] for side in pair.only)
    if mine and theirs:
        return None
    both = _joins(pair.left, {word.key for word in mine}, pair.right)
    return "conjunct" if both or _joins(pair.right, {word.key for word in theirs}, pair.left) else None


def _joins(side: Reading, lacking: set[str], other: Reading) -> bool:
    """Whether a word that the other lacks is joined to one that it has. "Where and when" joins what is asked."""
    asked = {word.text for word in other.words} & _ASKS
    for before, join, after in zip(side.words, side.words[1:], side.words[2:], strict=False):
        if join.text not in _JOINS:
            continue
        if asked and {before.text, after.text} <= _ASKS and not {before.text, after.text} <= asked:
            return True
        one_lacks = (before.key in lacking) != (after.key in lacking)
        if one_lacks and before.content and after.content and not interchangeable(before, after):
            return True
    return False


def turned(pair: Pair) -> str | None:
    """The same steps in another order."""
    if not (_has_steps(pair.left) and _has_steps(pair.right)) or any(
        word.content for side in pair.only for word in side
    ):
        return None
    left = [word.key for word in pair.left.words if word.content and word.text not in _STEPS]
    right = [key for key, word in pair.right_words if word.content and word.text not in _STEPS]
    return "order" if left != right and sorted(left) == sorted(right) else None


def _has_steps(reading: Reading) -> bool:
    return any(word.text in _STEPS for word in reading.words)
