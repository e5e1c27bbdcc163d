"""Which requests say that they want an answer of their own each time: a throw of dice, a password, "again". Pure.

Only requests that are certain are read; the rest is for the classifier to find (`services/never_shared.py`). "Generate
a uuid" is a request, "how do I generate one?" is not.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from mitmgate.core.text.triggers import searches
from mitmgate.core.text.turns import leans_on_earlier_turns

_READ_CHARACTERS: Final = 300  # of the beginning and of the end: a request stands there

_VERB: Final = (
    r"(?:(?:^|[.!?:;,\n]\s{0,3}|\b(?:and|then|please|just|you|to|me) )"
    r"(?:generate|create|make|give|gimme|write|suggest|come up with|produce|pick|choose|print|i need|i want)"
    r"(?: me| us)?)"
)
#: Up to three words that say what like, and none that begins another thing.
_LIKE: Final = (
    r"(?: (?!(?:about|and|code|for|from|how|in|of|on|that|to|which|with|function|program)\b)[\w-]{1,20}){0,3}?"
)
_ENDS: Final = r"(?=\W*$| (?:for|with|of|that|please|between|from|to|using|i)\b|[.,:;!?])"
_UNGUESSABLE: Final = (
    r"(?:passwords?|passphrases?|pin(?: codes?| numbers?)?|uuids?(?: ?v\d)?|guids?|nonces?|one-time codes?"
    r"|(?:api|secret|encryption|private|access|licen[sc]e|random|\d{2,4}-bit) (?:keys?|tokens?|strings?))"
)
_SECRETS: Final = (
    rf"(?:{_VERB}{_LIKE} {_UNGUESSABLE}{_ENDS}"
    rf"|^(?:an? )?(?:(?:new|strong|random|secure) )*{_UNGUESSABLE}(?: please| pls)?\W*$)"
)
_RANDOM: Final = (
    rf"(?:{_VERB}{_LIKE} random (?:\w+ )?(?:numbers?|words?|names?|facts?|cards?|letters?|colou?rs?){_ENDS}"
    r"|^(?:an? )?random (?:numbers?|words?|names?|facts?)(?: please| pls)?\W*$)"
)
_NUMBER: Final = r"(?:pick|choose|think of|guess|say|give me) (?:an?|any) (?:random )?number\b(?! of\b)"
_COIN: Final = (
    r"(?:flip|toss|throw)(?: me)? (?:an?|the|this|my|one|two|three|\d{1,3}) (?:\w+ )?coins?(?=\W*$| (?:for|and)\b)"
)
_DICE: Final = (
    r"(?:roll|throw)(?: me)? (?:(?:an?|the|my|one|two|three|\d{1,3}|\w+-sided) ){0,2}(?:dice|die|\d?d\d{1,3})(?!\w)"
)
_TRIGGERS: Final = {
    **dict.fromkeys(("password", "passwords", "passphrase", "passphrases", "pin", "uuid", "uuids"), _SECRETS),
    **dict.fromkeys(("uuidv4", "guid", "guids", "nonce", "nonces", "code", "codes", "key", "keys"), _SECRETS),
    **dict.fromkeys(("token", "tokens", "string", "strings"), _SECRETS),
    "random": _RANDOM,
    "number": _NUMBER,
    **dict.fromkeys(("coin", "coins"), rf"(?<!how )(?<!do i )(?<!to ){_COIN}"),
    **dict.fromkeys(("roll", "throw"), rf"(?<!how )(?<!do i )(?<!to ){_DICE}"),
    "surprise": r"^(?:just )?surprise (?:me|us)\W*$",
    "heads": r"^heads or tails\W*$",
}
_search: Final = searches(_TRIGGERS, at_words=False)
_SECRET_WORDS: Final = frozenset(word.encode() for word, pattern in _TRIGGERS.items() if pattern is _SECRETS)


def unshared(words: AbstractSet[bytes], text: str, written: str) -> str | None:
    """Why the answer is for this once: "random", "secret" or "no context".

    words: those of the text, which is lower-case; written: the text as it was written.
    """
    if leans_on_earlier_turns(written):
        return "no context"
    found = _search.keys() & words
    if len(text) > 2 * _READ_CHARACTERS:
        text = f"{text[:_READ_CHARACTERS]}\n{text[-_READ_CHARACTERS:]}"
    for why, some in (("secret", found & _SECRET_WORDS), ("random", found - _SECRET_WORDS)):
        if any(search(text) for search in {_search[word] for word in some}):  # several words share a pattern
            return why
    return None
