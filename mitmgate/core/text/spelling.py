"""When two spellings are one word: a light stemmer, and slips of the keyboard."""

from __future__ import annotations

from functools import lru_cache

from mitmgate.core.text.lexicon import SYNONYMS

_SHORTEST_WITH_SLIP = 4


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """What plural, -ing, -ed and a closing e leave of a word; synonyms become one."""
    word = SYNONYMS.get(word, word)
    if len(word) <= 3 or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    elif word.endswith("ied") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("ing") and len(word) > 5:
        word = word[:-3]
    elif word.endswith("ed") and len(word) > 4:
        word = word[:-2]
    word = SYNONYMS.get(word, word)
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


@lru_cache(maxsize=16384)
def bases(word: str) -> tuple[str, ...]:
    """The word, and what it compares or describes: hottest -> hot, cheaper -> cheap, slowly -> slow."""
    found = [word, stem(word)]
    for ending in ("est", "er", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            rest = word[: -len(ending)]
            found += [rest, rest + "e"]
            if rest[-1] == rest[-2]:
                found.append(rest[:-1])
            if rest.endswith("i"):
                found.append(rest[:-1] + "y")
    return tuple(dict.fromkeys(found))


def one_slip_apart(one: str, other: str) -> bool:
    """Whether one letter was dropped, added, changed or exchanged with its neighbour."""
    if len(one) > len(other):
        one, other = other, one
    if len(one) < _SHORTEST_WITH_SLIP or len(other) - len(one) > 1 or one == other:
        return False
    at = 0
    while at < len(one) and one[at] == other[at]:
        at += 1
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    if one[at + 1 :] == other[at + 1 :]:
        return True
    return one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
