"""Whether what is to be made is a program or a text about one: the same for everybody who asks. Pure."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Final

from mitmgate.core.text.tables import word_set

_PROGRAMS: Final = frozenset(
    word.encode()
    for word in word_set(
        "python javascript java typescript bash excel sql sqlite mysql postgres postgresql php ruby rust golang "
        "kotlin swift scala perl powershell node nodejs npm git docker numpy pandas django laravel react function "
        "script program class method algorithm regex library command linux unix terminal formula sheets endpoint app "
        "html css matlab arduino simulator simulation generator unity scratch tutorial article essay lesson policy "
        "guide checklist"
    )
)
_in_a_language: Final = re.compile(r"\b(?:in|using|with) (?:c|c\+\+|c#|r|go|d|vb)(?![\w'])").search
#: What it is for is not what is made: a password for my app.
_without_purpose: Final = re.compile(r"\bfor (?:my|our|the|this|an?|use in) (?:[\w-]+ ?){1,3}").sub


def about_a_program(words: AbstractSet[bytes], text: str) -> bool:
    """words: those of the text, which is lower-case."""
    if _in_a_language(text) is not None:
        return True
    found = _PROGRAMS & words
    if not found:
        return False
    rest = frozenset(re.findall(r"[a-z]+", _without_purpose("", text)))
    return any(word.decode() in rest for word in found)
