"""Who speaks to or of whom: "Do I owe you?" and "Do you owe me?", his and hers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Word
from mitmgate.core.text.tables import aliases_of, word_set

_PERSONS: Final = aliases_of(
    """
    speaker: i me my mine myself we us our ours ourselves
    listener: you your yours yourself yourselves
    he: him his himself
    she: her hers herself
    """
)
_ANYBODY: Final = frozenset(("speaker", "listener"))
#: What the listener is requested to do for the speaker: can you tell me, I want you to write.
_REQUESTED: Final = word_set("tell give show help teach write make send explain suggest recommend list find")
_WANTED: Final = word_set("want need would like")


def persons(pair: Pair) -> str | None:
    """The same persons in exchanged parts, or he on one side and she on the other."""
    left, right = _turns(pair.left.words), _turns(pair.right.words)
    if left == right or not left or not right:
        return None
    if {"he", "she"} == (set(left) ^ set(right)) and len(set(left)) == len(set(right)):
        return "person he vs she"
    if len(left) == len(right) == len(set(left)) == 2 and left == right[::-1]:
        if set(left) == _ANYBODY and (_requests(pair.left.words) or _requests(pair.right.words)):
            return None
        return "person order"
    return None


def _turns(words: Sequence[Word]) -> list[str]:
    """The persons in the order in which they come, each run of one once."""
    found: list[str] = []
    for word in words:
        person = _PERSONS.get(word.text)
        if person is not None and found[-1:] != [person]:
            found.append(person)
    return found


def _requests(words: Sequence[Word]) -> bool:
    """Whether the listener is only whom it is requested of: can you tell me, I want you to."""
    texts = [word.text for word in words[:5]]
    if texts[:1] == ["i"] and "you" in texts and not _WANTED.isdisjoint(texts):
        return True
    return any(one == "you" and other in _REQUESTED for one, other in pairwise(texts)) and "me" in texts
