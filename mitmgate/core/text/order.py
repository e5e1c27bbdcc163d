"""Whether the same words play exchanged parts: from A to B, B older than A, A before B, dog bites man."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import inf
from typing import Final

from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Reading, Word

_LONGEST_ORDER: Final = 16  # words that stand under no preposition
_SHORT: Final = 5  # content words of a question that is about a comparison and nothing else
_OPPOSED_ROLES: Final = {
    frozenset(roles)
    for roles in (
        ("from", "to"), ("before", "after"), ("with", "without"), ("for", "against"), ("as", "against"), ("as", "for"),
        ("as", "to"), ("as", "with"), ("by", "against"), ("about", "by"), ("for", "from"), ("in", "out"), ("to", "out"),
        ("until", "after"), ("until", "since"), ("until", "from"), ("until", "before"),
    )
}  # fmt: skip
_AUXILIARIES: Final = frozenset(("do", "does", "did", "can", "could", "should", "will", "would", "must", "may"))
_SPEAKERS: Final = frozenset(("i", "we", "you", "one"))
_DETERMINERS: Final = frozenset(("a", "an", "the", "my", "your", "his", "her", "our", "their", "its"))
_OBJECTS: Final = frozenset(("me", "us"))
_TOLD: Final = frozenset(
    ("tell", "give", "show", "help", "let", "teach", "send", "write", "make", "suggest", "for", "to")
)
_EXCHANGED_ROLES: Final = frozenset(("to", "from", "in", "by", "against", "over", "under"))
_COMPOUNDING: Final = frozenset(("of", "for", "in", "about"))
_STRICT_ROLES: Final = frozenset(("than", "before", "after"))


def order(pair: Pair) -> str | None:
    """The same arguments in exchanged parts: from A to B, B older than A, A before B."""
    if _rearranged(pair) or _acted_on(pair):
        return "order"
    if pair.left.symmetric and pair.right.symmetric:
        return None
    left = {word.key: word.role for word in reversed(pair.left.words) if word.content}
    right = {key: word.role for key, word in reversed(pair.right_words) if word.content}
    shared = left.keys() & right.keys()
    moved = [(left[key], right[key]) for key in shared if left[key] != right[key]]
    if any(frozenset(roles) in _OPPOSED_ROLES or _STRICT_ROLES.intersection(roles) for roles in moved):
        return "order"
    if any((theirs, mine) in moved and _EXCHANGED_ROLES.intersection((mine, theirs)) for mine, theirs in moved):
        return "order"
    if left.keys() == right.keys() and not moved:
        mine = [word.key for word in pair.left.words if _stands(word) and not word.role]
        theirs = [key for key, word in pair.right_words if _stands(word) and not word.role]
        return "order" if _turned_round(mine, theirs) else None
    return None


def _rearranged(pair: Pair) -> bool:
    """Whether the very same words stand in an order that more than moving one phrase makes, or change their parts."""
    left = [(word.key, word.role) for word in pair.left.words if word.content]
    right = [(key, word.role) for key, word in pair.right_words if word.content]
    mine, theirs = [key for key, _ in left], [key for key, _ in right]
    if mine == theirs or Counter(mine) != Counter(theirs):
        return False
    if pair.left.symmetric and pair.right.symmetric and len(left) <= _SHORT:
        return False
    start = next(place for place, (one, other) in enumerate(zip(mine, theirs, strict=True)) if one != other)
    end = len(mine) - next(
        place for place, (one, other) in enumerate(zip(reversed(mine), reversed(theirs), strict=True)) if one != other
    )
    parts, others = left[start:end], right[start:end]
    if _compounds(parts, others) or _compounds(others, parts):
        return False
    return not any(parts[cut:] + parts[:cut] == others for cut in range(1, len(parts)))


def _acted_on(pair: Pair) -> bool:
    """Whether who acts on one side is acted on by the other's words: I train a dog, a dog trains me."""
    mine = [word.key for word in pair.left.words if word.content]
    theirs = [key for key, word in pair.right_words if word.content]
    if mine == theirs or Counter(mine) != Counter(theirs):
        return False
    if _objects(pair.left) != _objects(pair.right):
        return True
    return mine[0] != theirs[0] and {_acts(pair.left), _acts(pair.right)} == {"speaker", "other"}


def _acts(reading: Reading) -> str:
    """Who does it: the speaker or anybody (how do I, how to), another, or "" where no auxiliary tells."""
    asked = False
    for word in reading.words:
        if asked and word.text not in _DETERMINERS:
            return "speaker" if word.text in _SPEAKERS else "other" if word.content else ""
        asked = asked or word.text in _AUXILIARIES
    return ""


def _objects(reading: Reading) -> bool:
    """Whether it has a "me" or "us" that is more than whom to tell."""
    return any(
        word.text in _OBJECTS and not (place == 1 and before.text in _TOLD)
        for place, (before, word) in enumerate(pairwise(reading.words), 1)
    )


def _compounds(apart: list[tuple[str, str]], together: list[tuple[str, str]]) -> bool:
    """Whether one side says ideas for a picnic and the other picnic ideas."""
    if len(apart) != 2 or len(together) != 2:
        return False
    (head, head_role), (of, of_role) = apart
    return of_role in _COMPOUNDING and together == [(of, head_role), (head, head_role)]


def _turned_round(left: list[str], right: list[str]) -> bool:
    """Whether two words changed sides of a third: dog bites man, man bites dog."""
    if left == right or len(left) > _LONGEST_ORDER:
        return False
    places = [right.index(key) for key in left if left.count(key) == right.count(key) == 1]
    second, third = inf, inf  # the least behind which nothing, and something, is less
    for place in reversed(places):
        if place > third:
            return True
        if place < second:
            second = place
        else:
            third = place
    return False


def _stands(word: Word) -> bool:
    return word.content or word.text in ("is", "are", "was", "were", "be")
