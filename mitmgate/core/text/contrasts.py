"""Small words that change a question: who may or must, when, how many, one more, and how it is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Reading, Word, is_task
from mitmgate.core.text.tables import aliases_of, word_set

_MODES: Final = aliases_of(
    """
    may: can could might allowed permitted
    must: required obliged obligated forced mandatory compulsory obligatory
    should: ought advisable recommended
    """
)
_HAVING: Final = word_set("have has had need needs")  # to: must
#: How one can, should or must do it is one question.
_ANY_MODE: Final = word_set("how")
_TENSES: Final = aliases_of(
    """
    present: is are am
    past: was were
    """
)
_QUANTIFIERS: Final = aliases_of(
    """
    all: every each everyone everybody everything
    some: someone somebody something several
    most:
    many:
    few:
    only:
    both:
    either:
    neither:
    """
)
#: Said or left unsaid in a question for yes or no, these change it; the others only beside another of the table.
_LIMITING: Final = word_set("all most few only many both neither")
_ONE_MORE: Final = word_set("another else again next other others")
#: How it is to be told. One side may not name what the other leaves open.
_MANNERS: Final = word_set(
    "briefly concise concisely succinctly thorough thoroughly depth detail detailed details technical technically "
    "layman laymen layperson beginner beginners novice novices dummies expert experts toddler"
)


def modality(pair: Pair) -> str | None:
    """May, must and should, where the question is whether, who or what."""
    if pair.left.kind in _ANY_MODE or pair.right.kind in _ANY_MODE:
        return None
    left, right = _mode(pair.left.words), _mode(pair.right.words)
    if not left or not right or left == right:
        return None
    if {left, right} == {"must", "may"} or pair.left.kind == pair.right.kind == "yes or no":
        return f"modality {left} vs {right}"
    return None


def _mode(words: Sequence[Word]) -> str:
    """The strongest word tells: can I be required to, do I have to."""
    found = {_MODES[word.text] for word in words if word.text in _MODES}
    if any(one.text in _HAVING and two.text == "to" for one, two in pairwise(words)):
        found.add("must")
    return next((mode for mode in ("must", "should", "may") if mode in found), "")


def tense(pair: Pair) -> str | None:
    """What is, was and will be, of the first verb. A year or date that is named fixes the time whatever the verb."""
    if pair.left.dates or pair.left.amounts or any(word.content for side in pair.only for word in side):
        return None
    left, right = _tense(pair.left.words), _tense(pair.right.words)
    return f"tense {left} vs {right}" if left and right and left != right else None


def _tense(words: Sequence[Word]) -> str:
    for place, word in enumerate(words):
        if word.text in _TENSES:
            return _TENSES[word.text]
        if word.text == "will" and any(each.text == "be" for each in words[place + 1 :]):
            return "future"
        if word.text in _MODES or word.text in ("do", "does", "did", "would", "has", "have", "had", "be"):
            return ""
    return ""


def quantifier(pair: Pair) -> str | None:
    """All, some, most, few, only: of the same things."""
    left, right = _quantifiers(pair.left), _quantifiers(pair.right)
    mine, theirs = left - right, right - left
    if not mine and not theirs:
        return None
    sure = pair.left.kind == pair.right.kind == "yes or no"
    if is_task(pair.left) and is_task(pair.right):
        sure, limiting = bool(mine and theirs), _LIMITING - {"all"}  # a list is one of all there are
    else:
        limiting = _LIMITING if sure else frozenset()
    if (mine and theirs and (sure or "few" in mine | theirs)) or limiting & (mine | theirs):
        return f"quantifier {' '.join(sorted(mine)) or 'none'} vs {' '.join(sorted(theirs)) or 'none'}"
    return None


def _quantifiers(reading: Reading) -> set[str]:
    """Not those of another use: the most, a few, how many, at all."""
    found = set()
    before = ""
    for word in reading.words:
        name = _QUANTIFIERS.get(word.text)
        if name and (before, name) not in _OTHER_USE:
            found.add(name)
        before = word.text
    return found


_OTHER_USE: Final = {
    ("the", "most"), ("at", "most"), ("a", "few"), ("how", "many"), ("at", "all"), ("after", "all"), ("s", "most"),
}  # fmt: skip


def one_more(pair: Pair) -> str | None:
    """Another joke than the one that is stored."""
    return "one more" if _asks_for_more(pair.left.words) != _asks_for_more(pair.right.words) else None


def _asks_for_more(words: Sequence[Word]) -> bool:
    """Not in each other, other than, next to."""
    texts = ["", *(word.text for word in words), ""]
    return any(
        text in _ONE_MORE and texts[at - 1] != "each" and texts[at + 1] not in ("than", "to")
        for at, text in enumerate(texts)
    )


def manner(pair: Pair) -> str | None:
    """Briefly, in detail, for a beginner: said by one side only."""
    mine, theirs = pair.only
    if _manners(mine) != _manners(theirs) and not (_manners(pair.left.words) and _manners(pair.right.words)):
        return "manner"
    return None


def _manners(words: Sequence[Word]) -> bool:
    return any(word.text in _MANNERS for word in words)
