"""Which prompts must not be answered from memory: those about the present moment, and those about one person. Pure.

Words decide, in the few languages our users write most. Where it errs it errs by asking the upstream once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

# What a question refers to stands at its beginning or end; a long pasted document in between says little.
_READ_CHARACTERS: Final = 4000

_NOUNS_OF_NOW: Final = (
    r"(?:date|day|time|year|month|week|hour|weather|temperature|forecast|price|stock|exchange|rate|news|events?|status"
    r"|president|prime minister|ceo|version|score|standings|traffic|situation|population)"
)
# trigger (found by a plain substring search first) -> what must match around it; None: the trigger alone decides
_MOMENTS: Final[tuple[tuple[str, re.Pattern[str] | None], ...]] = (
    ("today", re.compile(r"\btoday\b")),
    ("tonight", re.compile(r"\btonight\b")),
    ("tomorrow", re.compile(r"\btomorrow\b")),
    ("yesterday", re.compile(r"\byesterday\b")),
    ("right now", re.compile(r"\bright now\b")),
    ("at the moment", re.compile(r"\bat the moment\b")),
    ("nowadays", re.compile(r"\bnowadays\b")),
    ("currently", re.compile(r"\bcurrently\b")),
    ("current ", re.compile(rf"\bcurrent (?:\w+ )?{_NOUNS_OF_NOW}\b")),
    ("latest", re.compile(r"\blatest\b")),
    ("breaking news", re.compile(r"\bbreaking news\b")),
    ("most recent", re.compile(r"\bmost recent(?:ly)?\b")),
    ("weather", re.compile(r"\bweather (?:like )?(?:in|at|for|like|forecast|now)\b|\bforecast\b.*\bweather\b")),
    ("this ", re.compile(r"\bthis (?:morning|afternoon|evening|weekend|week|month|quarter|year)\b")),
    ("last ", re.compile(r"\blast (?:night|week|weekend|month|quarter|year)\b")),
    ("next ", re.compile(r"\bnext (?:week|weekend|month|quarter|year)\b")),
    ("what time", re.compile(r"\bwhat time is it\b")),
    ("the time", re.compile(r"\bwhat(?:'s| is) the time\b")),
    ("what day", re.compile(r"\bwhat day is (?:it|this)\b")),
    ("what year", re.compile(r"\bwhat year is (?:it|this)\b")),
    ("the date", re.compile(r"\bwhat(?:'s| is) the date\b")),
    (" now?", None),
    ("heute", re.compile(r"\bheute\b")),
    ("gestern", re.compile(r"\bgestern\b")),
    ("aktuell", re.compile(r"\baktuell\w*\b")),
    ("aujourd'hui", None),
    ("aujourd’hui", None),
    ("hoy", re.compile(r"\bhoy\b")),
    ("oggi", re.compile(r"\boggi\b")),
    ("hoje", re.compile(r"\bhoje\b")),
    ("сегодня", None),
    ("今天", None),
    ("今日", None),
    ("现在", None),
    ("오늘", None),
)
_OWNED: Final = (
    r"(?:name|e-?mail|phone|mobile|address|account|order|password|passcode|pin|ssn|passport|birthday|date of birth|age"
    r"|salary|diagnosis|symptoms|medication|prescription|doctor|bank|balance|subscription|invoice|credit card|card|iban"
    r"|ticket|booking|reservation|appointment|calendar|inbox|husband|wife|partner|daughter|son|boss)"
)
_PERSONS: Final[tuple[tuple[str, re.Pattern[str] | None], ...]] = (
    ("my ", re.compile(rf"\bmy (?:\w+ )?{_OWNED}\b")),
    ("i am ", re.compile(r"\bi am (?:\d{1,3} years|diagnosed|called)\b")),
    ("i'm ", re.compile(r"\bi'm (?:\d{1,3} years|diagnosed|called)\b")),
    ("who am i", re.compile(r"\bwho am i\b")),
    ("remember me", re.compile(r"\bremember me\b")),
    ("did i ", re.compile(r"\bwhat did i (?:say|ask|tell|write)\b")),
    ("mein", re.compile(r"\bmeine? (?:name|adresse|konto|passwort|telefonnummer|bestellung)\b")),
    ("@", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
)
# Card and bank numbers, phone numbers in international form
_search_numbers: Final = re.compile(
    r"\b(?:\d[ -]?){12,18}\d\b|\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}\b|\+\d[\d ()-]{7,16}\d"
).search
_search_digits: Final = re.compile(r"[0-9]{4}").search


def volatility(body: Mapping[str, Any]) -> str | None:
    """Why the last user turn's answer must not be kept, such as "time-dependent: today"; None when it may."""
    text = last_user_text(body)
    if len(text) > _READ_CHARACTERS:
        text = f"{text[: _READ_CHARACTERS // 2]}\n{text[-_READ_CHARACTERS // 2 :]}"
    return volatile_text(text)


def volatile_text(text: str) -> str | None:
    """As volatility, of a text of bounded length."""
    text = text.lower()
    for trigger, pattern in _MOMENTS:
        if trigger in text and (pattern is None or pattern.search(text)):
            return f"time-dependent: {_shown(trigger)}"
    for trigger, pattern in _PERSONS:
        if trigger in text and (pattern is None or pattern.search(text)):
            return "personal"
    if _search_digits(text) and _search_numbers(text):
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


def _texts(content: object) -> Iterable[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"]


def _shown(trigger: str) -> str:
    # The reason travels in a header, so only ASCII is told.
    return trigger.strip().rstrip("?") if trigger.isascii() else "now"
