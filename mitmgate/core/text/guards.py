"""What keeps two alike questions apart. Each guard compares two readings and gives its reason, or None. Pure.

A reason is ASCII fit for a quoted header value. It shows numbers, dates, units and words of our own tables, never other
words of either question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Final

from mitmgate.core.text import measures, opposites
from mitmgate.core.text.reading import Reading, Word
from mitmgate.core.text.spelling import bases, one_slip_apart, stem

_SHOWN: Final = 3  # values of a reason
_LONGEST: Final = 24  # characters of one
_MOST_STRANGERS: Final = 16
_LONGEST_ORDER: Final = 16  # words that stand under no preposition, looked at three by three


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

    @property
    def strangers(self) -> int:
        """How many words have no partner on the side that has more of these, misspelled ones counted."""
        return max(len(self.left.keys - self.right.keys), len(self.right.keys - self.left.keys))


type Guard = Callable[[Pair], str | None]


def wording(pair: Pair) -> str | None:
    """Too little in common to compare word by word, and too costly."""
    return "wording" if pair.strangers > _MOST_STRANGERS else None


def number(pair: Pair) -> str | None:
    left = Counter(value for value, _ in pair.left.amounts.elements())
    right = Counter(value for value, _ in pair.right.amounts.elements())
    mine, theirs = left - right, right - left
    if not mine and not theirs:
        return None
    # "one" may be a pronoun: it counts only where the other side has a number that it could stand for.
    if theirs == Counter({"1": 1}) and not mine and pair.left.unsure_ones:
        return None
    if mine == Counter({"1": 1}) and not theirs and pair.right.unsure_ones:
        return None
    return _versus("number", mine, theirs)


def operator(pair: Pair) -> str | None:
    left, right = pair.left.operators, pair.right.operators
    if left != right:
        return _versus("operator", left - right, right - left)
    ordered = any(sign in left for sign in ("-", "/", "^", "mod", "<", ">", "<=", ">="))
    if ordered and pair.left.sequence != pair.right.sequence:
        return "order"
    return None


def date(pair: Pair) -> str | None:
    left, right = pair.left.dates, pair.right.dates
    return None if left == right else _versus("date", left - right, right - left)


def unit(pair: Pair) -> str | None:
    left, right = pair.left.amounts, pair.right.amounts
    mine = Counter(name for _, name in (left - right).elements() if name)
    theirs = Counter(name for _, name in (right - left).elements() if name)
    hard = (mine | theirs).keys() - measures.SOFT_UNITS
    if mine != theirs and (hard or (mine and theirs)):
        return _versus("money" if any(name in measures.MONEY for name in hard) else "unit", mine, theirs)
    if left != right and mine == theirs and mine:
        return "unit order"  # the same values with exchanged units
    all_left = (pair.left.units | {name for _, name in left if name}) - measures.SOFT_UNITS
    all_right = (pair.right.units | {name for _, name in right if name}) - measures.SOFT_UNITS
    if pair.left.units != pair.right.units and all_left != all_right:
        return _versus("unit", Counter(all_left - all_right), Counter(all_right - all_left))
    return None


def code(pair: Pair) -> str | None:
    return None if pair.left.code == pair.right.code else "code identifier"


def quoted(pair: Pair) -> str | None:
    return None if pair.left.quoted == pair.right.quoted else "quoted text"


def negation(pair: Pair) -> str | None:
    return None if pair.left.negations == pair.right.negations else "negation"


def opposite(pair: Pair) -> str | None:
    """A word on one side whose opposite stands on the other, misspelled or not."""
    mine, theirs = pair.only
    # A slip may hide it: htter is one letter from hotter, and hotter the opposite of colder.
    for word in mine:
        for other in theirs:
            if (found := _opposed(word.text, other.text)) is not None:
                return found
    return None


def question(pair: Pair) -> str | None:
    kinds = frozenset((pair.left.kind, pair.right.kind))
    return f"question {' vs '.join(sorted(kinds))}" if kinds in _CLASHES else None


def name(pair: Pair) -> str | None:
    """A word with a capital on one side that the other side has in no writing."""
    mine, theirs = pair.only
    return "name" if any(word.name for word in (*mine, *theirs)) else None


def order(pair: Pair) -> str | None:
    """The same arguments in exchanged parts: from A to B, B older than A, A before B."""
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


def reasons(left: Reading, right: Reading) -> list[str]:
    """Why the two are different questions, the weightiest reason first; empty when no guard objects."""
    pair = Pair(left, right)
    if too_far := wording(pair):
        return [too_far]
    return [reason for guard in GUARDS if (reason := guard(pair)) is not None]


GUARDS: Final[tuple[Guard, ...]] = (
    number, operator, date, unit, code, quoted, negation, opposite, order, question, name,
)  # fmt: skip

_CLASHES: Final = {
    *map(frozenset, combinations(("who", "when", "where", "why", "quantity", "how"), 2)),
    *(frozenset(("yes or no", kind)) for kind in ("who", "when", "where", "why", "quantity", "how")),
}
_OPPOSED_ROLES: Final = {frozenset(("from", "to")), frozenset(("before", "after")), frozenset(("with", "without"))}
_EXCHANGED_ROLES: Final = frozenset(("to", "from", "in", "by", "against", "over", "under"))
_STRICT_ROLES: Final = frozenset(("than", "before", "after"))


def _turned_round(left: list[str], right: list[str]) -> bool:
    """Whether two words changed sides of a third: dog bites man, man bites dog."""
    if left == right or len(left) > _LONGEST_ORDER:
        return False
    places = [right.index(key) for key in left if left.count(key) == right.count(key) == 1]
    return any(one > two > three for one, two, three in combinations(places, 3))


def _stands(word: Word) -> bool:
    return word.content or word.text in ("is", "are", "was", "were", "be")


def _distinct(words: Iterable[Word]) -> list[Word]:
    return list({word.key: word for word in words}.values())


def _slip(one: Word, other: Word) -> bool:
    if not one_slip_apart(one.text, other.text):
        return False
    if one.text in opposites.OPPOSITES and other.text in opposites.OPPOSITES:
        return _opposed(one.text, other.text) is None
    return True


@lru_cache(maxsize=16384)
def _opposed(one: str, other: str) -> str | None:
    for left in bases(one):
        opposed = opposites.OPPOSITES.get(left)
        if opposed:
            for right in bases(other):
                if right in opposed:
                    return f"opposite {left} vs {right}"
            near = next((word for word in sorted(opposed) if one_slip_apart(word, other)), None)
            if near:
                return f"opposite {left} vs {near}"
    if _negated(one, other) or _negated(other, one):
        return "opposite"
    if other in opposites.OPPOSITES and any(one_slip_apart(word, one) for word in sorted(opposites.OPPOSITES[other])):
        return "opposite"
    return None


def _negated(one: str, other: str) -> bool:
    return one.startswith(opposites.NEGATING_PREFIXES) and any(
        one.startswith(prefix) and stem(one[len(prefix) :]) == stem(other) and len(other) > 2
        for prefix in opposites.NEGATING_PREFIXES
    )


def _versus(what: str, mine: Counter[str], theirs: Counter[str]) -> str:
    return f"{what} {_list(mine)} vs {_list(theirs)}"


def _list(values: Counter[str]) -> str:
    shown = sorted(values.elements())[:_SHOWN]
    return " ".join(value[:_LONGEST] for value in shown) or "none"
