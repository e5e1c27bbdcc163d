"""Two readings side by side: which words have a partner on the other side, misspelled or not, and which are opposed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mitmgate.core.text import opposites
from mitmgate.core.text.known import two_words
from mitmgate.core.text.reading import Reading, Word
from mitmgate.core.text.spelling import bases, one_slip_apart, same_beginning, stem


@dataclass(frozen=True)
class Pair:
    """Two readings and which words of theirs are the same, misspelled ones too."""

    left: Reading
    right: Reading

    @cached_property
    def only(self) -> tuple[list[Word], list[Word]]:
        """The words of each side without partner on the other."""
        mine = _distinct(word for word in self.left.words if word.key not in self.right.keys)
        theirs = _distinct(word for word in self.right.words if word.key not in self.left.keys)
        slips = self.slips
        return (
            [word for word in mine if word.key not in slips.values() and word.key not in self._run_together],
            [word for word in theirs if word.key not in slips and word.key not in self._run_together],
        )

    @cached_property
    def _run_together(self) -> frozenset[str]:
        """The keys of words that one side writes together and the other apart: work flow, workflow."""
        keys: set[str] = set()
        for one, other in ((self.left, self.right), (self.right, self.left)):
            for word in other.words:
                if parts := one.joined.get(word.text):
                    keys.update((word.key, *parts))
        return frozenset(keys)

    @cached_property
    def slips(self) -> Mapping[str, str]:
        """Misspelled: the right side's key -> the left side's."""
        mine = [word for word in self.left.words if word.key not in self.right.keys]
        found: dict[str, str] = {}
        if mine:
            for word in self.right.words:
                if word.key in self.left.keys or word.key in found:
                    continue
                for other in mine:
                    if _slip(word, other) and other.key not in found.values():
                        found[word.key] = other.key
                        break
        return found

    @cached_property
    def right_words(self) -> list[tuple[str, Word]]:
        """The right side's words under the left side's keys."""
        return [(self.slips.get(word.key, word.key), word) for word in self.right.words]

    def same_without(self, words: AbstractSet[str]) -> bool:
        """Whether both sides are the same, word by word, when these words are left out."""
        left, right = ([word.key for word in side.words if word.text not in words] for side in (self.left, self.right))
        return left == right

    @property
    def strangers(self) -> int:
        """How many words have no partner on the side that has more of these, misspelled ones counted."""
        return max(len(self.left.keys - self.right.keys), len(self.right.keys - self.left.keys))


@lru_cache(maxsize=16384)
def opposed(one: str, other: str) -> str | None:
    """The reason when the two words are opposed, one of them perhaps misspelled."""
    for left in bases(one):
        others = opposites.OPPOSITES.get(left)
        if others:
            for right in bases(other):
                if right in others:
                    return f"opposite {left} vs {right}"
            near = next((word for word in sorted(others) if one_slip_apart(word, other)), None)
            if near:
                return f"opposite {left} vs {near}"
    if _negated(one, other) or _negated(other, one):
        return "opposite"
    if other in opposites.OPPOSITES and any(one_slip_apart(word, one) for word in sorted(opposites.OPPOSITES[other])):
        return "opposite"
    return None


@lru_cache(maxsize=16384)
def may_be_opposed(word: str) -> bool:
    """False of most words: two of these are not opposed."""
    return word.startswith(opposites.NEGATING_PREFIXES) or not opposites.OPPOSITES.keys().isdisjoint(bases(word))


def _negated(one: str, other: str) -> bool:
    return one.startswith(opposites.NEGATING_PREFIXES) and any(
        one.startswith(prefix) and stem(one[len(prefix) :]) == stem(other) and len(other) > 2
        for prefix in opposites.NEGATING_PREFIXES
    )


def _distinct(words: Iterable[Word]) -> list[Word]:
    return list({word.key: word for word in words}.values())


def _slip(one: Word, other: Word) -> bool:
    """Not where both spellings are words: Iran and Iraq."""
    if not one_slip_apart(one.text, other.text) or not same_beginning(one.text, other.text):
        return False
    if two_words(one.text, other.text):
        return False
    if _acting_and_acted_on(one.text, other.text) or _acting_and_acted_on(other.text, one.text):
        return False
    if one.text in opposites.OPPOSITES and other.text in opposites.OPPOSITES:
        return opposed(one.text, other.text) is None
    return True


def _acting_and_acted_on(one: str, other: str) -> bool:
    """Employers and employees, payer and payee."""
    one, other = one.removesuffix("s"), other.removesuffix("s")
    return one.endswith(("er", "or")) and other.endswith("ee") and one[:-2] == other[:-2]
