"""A question as the guards see it: its facts, its words with the parts they play, and what kind of question it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

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
class Reading:
    """Everything comparable in a question.

    plain: its plain form, by which questions in other languages are compared.

    amounts: (value, unit), "" without one; counted: a number without unit -> the key of what stands after it;
    sequence: the numbers in order; joined: two neighbours run together -> their keys.
    """

    english: bool
    plain: str
    written: Written
    given: tuple[str, ...] | None
    words: tuple[Word, ...]
    keys: frozenset[str]
    texts: frozenset[str]
    joined: Mapping[str, tuple[str, str]]
    amounts: Counter[tuple[str, str]]
    counted: Mapping[str, str]
    unsure_ones: int
    units: frozenset[str]
    dates: Counter[str]
    operators: Counter[str]
    sequence: tuple[str, ...]
    code: Counter[str]
    quoted: Counter[str]
    negations: int
    kind: str
    symmetric: bool


_QUOTED: Final = re.compile(r'"([^"\n]{1,200})"|`([^`\n]{1,200})`|(?<!\w)\'([^\'\n]{2,200})\'(?!\w)')
_OR_NOT: Final = re.compile(r"\bor\s+(?:why\s+)?not\b", re.IGNORECASE)


def is_task(reading: Reading) -> bool:
    """Whether something is to be made: write, list, explain."""
    return bool(reading.words) and reading.words[0].text in lexicon.TASKS


@lru_cache(maxsize=REMEMBERED)
def read(text: str) -> Reading:
    """Reads a question. The last few thousand readings are remembered."""
    english, plain, task_text = is_english(text), plain_form(text), given(text)
    text = _OR_NOT.sub(" ", unwrapped(text))
    tokens = tokenise(text)
    found = quantities(tokens)
    words = _words(tokens, found)
    return Reading(
        english=english,
        plain=plain,
        given=task_text,
        written=written(text, capitals_mean_names(text)),
        words=words,
        keys=frozenset(word.key for word in words),
        texts=frozenset(word.text for word in words),
        joined={one.text + other.text: (one.key, other.key) for one, other in pairwise(words)},
        amounts=Counter(found.amounts),
        counted=_counted(tokens, found),
        unsure_ones=found.unsure,
        units=frozenset(found.units),
        dates=Counter(found.dates),
        operators=Counter(found.operators),
        sequence=tuple(found.at[place] for place in sorted(found.at)),
        code=Counter(token.text.removesuffix("()") for token in tokens if token.kind is Kind.CODE),
        quoted=Counter(next(filter(None, groups)).casefold().strip(" .,!?") for groups in _QUOTED.findall(text)),
        negations=sum(map(_negates, words)),
        kind=_kind(words),
        symmetric=any(word.text in lexicon.SYMMETRIC for word in words),
    )


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
