"""What keeps two alike questions apart. Each guard compares two readings and gives its reason, or None. Pure.

A reason is ASCII fit for a quoted header value. It shows numbers, dates, units and words of our own tables, never other
words of either question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from mitmgate.core.text import measures
from mitmgate.core.text.casing import grown, may_be_plural, other_case, other_marks
from mitmgate.core.text.conjuncts import conjunct, turned
from mitmgate.core.text.contrasts import manner, one_more
from mitmgate.core.text.known import is_known, two_words
from mitmgate.core.text.language import may_be_foreign
from mitmgate.core.text.lexicon import STOP
from mitmgate.core.text.little_words import little_words, part, particle, period
from mitmgate.core.text.pair import Pair, may_be_opposed, opposed
from mitmgate.core.text.reading import Reading, Word
from mitmgate.core.text.replaced import interchangeable
from mitmgate.core.text.signs import other_signs
from mitmgate.core.text.spelling import same_form
from mitmgate.core.text.tables import word_set
from mitmgate.core.text.times import only_tense
from mitmgate.core.text.voice import asked_for

_SHOWN: Final = 3  # values of a reason
_LONGEST: Final = 24  # characters of one
_MOST_STRANGERS: Final = 16


FOREIGN: Final = "exact only: language"
TOO_FAR: Final = "wording"
#: With these nothing else is read of a pair.
UNREADABLE: Final = frozenset({FOREIGN, TOO_FAR})

type Guard = Callable[[Pair], str | None]


def wording(pair: Pair) -> str | None:
    """Too little in common to compare word by word, and too costly."""
    return TOO_FAR if pair.strangers > _MOST_STRANGERS else None


def number(pair: Pair) -> str | None:
    if _alike(pair.left.amounts, pair.right.amounts):
        return None
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
    if not _alike(left, right):
        return _versus("operator", left - right, right - left)
    ordered = left and any(sign in left for sign in ("-", "/", "^", "mod", "<", ">", "<=", ">="))
    if ordered and pair.left.sequence != pair.right.sequence:
        return "order"
    return None


def date(pair: Pair) -> str | None:
    left, right = pair.left.dates, pair.right.dates
    return None if _alike(left, right) else _versus("date", left - right, right - left)


def unit(pair: Pair) -> str | None:
    left, right = pair.left.amounts, pair.right.amounts
    if _alike(left, right) and pair.left.units == pair.right.units:
        return None
    mine = Counter(name for _, name in (left - right).elements() if name)
    theirs = Counter(name for _, name in (right - left).elements() if name)
    hard = (mine | theirs).keys() - measures.SOFT_UNITS
    if mine != theirs and (hard or (mine and theirs)):
        return _versus("money" if any(name in measures.MONEY for name in hard) else "unit", mine, theirs)
    same_values = Counter(value for value, _ in left.elements()) == Counter(value for value, _ in right.elements())
    if left != right and mine == theirs and mine and same_values:
        return "unit order"  # the same values with exchanged units
    all_left = (pair.left.units | {name for _, name in left if name}) - measures.SOFT_UNITS
    all_right = (pair.right.units | {name for _, name in right if name}) - measures.SOFT_UNITS
    if pair.left.units != pair.right.units and all_left != all_right:
        return _versus("unit", Counter(all_left - all_right), Counter(all_right - all_left))
    return None


def unit_of_another(pair: Pair) -> str | None:
    """Units that no table has: 5 furlongs in cubits, 5 cubits in furlongs; 5 hands, 5 cubits."""
    only = {word.key: word for side in pair.only for word in side}
    for value, thing in pair.left.counted.items():
        other = pair.right.counted.get(value, thing)
        if other == thing:
            continue
        if _is_measured_in(other, pair.left) and _is_measured_in(thing, pair.right):
            return "unit order"
        if thing in only and other in only and not _may_count(only[thing], only[other]):
            return "another word"
    return None


def _may_count(one: Word, other: Word) -> bool:
    return _related(one.text, other.text) or interchangeable(one, other)


def _is_measured_in(key: str, reading: Reading) -> bool:
    """How many cubits; in cubits, to cubits."""
    return any(word.key == key and (word.role in ("in", "to") or reading.kind == "quantity") for word in reading.words)


def code(pair: Pair) -> str | None:
    return None if _alike(pair.left.code, pair.right.code) else "code identifier"


def quoted(pair: Pair) -> str | None:
    """Quotation marks may be left out where no small word hangs on them: "it" is a pronoun."""
    left, right = pair.left, pair.right
    if _alike(left.quoted, right.quoted):
        return None
    if left.quoted and right.quoted:
        return "quoted text"
    bare = f" {(left if right.quoted else right).written.text.casefold()} "
    stands = (re.search(rf"(?<!\w){re.escape(text)}(?!\w)", bare) for text in left.quoted | right.quoted)
    small = any(text in STOP or len(text) < _SHORTEST_QUOTED for text in left.quoted | right.quoted)
    return None if all(stands) and not small else "quoted text"


_SHORTEST_QUOTED: Final = 3


def given_text(pair: Pair) -> str | None:
    """The text that is to be translated, hashed or counted, to the letter. One side may not show that it is given."""
    left, right = pair.left, pair.right
    if left.given == right.given:
        return None
    if left.given is not None and right.given is not None:
        return "given text"
    named, other = (left.given, right) if left.given is not None else (right.given, left)
    return None if all(text in other.written.text for text in named or ()) else "given text"


def negation(pair: Pair) -> str | None:
    return None if pair.left.negations == pair.right.negations else "negation"


def opposite(pair: Pair) -> str | None:
    """A word on one side whose opposite stands on the other, misspelled or not."""
    mine, theirs = pair.only
    # A slip may hide it: htter is one letter from hotter, and hotter the opposite of colder.
    for word in mine:
        for other in theirs:
            if not may_be_opposed(word.text) and not may_be_opposed(other.text):
                continue
            if (found := opposed(word.text, other.text)) is not None:
                return found
    return None


def exchanged_names(pair: Pair) -> str | None:
    """Each side has a name that the other lacks: Chicago and Cairo, KeyError and TypeError."""
    mine, theirs = ([word for word in side if word.name] for side in pair.only)
    if any(not interchangeable(one, other) for one in mine for other in theirs):
        return "name"
    return None


def letter_case(pair: Pair) -> str | None:
    left, right = pair.left.written, pair.right.written
    return "letter case" if other_case(left, right) or grown(left, right) else None


def sign(pair: Pair) -> str | None:
    return "sign" if other_marks(pair.left.written, pair.right.written) else None


def plural_name(pair: Pair) -> str | None:
    """Alien and Aliens are two films; a Tesla and Teslas are not two things, nor are Germans and a German."""
    left, right = pair.left, pair.right
    if left.texts == right.texts:
        return None
    mine = [word for word in left.words if word.text not in right.texts and word.key in right.keys]
    theirs = [word for word in right.words if word.text not in left.texts and word.key in left.keys]
    for one in mine:
        for other in theirs:
            if one.key == other.key and one.name and other.name and _are_two_names(one.text, other.text, pair):
                return "name"
    return None


def _are_two_names(one: str, other: str, pair: Pair) -> bool:
    single, plural = (one, other) if len(one) < len(other) else (other, one)
    if single + "s" != plural or single in _PEOPLE or single.endswith(_PEOPLES):
        return False
    return not any(may_be_plural(side.written, single) for side in (pair.left, pair.right))


_PEOPLES: Final = ("an", "ard", "ese", "ish", "ian", "ist", "ite")
_PEOPLE: Final = word_set(
    "arab brit croat czech dane finn german greek hindu jew kurd muslim catholic nazi pole scot serb sikh slav swede "
    "thai turk iphone android"
)


def another_letter(pair: Pair) -> str | None:
    """Two words that differ in one letter, each on one side only: Iran and Iraq, a plan and a plane."""
    mine, theirs = pair.only
    if any(two_words(word.text, other.text) and not interchangeable(word, other) for word in mine for other in theirs):
        return "another word"
    if pair.left.texts == pair.right.texts:
        return None
    left, right = ([word for word in side.words if word.content] for side in (pair.left, pair.right))
    mine = [word for word in left if word.text not in pair.right.texts and word.key in pair.right.keys]
    theirs = [word for word in right if word.text not in pair.left.texts and word.key in pair.left.keys]
    one_stem = ((word.text, other.text) for word in mine for other in theirs if word.key == other.key)
    return "another word" if any(two_words(*each) for each in one_stem) else None


def unknown_word(pair: Pair) -> str | None:
    """Each side has a word that the model knows only by its letters, and the other lacks: clonidine, clonazepam."""
    mine, theirs = ([word.text for word in side if word.content and not is_known(word.text)] for side in pair.only)
    left = [word for word in mine if not any(_related(word, other) for other in theirs)]
    right = [word for word in theirs if not any(_related(word, other) for other in mine)]
    return "another word" if left and right else None


def _related(one: str, other: str) -> bool:
    """Forms of one word, or the one written shorter: dictionaries, dicts."""
    return same_form(one, other) or one.startswith(other.rstrip("s")) or other.startswith(one.rstrip("s"))


def initials(pair: Pair) -> str | None:
    """George W. Bush and George H. W. Bush; who leaves them out may mean either."""
    left, right = (_INITIALS(side.written.text) for side in (pair.left, pair.right))
    return "name" if left and right and left != right else None


_INITIALS: Final = re.compile(r"(?<![\w.])[A-Z]\.(?=\s?[A-Z])").findall


def variant(pair: Pair) -> str | None:
    """A number with the name of a variant, and without it or with another: S23, S23 FE; 12 Pro, 12 Pro Max."""
    left, right = (_variants(side) for side in (pair.left, pair.right))
    return "name" if any(right.get(number, names) != names for number, names in left.items()) else None


_VARIANT: Final = re.compile(
    r"\b([a-z]{0,8}-?\d[a-z\d]*)"
    r"((?: (?:pro|max|plus|ultra|mini|lite|air|ti|super|fe|se|xt|xl|turbo|nano|slim)\b(?! ?\d))*)",
    re.IGNORECASE,
).findall


def _variants(reading: Reading) -> dict[str, set[str]]:
    """Of each number the names that it stands with, the empty one where it stands alone."""
    found: dict[str, set[str]] = {}
    for number, name in _VARIANT(reading.written.text):
        found.setdefault(number.casefold(), set()).add(name.casefold())
    return found


def foreign_order(pair: Pair) -> str | None:
    """Two words exchanged, in what may be another language without accents: da Roma a Napoli, da Napoli a Roma."""
    left, right = ([word.text for word in side.words] for side in (pair.left, pair.right))
    if len(left) != len(right):
        return None
    moved = [(one, other) for one, other in zip(left, right, strict=True) if one != other]
    if len(moved) != 2 or moved[0] != moved[1][::-1]:
        return None
    return "order" if may_be_foreign(pair.left.written.text) else None


def first_veto(pair: Pair) -> str | None:
    """One of `vetoes`, the first that is found; None when there is none. What costs little is looked at first."""
    for guard in (number, operator, date, unit, code):
        if (reason := guard(pair)) is not None:
            return reason
    return next(_vetoes(pair), None)


def vetoes(pair: Pair) -> list[str]:
    """The facts in which the two differ, the weightiest first; empty when there are none."""
    return list(dict.fromkeys(_vetoes(pair)))


def _vetoes(pair: Pair) -> Iterator[str]:
    if not (pair.left.english and pair.right.english):
        yield FOREIGN
    elif too_far := wording(pair):
        yield too_far
    else:
        yield from (reason for guard in FACTS if (reason := guard(pair)) is not None)


FACTS: Final[tuple[Guard, ...]] = (
    number, operator, date, unit, unit_of_another, letter_case, sign, other_signs, code, quoted, given_text, negation,
    opposite, exchanged_names, plural_name, another_letter,
    unknown_word, initials, conjunct, turned, only_tense, one_more, manner, little_words, particle, part, period,
    variant, asked_for, foreign_order,
)  # fmt: skip


def _alike[K](left: Counter[K], right: Counter[K]) -> bool:
    """As ==, which a Counter does in Python and a dict does not. No count here is zero."""
    same: bool = dict[K, int].__eq__(left, right)
    return same


def _versus(what: str, mine: Counter[str], theirs: Counter[str]) -> str:
    return f"{what} {_list(mine)} vs {_list(theirs)}"


def _list(values: Counter[str]) -> str:
    shown = sorted(values.elements())[:_SHOWN]
    return " ".join(value[:_LONGEST] for value in shown) or "none"
