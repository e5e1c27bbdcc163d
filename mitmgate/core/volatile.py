"""Which prompts must not be answered from memory: those about the present moment, and those about one person. Pure.

Words decide, in the few languages our users write most. Where it errs it errs by asking the upstream once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mitmgate.core.text.triggers import searches, words_of

# What a question refers to stands at its beginning or end; a long pasted document in between says little.
_READ_CHARACTERS: Final = 4000

_OF_NOW: Final = (
    r"(?:affairs|ceos?|champions?|chancellor|date|day|events?|exchange|forecast|government|governor|hour|inflation"
    r"|interest|king|laws?|leader|location|mayor|members|minister|month|news|policy|pope|population|president|prices?"
    r"|prime minister|queen|ranking|rates?|record|release|salary|score|season|situation|standings|state|status|stock"
    r"|temperature|time|traffic|trends?|value|version|weather|week|world|year)"
)
_PERIOD: Final = r"(?:second|minute|hour|day|week|weekend|month|quarter|season|semester|year|decade)s?"
_DAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_SEASON: Final = r"(?:spring|summer|autumn|fall|winter)"
_FEW: Final = r"(?:an?|few|couple of|one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2})"
_TRADED: Final = r"(?:stock|share|bitcoin|btc|crypto|ethereum|eth|gold|silver|oil|gas|petrol|fuel|house)"
_STANDING: Final = r"(?:account|address|card|credit card|e-?mail|name|order|passcode|password|phone|pin|subscription)"
_OWNED: Final = (
    r"(?:accounts?|address|age|appointments?|balance|bank|bills?|birthday|blood \w+|booking|boss|boyfriend|brother"
    r"|calendar|cards?|child|children|city|claim|credit card|dad|date of birth|daughter|delivery|diagnosis|doctor|dose"
    r"|e-?mails?|employer|family|father|flight|girlfriend|health|height|home|husband|iban|inbox|income|insurance"
    r"|invoices?|ip|kids?|landlord|loan|location|medication|mobile|mom|mortgage|mother|mum|name|neighbou?rs?|orders?"
    r"|package|parcel|parents|partner|passcode|passport|password|paycheck|phone|pin|prescription|profile|refund|rent"
    r"|reservation|results|salary|sister|son|ssn|street|subscription|symptoms|tax return|therapist|ticket|weight|wife)"
)
_OWNED_DE: Final = r"(?:adresse|bestellung|konto|name|passwort|telefonnummer)"
# A word that sets off a look -> what must match.
_MOMENTS: Final = {
    **dict.fromkeys(("today", "tonight", "tomorrow", "yesterday", "nowadays", "currently", "latest"), r""),
    **dict.fromkeys(("todays", "tomorrows", "yesterdays", "recently", "lately", "upcoming", "headlines"), r""),
    **dict.fromkeys(("heute", "gestern", "morgen", "hoy", "ayer", "oggi", "ieri", "hoje", "ontem"), r""),
    **dict.fromkeys(("aktuell", "aktuelle", "aktuellen", "aktueller", "aktuelles"), r""),
    "right": r"right now\b",
    "moment": r"at (?:the|this) (?:very )?moment\b",
    "present": r"at present\b",
    "now": (
        r"(?:now[\s\"')]*(?:$|[.?!\n])|(?:as of|by|from|just|until|till|up to) now\b|now (?:open|playing|available)\b)"
    ),
    "current": rf"current (?:[\w'-]+ ){{0,2}}{_OF_NOW}\b",
    "breaking": r"breaking news\b",
    "news": r"(?:(?:any|the|some|latest|local|world|sports) news\b|news (?:about|from|in|on|of)\b)",
    "recent": (
        r"(?:most recent\b|recent (?:news|events?|developments?|changes|releases?|updates?|elections?|results?))"
    ),
    "newest": r"newest (?:[\w'-]+ )?(?:iphone|model|phone|release|version)\b",
    "weather": r"weather (?:in|at|for|like|forecast|now|here|outside|near)\b",
    "forecast": r"forecast for\b",
    "raining": r"is it raining\b",
    "snowing": r"is it snowing\b",
    "rain": r"(?:will|going to) (?:it )?rain\b",
    "snow": r"(?:will|going to) (?:it )?snow\b",
    "outside": r"(?:hot|cold|warm|temperature) (?:is it |it is )?outside\b",
    "this": rf"this (?:coming |past )?(?:morning|afternoon|evening|{_PERIOD}|{_DAY}|{_SEASON})(?!\w)",
    "these": r"these days\b",
    "last": rf"last (?:night|{_PERIOD}|{_DAY}|{_SEASON}|{_FEW} {_PERIOD})(?!\w)",
    "past": rf"the past (?:{_FEW} )?{_PERIOD}(?!\w)",
    "next": rf"next (?:{_PERIOD}|{_DAY}|{_SEASON}|{_FEW} {_PERIOD})(?!\w)",
    "coming": rf"(?:the|this) coming (?:{_PERIOD}|{_DAY}|{_SEASON})(?!\w)",
    "ago": rf"(?:(?:second|minute|hour|day|week|month|decade)s?|{_FEW} years?) ago\b",
    "yet": r"yet[\s\"')]*(?:$|[.?!\n])",
    "still": r"(?:^|[.?!] )(?:is|are|does|do|has|have) [\w'. -]{1,60}\bstill\b",
    "until": r"how (?:long|many \w+)[\w' ]{0,40} until\b",
    "till": r"how (?:long|many \w+)[\w' ]{0,40} till\b",
    "left": rf"how many {_PERIOD} (?:are |is )?left\b",
    "winning": r"who(?:'?s| is) winning\b",
    "score": r"(?:what(?:'?s| is) the score\b|score of the (?:[\w'-]+ ){0,3}(?:game|match)\b)",
    "traffic": r"traffic (?:like|now|on|near)\b",
    "price": rf"(?:{_TRADED} price\b|price of (?:an? )?(?:barrel of )?{_TRADED}\b)",
    "prices": rf"{_TRADED} prices\b",
    "exchange": (
        r"(?:exchange rates? (?:for|of|between|from|to|now)\b|what(?:'?s| is) the (?:[\w'-]+ ){0,3}exchange rate\b)"
    ),
    "what": (
        r"what(?: (?:time|day|date|year|month|week) (?:of the \w+ )?is (?:it|this)|(?: is|'?s) the (?:time|date))\b"
    ),
    "whats": r"whats the (?:time|date)\b",
    "which": r"which (?:day|month|year) is (?:it|this)\b",
    "time": r"(?:tell|give|know|got) (?:me )?the time\b",
    "aujourd": r"aujourd'hui\b",
}
_PERSONS: Final = {
    "my": rf"my (?:\w+ )?{_OWNED}\b",
    "am": (
        r"(?:am (?:\d{1,3} years|diagnosed|called|pregnant|diabetic|allergic|suicidal)\b|(?:who|where|how \w+) am i\b)"
    ),
    "m": r"(?<=i')m (?:\d{1,3} years|diagnosed|called|pregnant|diabetic|allergic|suicidal)\b",
    "live": r"i live (?:at|in|near)\b",
    "born": r"i was born\b",
    "weigh": r"i weigh\b",
    "earn": r"i earn (?:about |around )?[$€£\d]",
    "myself": r"(?:kill|killing|hurt|hurting|harm|harming|cut|cutting|hang) myself\b",
    "die": r"i (?:want|wish|am going|would like|deserve) to die\b",
    "dead": r"i (?:was|were|wish i (?:was|were)) dead\b",
    "me": r"(?:near|beside|remember|beats?|beating|hits?|hitting|abus\w+|rap\w+|hurts?|threaten\w*) me\b",
    "nearby": r"",
    "here": r"(?:around|near|from|live) here\b",
    "did": r"(?<=what )did i (?:say|ask|tell|write)\b",
    "mein": rf"mein {_OWNED_DE}\b",
    "meine": rf"meine {_OWNED_DE}\b",
}
# How one does it is the same for all of them.
_search_how_to: Final = re.compile(
    r"^(?:[\w']+ ){0,3}how (?:do|can|could|should|would|to|does one)\b(?: i| you| we| one)? (?:[\w'-]+ ){1,4}?"
    rf"my (?:\w+ )?{_STANDING}\W*(?:(?:please|pls|kindly|thanks|thank you)\W*)?$"
).search
_MOMENTS_ELSEWHERE: Final = (
    "сегодня",
    "сейчас",
    "今天",
    "今日",
    "现在",
    "目前",
    "今週",
    "오늘",
    "지금",
)  # some of their scripts have no spaces


_rules_of_moments: Final = searches(_MOMENTS)
_rules_of_persons: Final = searches(_PERSONS)
_TRIGGERS: Final = frozenset(_rules_of_moments.keys() | _rules_of_persons.keys())
_search_mail: Final = re.compile(r"[\w.+-]@[\w-]{1,63}\.\w").search
_cards: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)").findall
# Bank numbers (IBAN), and telephone numbers in their international form
_search_numbers: Final = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}\b|\+\d[\d ()-]{7,16}\d").search
_FEWEST_DIGITS: Final = 9


def volatility(body: Mapping[str, Any]) -> str | None:
    """Why the last user turn's answer must not be kept, such as "time-dependent: today"; None when it may."""
    return volatile_in(last_user_text(body))


def volatile_in(text: str) -> str | None:
    """As volatility, of a text of any length."""
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
    for word in sorted(_TRIGGERS.intersection(words_of(raw))):
        if (search := _rules_of_moments.get(word)) is not None:
            if search(text):
                return f"time-dependent: {word.decode()}"
        elif not personal and _rules_of_persons[word](text):
            personal = word != b"my" or _search_how_to(text) is None
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
