"""Which prompts must not be answered from memory: those about the present moment, and those about one person. Pure.

Words decide, in the few languages our users write most. Where it errs it errs by asking the upstream once more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

# What a question refers to stands at its beginning or end; a long pasted document in between says little.
_READ_CHARACTERS: Final = 4000

_OF_NOW: Final = (
    r"(?:ceo|date|day|events?|exchange|forecast|hour|month|news|population|president|price|prime minister|rate|score"
    r"|situation|standings|status|stock|temperature|time|traffic|version|weather|week|year)"
)
_OWNED: Final = (
    r"(?:account|address|age|appointment|balance|bank|birthday|booking|boss|calendar|card|credit card|date of birth"
    r"|daughter|diagnosis|doctor|e-?mail|husband|iban|inbox|invoice|medication|mobile|name|order|partner|passcode"
    r"|passport|password|phone|pin|prescription|reservation|salary|son|ssn|subscription|symptoms|ticket|wife)"
)
_OWNED_DE: Final = r"(?:adresse|bestellung|konto|name|passwort|telefonnummer)"
# A word that sets off a look -> what must match from where it stands. Sets of words are compared first, since a
# search by pattern costs a hundred times as much.
_MOMENTS: Final = {
    **dict.fromkeys(("today", "tonight", "tomorrow", "yesterday", "nowadays", "currently", "latest"), r""),
    **dict.fromkeys(("heute", "gestern", "hoy", "oggi", "hoje"), r""),
    **dict.fromkeys(("aktuell", "aktuelle", "aktuellen", "aktueller", "aktuelles"), r""),
    "right": r"right now\b",
    "moment": r"(?<=at the )moment\b",
    "now": r"now\?",
    "current": rf"current (?:\w+ )?{_OF_NOW}\b",
    "breaking": r"breaking news\b",
    "recent": r"(?<=most )recent\b",
    "recently": r"(?<=most )recently\b",
    "weather": r"weather (?:in|at|for|like|forecast|now)\b",
    "this": r"this (?:morning|afternoon|evening|weekend|week|month|quarter|year)\b",
    "last": r"last (?:night|week|weekend|month|quarter|year)\b",
    "next": r"next (?:week|weekend|month|quarter|year)\b",
    "what": r"what(?: (?:time|day|date|year) is (?:it|this)|(?: is|'s) the (?:time|date))\b",
    "aujourd": r"aujourd'hui\b",
}
_PERSONS: Final = {
    "my": rf"my (?:\w+ )?{_OWNED}\b",
    "am": r"am (?:\d{1,3} years|diagnosed|called)\b|(?<=who )am i\b",
    "m": r"(?<=i')m (?:\d{1,3} years|diagnosed|called)\b",
    "remember": r"remember me\b",
    "did": r"(?<=what )did i (?:say|ask|tell|write)\b",
    "mein": rf"mein {_OWNED_DE}\b",
    "meine": rf"meine {_OWNED_DE}\b",
}
_MOMENTS_ELSEWHERE: Final = ("сегодня", "今天", "今日", "现在", "오늘")  # some of their scripts have no spaces


def _compiled(rules: Mapping[str, str]) -> Mapping[bytes, Callable[[str], re.Match[str] | None]]:
    return {
        word.encode(): re.compile(rf"(?<!\w){pattern or re.escape(word) + r'(?!\w)'}").search
        for word, pattern in rules.items()
    }


_rules_of_moments: Final = _compiled(_MOMENTS)
_rules_of_persons: Final = _compiled(_PERSONS)
_TRIGGERS: Final = frozenset(_rules_of_moments.keys() | _rules_of_persons.keys())
# Letters (lower-case) and digits stay, as do bytes beyond ASCII; all else separates words.
_TO_WORDS: Final = bytes(
    code if chr(code).isalnum() else 32 for code in map(ord, bytes(range(128)).decode().lower())
) + bytes(range(128, 256))
_search_mail: Final = re.compile(r"[\w.+-]@[\w-]{1,63}\.\w").search
_cards: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)").findall
# Bank numbers (IBAN), and telephone numbers in their international form
_search_numbers: Final = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}\b|\+\d[\d ()-]{7,16}\d").search
_FEWEST_DIGITS: Final = 9


def volatility(body: Mapping[str, Any]) -> str | None:
    """Why the last user turn's answer must not be kept, such as "time-dependent: today"; None when it may."""
    text = last_user_text(body)
    if len(text) > _READ_CHARACTERS:
        half = _READ_CHARACTERS // 2
        text = f"{text[:half]}\n{text[-half:]}"
    return volatile_text(text)


def volatile_text(text: str) -> str | None:
    """As volatility, of a text of bounded length. The reason is ASCII: it travels in a header."""
    plain = text.isascii()
    text = text.lower() if plain else text.lower().replace("’", "'")
    raw = text.encode("utf-8", "replace")
    personal = False
    for word in sorted(_TRIGGERS.intersection(raw.translate(_TO_WORDS).split())):
        if (search := _rules_of_moments.get(word)) is not None:
            if search(text):
                return f"time-dependent: {word.decode()}"
        elif _rules_of_persons[word](text):
            personal = True
    if not plain and any(word in text for word in _MOMENTS_ELSEWHERE):
        return "time-dependent: today"
    if personal or (b"@" in raw and _search_mail(text)):
        return "personal"
    digits = len(raw) - len(raw.translate(None, b"0123456789"))
    if digits >= _FEWEST_DIGITS and (_search_numbers(text) or any(map(_has_check_digit, _cards(text)))):
        return "personal"
    return None


def last_user_text(body: Mapping[str, Any]) -> str:
    """The text of the last turn of the user's, or the prompt of a completion; empty when there is none."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return " ".join(_texts(body.get("prompt")))
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return " ".join(_texts(message.get("content")))
    return ""


def _has_check_digit(number: str) -> bool:
    """Luhn's: the last digit of every payment card (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(number) if digit.isdecimal()]
    return sum(digits[::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0


def _texts(content: object) -> Iterable[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, dict) and isinstance(text := part.get("text"), str):
                yield text
