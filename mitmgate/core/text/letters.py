"""What the model does not see at all: it knows no emoji and few signs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Final

_SIGNS: Final = frozenset(("So", "Sm", "Sk"))
# Variants, and × ÷ − °, which are read as operators and units.
_ignored: Final = re.compile("[\ufe00-\ufe0f\u200d\u00d7\u00f7\u2212\u00b0]")
_operators: Final = re.compile(
    r"(?<=\s)::?(?=\s)|\|>|<\||\?\.(?=\w)|(?<=\s)\?[?.](?=\s)|\*\*|(?<!:)//|&&|\|\||[!=]==?|[-=]>|<=>?|>=|<<|>>|:=|[-+*/]="
).findall
_around: Final = re.compile(r"\A[\W_]+|[\W_]+\Z")  # an emoji at the end is a tone of voice


def unseen(one: str, other: str) -> list[str]:
    """Why the two are different questions, as guards give it."""
    return [] if signs(one) == signs(other) else ["sign"]


@lru_cache(maxsize=4096)
def signs(text: str) -> Counter[str]:
    """Emoji and other signs beyond ASCII, and operators of several characters."""
    found: Counter[str] = Counter()
    if not text.isascii():
        shown = _around.sub("", _ignored.sub("", text))
        found.update(letter for letter in shown if not letter.isascii() and unicodedata.category(letter) in _SIGNS)
    found.update(_operators(text))
    return found
