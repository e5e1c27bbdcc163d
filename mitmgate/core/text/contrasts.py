"""Small words that change a question: who may or must, how many, one more, and how it is to be told."""

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
#: Without these and what is said around them, the two are the same to the word: another joke, in detail.
_ONE_MORE: Final = word_set("another other else again next")
_MANNERS: Final = word_set(
    "brief briefly concise concisely short shortly thorough thoroughly depth detail detailed details simple simply "
    "terms technical technically formal formally layman laymen beginner beginners novices dummies expert experts child "
    "children"
)
_AROUND: Final = word_set("a an the some any of in for to with like")
_HAVING: Final = word_set("have has had need needs")  # to: must
#: How one can, should or must do it is one question.
_ANY_MODE: Final = word_set("how")
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
    return "one more" if _differ_only_by(_ONE_MORE, pair) else None


def manner(pair: Pair) -> str | None:
    """Briefly, in detail, for a beginner: said by one side only, or in two ways."""
    return "manner" if _differ_only_by(_MANNERS, pair) else None


def _differ_only_by(words: frozenset[str], pair: Pair) -> bool:
    sides = (pair.left.words, pair.right.words)
    said = [[word.text for word in side if word.text in words] for side in sides]
    if sorted(said[0]) == sorted(said[1]):
        return False
    return pair.same_without(words | _AROUND)
