"""What the model does not see at all: it strips accents, and knows no emoji and few signs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Final

from mitmgate.core.text.lexicon import STOP
from mitmgate.core.text.tables import word_set

_SIGNS: Final = frozenset(("So", "Sm", "Sk"))
# Variants, and × ÷ − °, which are read as operators and units.
_ignored: Final = re.compile("[\ufe00-\ufe0f\u200d\u00d7\u00f7\u2212\u00b0]")
_operators: Final = re.compile(
    r"\|>|<\||\?\.(?=\w)|(?<=\s)\?[?.](?=\s)|\*\*|(?<!:)//|&&|\|\||[!=]==?|[-=]>|<=>?|>=|<<|>>|:=|[-+*/]="
).findall
_around: Final = re.compile(r"\A[\W_]+|[\W_]+\Z")  # an emoji at the end is a tone of voice
_ENGLISH_WORDS: Final = 2
_bits_or_bytes: Final = re.compile(r"\d\s?[KMGTP]i?([bB])\b").findall  # mb may be either; Mb and MB are two things
_words = re.compile(r"[^\W\d_]+").findall
#: Written with and without by everybody.
_EITHER: Final = word_set(
    "café cafés naïve cliché clichés fiancé fiancée façade jalapeño jalapeños crème brûlée déjà vu piñata señor "
    "señora über résumés entrée sauté soufflé décor élite protégé touché smörgåsbord doppelgänger são zürich "
    "düsseldorf münchen köln québec montréal méxico bogotá málaga córdoba"
)


def unseen(one: str, other: str) -> list[str]:
    """Why the two are different questions, as guards give it."""
    mine, theirs = _bits_or_bytes(one), _bits_or_bytes(other)
    reasons = [] if signs(one) == signs(other) and not (mine and theirs and mine != theirs) else ["sign"]
    if not (_is_english(one) and _is_english(other)) and other_letters(one, other):
        reasons.append("accent")
    return reasons


def _is_english(text: str) -> bool:
    """In English accents come and go with whoever types a name."""
    return sum(word in STOP for word in text.casefold().split()) >= _ENGLISH_WORDS


@lru_cache(maxsize=4096)
def signs(text: str) -> Counter[str]:
    """Emoji and other signs beyond ASCII, and operators of several characters."""
    found: Counter[str] = Counter()
    if not text.isascii():
        shown = _around.sub("", _ignored.sub("", text))
        found.update(letter for letter in shown if not letter.isascii() and unicodedata.category(letter) in _SIGNS)
    found.update(_operators(text))
    return found


def other_letters(one: str, other: str) -> bool:
    """Whether a word stands on the other side with other accents: años and anos, schon and schön."""
    if one.isascii() and other.isascii():
        return False
    mine, theirs = _accented(one), _accented(other)
    return any(
        spelled != theirs[bare] and not (spelled | theirs[bare]) & _EITHER
        for bare, spelled in mine.items()
        if bare in theirs
    )


@lru_cache(maxsize=4096)
def _accented(text: str) -> dict[str, frozenset[str]]:
    """Words without their accents -> how they are written."""
    found: dict[str, set[str]] = {}
    for word in _words(unicodedata.normalize("NFC", text).casefold()):
        bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
        found.setdefault(bare, set()).add(word)
    return {bare: frozenset(words) for bare, words in found.items()}
