"""Who does it to whom, in the same words: who defeated Napoleon, whom did he defeat, who was defeated by him."""

from __future__ import annotations

from typing import Final

from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Reading
from mitmgate.core.text.tables import word_set

_ASKS: Final = word_set("who whom what which")
_DOES: Final = word_set("do does did")
_IS: Final = word_set("is are was were be been being")
_OTHERS: Final = word_set("can could will would shall should may might must has have had")
_ALL: Final = word_set("all every each")
_NEAR: Final = 4  # words from the one that asks to its auxiliary: which of the two countries did


def voice(pair: Pair) -> str | None:
    """The same content words, the verb perhaps in another form, but who is asked for acts on one side only."""
    mine_only, theirs_only = ([word for word in side if word.content] for side in pair.only)
    if len(mine_only) != len(theirs_only) or len(mine_only) > 1:
        return None
    mine, theirs = _asked_for(pair.left), _asked_for(pair.right)
    if mine and theirs and mine != theirs:
        return "order"
    if mine_only:
        return None
    if _exchanged(_clause(pair.left), _clause(pair.right)):
        return "order"
    if pair.left.kind == pair.right.kind == "yes or no" and _each(pair.left) != _each(pair.right):
        return "order"
    return None


def asked_for(pair: Pair) -> str | None:
    """The very same words of content, but whom it asks for does it on one side, and suffers it on the other."""
    if any(word.content for side in pair.only for word in side):
        return None
    left = [word.key for word in pair.left.words if word.content]
    right = [key for key, word in pair.right_words if word.content]
    if left == right and "by" not in pair.left.texts ^ pair.right.texts:
        return None  # what RSVP means
    mine, theirs = _asked_for(pair.left), _asked_for(pair.right)
    return "order" if mine and theirs and mine != theirs else None


def _asked_for(reading: Reading) -> str:
    """Whether the one asked for acts or is acted on; "" where the words do not tell."""
    words = [word.text for word in reading.words]
    if words[:1] == ["by"] and words[1:2] and words[1] in _ASKS:
        return "acts"
    if not words or words[0] not in _ASKS:
        return ""
    near = words[1 : 1 + _NEAR]
    if any(text in _DOES for text in near):
        return "acted on"
    if any(text in _OTHERS for text in near):
        return ""
    if any(text in _IS for text in near):
        if words[-1] == "by":
            return "acts"
        return "acted on" if any(word.role == "by" for word in reading.words) else ""
    return "acts"


def _clause(reading: Reading) -> list[tuple[str, str]]:
    """The content words, with their roles, behind the one that asks or leads a clause: that Google acquired."""
    for at, word in enumerate(reading.words):
        if word.text in _ASKS or (at and word.text == "that"):
            return [(after.key, after.role) for after in reading.words[at + 1 :] if after.content]
    return []


def _exchanged(mine: list[tuple[str, str]], theirs: list[tuple[str, str]]) -> bool:
    """Whether a verb has changed sides of a name: in English the one before the verb does it."""
    if len(mine) != len(theirs) or mine == theirs:
        return False
    same = next(at for at, (one, other) in enumerate(zip(mine, theirs, strict=True)) if one != other)
    left, right = mine[same:], theirs[same:]
    if any(role for _, role in (*left, *right)):
        return False
    return left[1:] + left[:1] == right or right[1:] + right[:1] == left


def _each(reading: Reading) -> frozenset[str]:
    """Of what it is asked whether all of them are: all dogs, every square. Where there is a verb, all may float."""
    words = reading.words
    if not words or words[0].text not in _IS:
        return frozenset()
    return frozenset(
        next((after.key for after in words[at + 1 :] if after.content), "")
        for at, word in enumerate(words)
        if word.text in _ALL
    )
