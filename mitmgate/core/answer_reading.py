"""What a comparison of answers looks at in each of them: numbers, names, yes or no, lists, code, words. Pure.

Reads the beginning of an answer only, so that it costs the same whatever its length.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mitmgate.core.text.lexicon import NEGATIONS, STOP
from mitmgate.core.text.quantities import quantities
from mitmgate.core.text.spelling import stem
from mitmgate.core.text.tables import word_set
from mitmgate.core.text.tokens import Kind, Token, tokenise

MAX_CHARACTERS: Final = 4_000  # some 650 words
MAX_ITEMS: Final = 40  # of a list
MAX_NUMBERS: Final = 100
LEAD_WORDS: Final = 30
PIECE: Final = 240  # characters that are embedded at a time: a fifth of the time that 256 tokens take
PIECES: Final = 4

_FENCED: Final = re.compile(r"```[^\n]{0,40}\n(.*?)(?:```|\Z)", re.DOTALL)
_INLINE: Final = re.compile(r"`([^`\n]{1,200})`")
_ITEM: Final = re.compile(r"^[ \t]{0,12}(?:[-*•+]|\d{1,3}[.)])[ \t]+(.{1,400})", re.MULTILINE)
_MARKER: Final = re.compile(r"^[ \t]{0,12}(?:[-*•+#>]{1,6}|\d{1,3}[.)])[ \t]+|\*{1,3}|\\[()\[\]]|^\|", re.MULTILINE)
_CODE_WORD: Final = re.compile(r"--?[A-Za-z][\w-]*|[A-Za-z_]\w*|\d+(?:\.\d+)?")
_QUOTES: Final = str.maketrans("‘’“”–—−", "''\"\"---")
_NO_ANSWER: Final = re.compile(
    r"\b(?:i(?:'m| am) (?:sorry|unable|not able)|i (?:can(?:'t|not)|do(?:n't| not) (?:have|know)|won't)|unable to"
    r"|as an ai|(?:could|can) you (?:please )?(?:clarify|share|provide|tell me)|no information)\b",
    re.IGNORECASE,
)
_YES: Final = word_set("yes yeah yep correct true absolutely definitely certainly indeed")
_NO: Final = word_set("no nope not false incorrect wrong never neither")
_SAYING_LITTLE: Final = STOP | word_set("very quite more most also well about however")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said. numbers, names: in their order, each once; names and words are stems.

    measured: units of numbers that have one. options: flags and capitals of code. says: True for yes, False for no.
    """

    numbers: tuple[str, ...]
    rounded: frozenset[str]
    measured: Mapping[str, frozenset[str]]  # units by number
    names: tuple[str, ...]
    words: frozenset[str]
    items: tuple[frozenset[str], ...]
    code: frozenset[str]
    options: frozenset[str]
    says: bool | None
    negated: bool
    gives_none: bool
    length: int


def read_answer(text: str) -> Answer:
    """Of any text; what is not English gives words and numbers only."""
    # one character may become eighteen
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS].translate(_QUOTES))[:MAX_CHARACTERS]
    code = " ".join((*_FENCED.findall(text), *_INLINE.findall(text)))
    code_words = _CODE_WORD.findall(code)
    prose = _FENCED.sub("\n", text)
    items = tuple(_stems(tokenise(item)) for item in islice(_ITEM.findall(prose), MAX_ITEMS))
    tokens = tokenise(_MARKER.sub("", prose.replace("`", "")))
    found = quantities(tokens)
    # "one" is a pronoun more often than a number
    amounts = [(value, unit) for value, unit in found.amounts if unit or value != "1"][:MAX_NUMBERS]
    numbers = tuple(dict.fromkeys((*(value for value, _ in amounts), *_parts(found.dates[:MAX_NUMBERS]))))
    told = [token for place, token in enumerate(tokens) if _means(token) and place not in found.used]
    return Answer(
        numbers,
        numbers_and_roundings(numbers),
        _units(amounts),
        tuple(dict.fromkeys(stem(token.text) for token in told if token.capital)),
        frozenset(stem(token.text) for token in told),
        tuple(item for item in items if item),
        frozenset(code_words),
        frozenset(word for word in code_words if word[0] == "-" or word.isupper()),
        _yes_or_no(tokens),
        any(token.text in NEGATIONS for token in islice(tokens, LEAD_WORDS)),
        _NO_ANSWER.search(text, 0, 240) is not None,
        len(text.split()),
    )


def embedded_pieces(text: str) -> list[str]:
    """The beginning of an answer, as it is embedded: the mean of the pieces' vectors stands for it."""
    return textwrap.wrap(text[: PIECES * PIECE], PIECE)[:PIECES]


def numbers_and_roundings(numbers: Iterable[str]) -> frozenset[str]:
    """1609.34 is 1609 and 1609.3, too."""
    found = set(numbers)
    for number in tuple(found):
        whole, point, _ = number.partition(".")
        if point and whole.isdigit():
            found.update(f"{float(number):.{places}f}" for places in range(3))
    return frozenset(found)


def _units(amounts: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for value, unit in amounts:
        if unit:
            found.setdefault(value, set()).add(unit)
    return {value: frozenset(units) for value, units in found.items()}


def _parts(dates: Iterable[str]) -> Iterator[str]:
    """20 July 1969 is the year, the month and the day, so that July 1969 is part of it."""
    for date in dates:
        year, *rest = date.split("-")
        if not rest:
            yield date
            continue
        yield from (name + part for name, part in zip(("", "month ", "day "), (year, *rest), strict=False) if part)


def _means(token: Token) -> bool:
    return token.kind in (Kind.WORD, Kind.CODE) and token.text not in _SAYING_LITTLE


def _stems(tokens: list[Token]) -> frozenset[str]:
    return frozenset(stem(token.text) for token in tokens if _means(token))


def _yes_or_no(tokens: list[Token]) -> bool | None:
    first = next((token for token in tokens if token.kind is Kind.WORD), None)
    if first is None:
        return None
    return True if first.text in _YES else False if first.text in _NO else None
