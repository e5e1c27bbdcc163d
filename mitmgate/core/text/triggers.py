"""Patterns that are looked for only where one of their words stands: sets of words are compared first. Pure.

A search by pattern costs a hundred times as much as the comparison, and most questions have none of the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

type Search = Callable[[str], re.Match[str] | None]

# Letters (lower-case) and digits stay, as do bytes beyond ASCII; all else separates words.
_TO_WORDS: Final = bytes(
    code if chr(code).isalnum() else 32 for code in map(ord, bytes(range(128)).decode().lower())
) + bytes(range(128, 256))


def searches(rules: Mapping[str, str], *, at_words: bool = True) -> Mapping[bytes, Search]:
    """word -> what must match somewhere in the lower-case text; "" is the word itself.

    at_words: the match begins where a word does.
    """
    begins = r"(?<!\w)" if at_words else ""
    patterns = {word: f"{begins}(?:{pattern or re.escape(word) + r'(?!\w)'})" for word, pattern in rules.items()}
    compiled = {pattern: re.compile(pattern).search for pattern in patterns.values()}
    return {word.encode(): compiled[pattern] for word, pattern in patterns.items()}


def words_of(text: bytes) -> list[bytes]:
    """The words of a text in UTF-8."""
    return text.translate(_TO_WORDS).split()
