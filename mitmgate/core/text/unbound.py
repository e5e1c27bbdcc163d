"""Whether a short text speaks of something by a pronoun that nothing in the text stands for: "Who is he?". Pure.

A pronoun may stand for a noun of an earlier clause, not for one of its own: in "add comments to it" it is no comment.
Only closed classes of English words are read.
"""

from __future__ import annotations

import re
from typing import Final

from mitmgate.core.text.lexicon import NEGATIONS, STOP
from mitmgate.core.text.tables import word_set

_LONGEST: Final = 100  # characters
_MOST_WORDS: Final = 9
_MOST_CONTENT: Final = 1  # words, besides the pronoun, with which "it" is not explained by what follows
_PERSONS: Final = word_set("he she him hers")
_MANY: Final = word_set("they them theirs")
_THINGS: Final = word_set("it")
_POINTERS: Final = word_set("this these those")
_SUBJECTS: Final = word_set("i you we")
#: A clause begins with them, or ends before them.
_CLAUSES: Final = word_set(
    "and or but if when while before after without because so that which who whom whose what how where since until "
    "unless than as by though although once whether instead"
)
#: "it" after them is the subject.
_AUXILIARIES: Final = word_set(
    "is are was were does do did has have had will would can could should must may might isn't doesn't didn't won't "
    "wasn't can't what's whats who's how's"
)
#: "it" before them is a mere subject: it takes long, it costs much.
_EMPTY_SUBJECT: Final = word_set("take takes took rain rains raining snow snows snowing")
_IDIOMS: Final = word_set("worth make makes made making")  # worth it, make it
_NO_VERBS: Final = word_set(
    "a an the my your our his her their its this that these those some any one two three me him us them you"
)
#: A pointing word before them, or at the end, has no noun.
_AFTER_POINTER: Final = NEGATIONS | word_set(
    "to in into on onto of for with from at by about over under as like up out off down again now please better faster "
    "mean means work works do does did is are was were be happen happens and or but look sound in"
)
_BEFORE_THAT: Final = word_set("of about for with to on from by in")
_DEGREES: Final = word_set("old tall big long far often much many young good bad large high")  # how old
_ASKS: Final = word_set("who what when where why how which whose whom")
_WORDS: Final = re.compile(r"[^\W_]+(?:'[^\W\d_]+)?|[,.;:!?]").findall
_GIVES: Final = frozenset(':"“”«»`\n∑=')


def unbound(text: str) -> bool:
    """Of a text as it was written, without courtesy, of any length."""
    if len(text) > _LONGEST or not _GIVES.isdisjoint(text):
        return False
    written = _WORDS(text.replace("’", "'"))
    words = [word.lower() for word in written]
    if len(words) > _MOST_WORDS + 2 or sum(word[:1].isalnum() for word in words) > _MOST_WORDS:
        return False
    return any(
        _points_back(words, at) for at in range(len(words)) if at == 0 or not written[at][:1].isupper()
    )  # It, Them: titles


def _points_back(words: list[str], at: int) -> bool:
    word, before, after = words[at], words[:at], words[at + 1 :]
    if word in _PERSONS:
        return not _content(before)
    if word == "that":  # what are the downsides of that?
        if after[1:] or (after and after[0][:1].isalnum()):
            return False
        return bool(before) and before[-1] in _BEFORE_THAT and not _explained(before[:-1])
    if word == "those" and after[:1] != [] and after[0][:1].isalnum():
        return False  # those in need
    if word in _POINTERS:  # this bread is named; this by itself is not
        return not _explained(before) and (not after or after[0] in _AFTER_POINTER or not after[0][:1].isalnum())
    if word not in _THINGS and word not in _MANY:
        return False
    last = before[-1] if before else ""
    if last in _IDIOMS or _EMPTY_SUBJECT.intersection(after[:1]):
        return False
    if not before or last in _AUXILIARIES or last in _ASKS or last == "of" or _AUXILIARIES.intersection(after[:1]):
        return not (_content(before) or len(_content(after)) > _MOST_CONTENT or _has_subject_to_come(after))
    return not _explained(before)


def _has_subject_to_come(after: list[str]) -> bool:
    """Is it safe to eat …; how does it feel to be …"""
    return any(
        (one == "to" and other.isalpha() and other not in _NO_VERBS) or one in ("that", "if", "when")
        for one, other in zip(after, [*after[1:], ""], strict=False)
    )


def _explained(before: list[str]) -> bool:
    """Whether something stands before that a pronoun of the last clause may stand for."""
    content = _content(before)
    if not content:
        return False
    # Where you, I or nobody does it, what else the clause has is done to something, and is not the pronoun.
    if before[0] in ("when", "if", "while") and before[1:2] and before[1] not in _AUXILIARIES:
        return True
    if len(before) > 1 and not (_SUBJECTS.intersection(before[:4]) or before[0] in content):
        return True
    first = next(at for at, word in enumerate(before) if word in content)
    rest = before[first + 1 :]
    return any(
        word in _CLAUSES or not word[:1].isalnum() or word.endswith("ing") or (word == "to" and place + 1 < len(rest))
        for place, word in enumerate(rest)
    )


def _content(words: list[str]) -> list[str]:
    return [
        word
        for before, word in zip(["", *words], words, strict=False)
        if word[:1].isalnum()
        and "'" not in word
        and not (word in STOP or word in _ASKS or (before == "how" and word in _DEGREES))
    ]
