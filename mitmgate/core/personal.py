"""Which questions say that they are about one person: what is theirs, where and who they are, what they suffer. Pure.

Only sentences that are certain are read; the rest is for the classifier to find (`services/never_shared.py`). How one
does something with what everybody has is the same for all: `asks_generally`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from mitmgate.core.text.general import asks_generally
from mitmgate.core.text.triggers import searches

_BEGINS: Final = r"(?:^|(?<=[.!?;\n])|(?<=[.!?;\n]\s)|(?<=\band )|(?<=\bplease )|(?<=\byou )|(?<=\bme )|(?<=\bso ))"
_SHORT: Final = r"(?: [\w'-]++){1,3}\W*+$"  # possessive: a long run of signs is gone through once
#: What somebody's own thing is, whether it came, and that it be shown.
_MINE: Final = (
    rf"(?:{_BEGINS}(?:(?:what|who|when|where)(?:'?s| is| are| was| were)|what time (?:is|was)) my{_SHORT}"
    r"|(?:did|has|have|was|were) my [\w'-]+"
    rf"|{_BEGINS}(?:show|list|read|open|check|get|track|pay|send)(?: me)?(?: all| all of)? my{_SHORT}"
    r"|my (?:name is|password is|pin is)\b)"
)
_HELD: Final = (
    r"how (?:much|many)(?: [\w'-]+){0,4}? (?:do|have) i (?:still )?(?:have|got|owe)\b(?! to\b)"
    r"(?=\W*$| left\b| remaining\b)"
)
_PERSONS: Final = {
    "my": _MINE,
    **dict.fromkeys(("have", "owe", "got"), _HELD),
    "am": r"(?:(?:who|where) am i\W*$|(?<=i )am (?:\d{1,3} years|diagnosed|called|pregnant|suicidal)\b)",
    "m": r"(?<=i')m (?:\d{1,3} years|diagnosed|called|pregnant|suicidal)\b",
    "live": r"(?:i live (?:at|in|near)\b|i (?:do not|don'?t|no longer) want to live\b)",
    "myself": r"(?:kill|killing|hurt|hurting|harm|harming|cut|cutting|hang) myself\b",
    "die": r"i (?:want|wish|am going|would like|deserve) to die\b",
    "dead": r"i (?:was|were|wish i (?:was|were)) dead\b",
    "me": r"(?:near|beats?|beating|hits?|hitting|abus\w+|rap\w+|threaten\w*) me\b",
    "mein": r"mein (?:konto|name|passwort)\b",
    "meine": r"meine (?:adresse|bestellung|telefonnummer)\b",
}
#: How to find out what is one's own is the same for all.
_OF_OWN: Final = frozenset((b"my", b"have", b"got", b"owe"))
_search: Final = searches(_PERSONS)


def about_one_person(words: AbstractSet[bytes], text: str) -> bool:
    """words: those of the text, which is lower-case and has no courtesy."""
    return any(
        _search[word](text) and not (word in _OF_OWN and asks_generally(text)) for word in _search.keys() & words
    )
