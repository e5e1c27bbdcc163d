"""A question as the guards see it: its facts, its words with the parts they play, and what kind of question it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, Final

from mitmgate.core.text import lexicon
from mitmgate.core.text.casing import Written, written
from mitmgate.core.text.given import given
from mitmgate.core.text.language import is_english, plain_form
from mitmgate.core.text.quantities import Quantities, quantities
from mitmgate.core.text.spelling import one_slip_apart, stem
from mitmgate.core.text.tables import word_set
from mitmgate.core.text.tokens import Kind, Token, capitals_mean_names, tokenise, unwrapped

REMEMBERED: Final = 4096


@dataclass(frozen=True, slots=True)
class Word:
    """key: its stem; role: the preposition it stands under, "" when none; content: not a stop word."""

    text: str
    key: str
    role: str
    content: bool
    name: bool


@dataclass(frozen=True, slots=True)
class _Facts:
    """What of a question is compared to the letter."""

    amounts: Counter[tuple[str, str]]
    counted: Mapping[str, str]
    unsure_ones: int
    units: frozenset[str]
    dates: Counter[str]
    operators: Counter[str]
    sequence: tuple[str, ...]
    code: Counter[str]


class Reading:
    """Everything comparable in a question, each part read when it is first needed: most pairs differ in one fact."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def english(self) -> bool:
        return is_english(self._text)

    @cached_property
    def plain(self) -> str:
        """Its plain form, by which questions in other languages are compared."""
        return plain_form(self._text)

    @cached_property
    def given(self) -> tuple[str, ...] | None:
        return given(self._text)

    @cached_property
    def written(self) -> Written:
        return written(self._unwrapped, self._capitals_mean)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        self._facts  # noqa: B018  both are made of the tokens, which are not needed any more
        made = _words(*self._parsed)
        del self._parsed
        return made

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset([word.key for word in self.words])

    @cached_property
    def texts(self) -> frozenset[str]:
        return frozenset([word.text for word in self.words])

    @cached_property
    def joined(self) -> Mapping[str, tuple[str, str]]:
        """Two neighbours run together -> their keys."""
        return {one.text + other.text: (one.key, other.key) for one, other in pairwise(self.words)}

    @property
    def amounts(self) -> Counter[tuple[str, str]]:
        """(value, unit), "" without one."""
        return self._facts.amounts

    @property
    def counted(self) -> Mapping[str, str]:
        """A number without unit -> the key of what stands after it."""
        return self._facts.counted

    @property
    def unsure_ones(self) -> int:
        return self._facts.unsure_ones

    @property
    def units(self) -> frozenset[str]:
        return self._facts.units

    @property
    def dates(self) -> Counter[str]:
        return self._facts.dates

    @property
    def operators(self) -> Counter[str]:
        return self._facts.operators

    @property
    def sequence(self) -> tuple[str, ...]:
        """The numbers in order."""
        return self._facts.sequence

    @property
    def code(self) -> Counter[str]:
        return self._facts.code

    @cached_property
    def quoted(self) -> Counter[str]:
        found = _QUOTED.findall(self._unwrapped)
        return _counter([next(filter(None, groups)).casefold().strip(" .,!?") for groups in found])

    @cached_property
    def negations(self) -> int:
        return sum(map(_negates, self.words))

    @cached_property
    def kind(self) -> str:
        return _kind(self.words)

    @cached_property
    def symmetric(self) -> bool:
        return not self.texts.isdisjoint(lexicon.SYMMETRIC)

    @cached_property
    def _unwrapped(self) -> str:
        return _OR_NOT.sub(" ", unwrapped(self._text))

    @cached_property
    def _capitals_mean(self) -> bool:
        return capitals_mean_names(self._unwrapped)

    @cached_property
    def _parsed(self) -> tuple[list[Token], Quantities]:
        tokens = tokenise(self._unwrapped, capitals_mean=self._capitals_mean)
        return tokens, quantities(tokens)

    @cached_property
    def _facts(self) -> _Facts:
        tokens, found = self._parsed
        return _Facts(
            amounts=_counter(found.amounts),
            counted=_counted(tokens, found) if found.at else {},
            unsure_ones=found.unsure,
            units=frozenset(found.units),
            dates=_counter(found.dates),
            operators=_counter(found.operators),
            sequence=tuple([found.at[place] for place in sorted(found.at)]),
            code=_counter([token.text.removesuffix("()") for token in tokens if token.kind is Kind.CODE]),
        )


_QUOTED: Final = re.compile(r'"([^"\n]{1,200})"|`([^`\n]{1,200})`|(?<!\w)\'([^\'\n]{2,200})\'(?!\w)')
_OR_NOT: Final = re.compile(r"\bor\s+(?:why\s+)?not\b", re.IGNORECASE)
_NOTHING: Final[Counter[Any]] = Counter()  # of most facts a question has none


def _counter[K](values: Sequence[K]) -> Counter[K]:
    return Counter(values) if values else _NOTHING


def is_task(reading: Reading) -> bool:
    """Whether something is to be made: write, list, explain."""
    return bool(reading.words) and reading.words[0].text in lexicon.TASKS


@lru_cache(maxsize=REMEMBERED)
def read(text: str) -> Reading:
    """A question's reading. The last few thousand are remembered, with what was read of them."""
    return Reading(text)


def _counted(tokens: Sequence[Token], found: Quantities) -> dict[str, str]:
    """A number without a known unit -> the key of the word directly after it."""
    counted = {}
    for place, value in found.at.items():
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if after is None or after.kind is not Kind.WORD or place + 1 in found.used:
            continue
        if after.text not in lexicon.STOP and after.text not in lexicon.ROLES:
            counted[value] = stem(after.text)
    return counted


def _negates(word: Word) -> bool:
    if word.text in lexicon.NEGATIONS:
        return True
    return word.text[0] in "we" and any(one_slip_apart(word.text, known) for known in lexicon.LONG_NEGATIONS)


def _words(tokens: Sequence[Token], found: Quantities) -> tuple[Word, ...]:
    """The words that are no quantities; a role reaches from its preposition over what follows directly."""
    words = []
    role = ""
    fresh = False  # nothing stands under the role yet
    for place, token in enumerate(tokens):
        if token.kind is Kind.BREAK:
            role = ""
            continue
        if place in found.used:
            if place in found.at and role:
                words.append(Word(found.at[place], found.at[place], role, True, False))
                fresh = False
            continue
        if token.kind is Kind.CODE:
            words.append(Word(token.text, token.text, role, True, False))
            fresh = False
            continue
        if token.kind is not Kind.WORD:
            continue
        stop = token.text in lexicon.STOP or token.text in lexicon.NEGATIONS
        taken = lexicon.ROLES.get(token.text)
        if taken == "than" and words and place + 1 in found.at:
            taken = lexicon.BOUNDS.get(words[-1].text, taken)
        if token.text == "of" and words:
            taken = lexicon.ROLES_WITH_OF.get(words[-1].text, taken)
        words.append(Word(token.text, stem(token.text), "" if stop else role, not stop, token.capital and not stop))
        if taken is not None:
            role, fresh = taken, True
        elif not stop:
            fresh = False
        elif token.text not in lexicon.LEADS_OVER and not (token.text in ("and", "or") and not fresh):
            role = ""
    return tuple(words)


#: A question's kind by its first word that asks; kinds that can stand for each other share none of CLASHES.
_ASKING: Final[Mapping[str, str]] = {
    "who": "who", "whom": "who", "whose": "who", "when": "when", "where": "where", "why": "why", "how": "how",
    "what": "what", "which": "what",
}  # fmt: skip
_QUANTITY: Final = word_set("many much long old far often tall big large high fast deep heavy")
_YES_NO: Final = word_set("is are was were do does did can could will would should has have had may might must am")


def _kind(words: Sequence[Word]) -> str:
    if not words:
        return ""
    for place, word in enumerate(words[:12]):
        asks = _ASKING.get(word.text)
        if asks is None:
            continue
        if place and words[0].text in _YES_NO and not any(each.text in lexicon.WRAPPERS for each in words[:place]):
            break  # Is it true that …, when …
        if place > 3 and words[0].content and words[0].text not in lexicon.WRAPPERS:
            break
        after = words[place + 1].text if place + 1 < len(words) else ""
        if asks == "how":
            return "why" if after == "come" else "quantity" if after in _QUANTITY else "how"
        return asks
    return "yes or no" if words[0].text in _YES_NO else "request"
