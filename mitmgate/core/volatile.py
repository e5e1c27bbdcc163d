"""Which prompts must not be answered from memory: about the present moment, about one person, or for this once. Pure.

Words decide, in the few languages our users write most. Where it errs it errs by asking the upstream once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mitmgate.core.text.triggers import searches, words_of
from mitmgate.core.unshared import unshared

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
_STANDING: Final = (
    r"(?:account|address|billing address|card|credit card|e-?mail|name|order|passcode|password|phone|pin"
    r"|subscription)"
)
_OWNED: Final = (
    r"(?:accounts?|address|age|allowance|appointments?|balance|bank|bills?|birthday|blood \w+|booking|boss|boyfriend"
    r"|brother|calendar|cards?|child|children|city|claim|credit card|credit score|dad|date of birth|daughter"
    r"|deductible|delivery|deposit|diagnosis|doctor|dose|e-?mails?|employer|family|father|flight|girlfriend|gpa"
    r"|grades?|health|height|home|husband|iban|inbox|income|insurance|invoices?|ip|kids?|landlord|leave|loan"
    r"|location|medication|mobile|mom|mortgage|mother|mum|name|neighbou?rs?|orders?|package|parcel|parents|partner"
    r"|passcode|passport|password|paycheck|payslip|pension|phone|pin|points|prescription|profile|pto|quota|refund"
    r"|remaining \w+|rent|schedule|shifts?|timesheet|usage|vacation|reservation|results|salary|sister|son|ssn|street"
    r"|subscription|symptoms|tax return|therapist|ticket|weight|wife)"
)
_OWNED_DE: Final = r"(?:adresse|bestellung|konto|name|passwort|telefonnummer)"
#: What may end any day.
_LASTING: Final = (
    r"(?:alive|living|open|available|valid|legal|illegal|free|in (?:office|business|power|effect|production|charge"
    r"|stock|use|print|jail|prison|theaters|theatres|cinemas)|running|married|together|single|dating|going|ongoing"
    r"|working|down|closed|supported|active|playing|up|missing|banned|the|president|ceo|king|queen|mayor|a member"
    r"|work|live|own|play|exist|sell|make|hold|have)"
)
_ROAD: Final = (
    r"(?:[aim]-?\d+|highway|freeway|motorway|interstate|autobahn|bridge|tunnel|street|avenue|route|way|roads?)"
)
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
        r"(?:now[\s\"')]*(?:$|[.?!\n])|(?:as of|by|from|just|until|till|up to) now\b"
        r"|now (?:open|playing|available)\b)"
    ),
    "current": rf"current (?:[\w'-]+ ){{0,2}}{_OF_NOW}\b",
    "breaking": r"breaking news\b",
    "news": r"(?:(?:any|the|some|latest|local|world|sports) news\b|news (?:about|from|in|on|of)\b)",
    "recent": (
        r"(?:most recent\b|recent (?:news|events?|developments?|changes|releases?|updates?|elections?|results?))"
    ),
    "newest": r"newest (?:[\w'-]+ )?(?:iphone|model|phone|release|version)\b",
    "weather": (
        r"(?:weather (?:in|at|for|like|forecast|now|here|outside|near)\b|(?:what|how)(?:'?s| is) the weather\W*$)"
    ),
    "forecast": r"forecast for\b",
    "raining": r"is it raining\b",
    "snowing": r"is it snowing\b",
    "rain": r"(?:will|going to) (?:it )?rain\b",
    "snow": r"(?:will|going to) (?:it )?snow\b",
    "outside": r"(?:hot|cold|warm|temperature) (?:is it |it is )?outside\b",
    "this": rf"this (?:coming |past )?(?:morning|afternoon|evening|{_PERIOD}|{_DAY}|{_SEASON})(?!\w)",
    "these": r"these days\b",
    "last": (  # not: it makes milk last two days, the last day of school
        rf"(?:(?<!the )last (?:night|week|weekend|month|quarter|season|semester|year|decade|{_DAY}|{_SEASON})"
        rf"|(?:the|these|this|in|over|during|for|since|past|from|my) last {_FEW} {_PERIOD}"
        rf"|(?:in|over|during|within|since) the last {_PERIOD})(?!\w)(?! of\b)"
    ),
    "past": rf"the past (?:{_FEW} )?{_PERIOD}(?!\w)",
    "next": rf"next (?:{_PERIOD}|{_DAY}|{_SEASON}|{_FEW} {_PERIOD})(?!\w)(?! of\b)",
    "coming": rf"(?:the|this) coming (?:{_PERIOD}|{_DAY}|{_SEASON})(?!\w)",
    "ago": rf"(?:(?:second|minute|hour|day|week|month|decade)s?|{_FEW} years?) ago\b",
    "yet": r"yet[\s\"')]*(?:$|[.?!\n])",
    "still": rf"(?:^|[.?!] )(?:is|are|does|do|has|have) [\w'. -]{{1,60}}\bstill {_LASTING}\b",
    "until": r"how (?:long|many \w+)[\w' ]{0,40} until\b",
    "till": r"how (?:long|many \w+)[\w' ]{0,40} till\b",
    "left": rf"how many {_PERIOD} (?:are |is )?left\b",
    "winning": r"who(?:'?s| is) winning\b",
    "score": r"(?:what(?:'?s| is) the score\b|score of the (?:[\w'-]+ ){0,3}(?:game|match)\b)",
    "traffic": (
        r"(?:traffic (?:like|now)\b"
        r"|how(?:'?s| is| bad is| heavy is) (?:the )?traffic(?=\W*$| (?:in|on|near|at|around|right)\b)"
        rf"|is there (?:\w+ ){{0,3}}traffic\b|traffic (?:on|near|around) (?:the )?(?:[\w-]+ )?{_ROAD}\b)"
    ),
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
_HOW_MUCH: Final = r"how (?:much|many|long)(?: [\w'-]+){0,6}?"
_LEFT: Final = r"(?:left|remaining)(?=\W*$| (?:in|on|for|this|until|to use|of my)\b)"
_OF_ONES_OWN: Final = (
    r"(?:(?:vacation|sick|leave|holiday|annual|personal|paid|pto|free|off|time|credit|data|loyalty|bonus|unread|open"
    r"|upcoming|pending|remaining|unused|new) (?:[\w-]+ ){0,2})"
)
_HELD: Final = (
    rf"(?:how (?:much|many) {_OF_ONES_OWN}(?:do|did|have) i (?:still |currently |now )?(?:have|got|get|accrue)\b(?! "
    r"to\b)|how (?:much|many) (?:messages|e-?mails|meetings|appointments|orders|points|notifications|subscriptions"
    r"|accounts|money|tasks|credits|days|hours)(?: of [\w ]{1,20})? (?:do|have) i (?:still |currently |now "
    r")?(?:have|got)\b(?! to\b)(?=\W*$| (?:left|remaining|in|on|at|for|with|available|scheduled|off)\b)|(?:what"
    r"|which|do i have (?:any|a|an)|have i got any|are there any) (?:new |unread |upcoming )?(?:messages?|e-?mails?"
    r"|meetings?|appointments?|notifications?|orders?|shifts?)(?: do i have| have i got)?(?=\W*$| (?:left|scheduled"
    r"|today|for|in|on|from)\b))"
)
_PERSONS: Final = {
    "my": rf"my (?:\w+ )?{_OWNED}\b",
    "am": (
        r"(?:am (?:\d{1,3} years|diagnosed|called|pregnant|diabetic|allergic|suicidal)\b|(?:who|where|how \w+) "
        r"am i\b)"
    ),
    "m": r"(?<=i')m (?:\d{1,3} years|diagnosed|called|pregnant|diabetic|allergic|suicidal)\b",
    "live": r"(?:i live (?:at|in|near)\b|i (?:do not|don'?t|no longer) want to live\b)",
    "eligible": r"am i (?:\w+ )?eligible\b",
    "entitled": r"am i (?:\w+ )?entitled\b",
    **dict.fromkeys(("have", "got"), _HELD),
    **dict.fromkeys(
        ("left", "remaining"),
        rf"(?:i(?: still)? (?:have|'ve|ve|got)(?: got)? |(?:do|have) i (?:still )?(?:have |got )?){_LEFT}",
    ),
    "owe": rf"{_HOW_MUCH} (?:do|did) i (?:still |currently )?owe\b",
    **dict.fromkeys(
        ("spent", "spend", "saved", "earned", "used"),
        rf"{_HOW_MUCH} (?:have|did) i (?:\w+ )?(?:spen[dt]|saved|earned|used)\b",
    ),
    "paid": r"(?:when (?:do|will) i get paid|(?:have|was|did) i (?:been |get |already )?paid)\b",
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
# How one does it is the same for all of them, on Google as well.
_search_how_to: Final = re.compile(
    r"^(?:[\w']+ ){0,3}how (?:do|can|could|should|would|to|does one)\b(?: i| you| we| one)? (?:[\w'-]+ "
    rf"){{1,4}}?my (?:\w+ )?{_STANDING}(?: (?:on|in|for|at|with|from|via|using|through|after|if|when)(?: "
    r"(?!my\b)[\w'.-]+){1,6})?\W*(?:(?:please|pls|kindly|thanks|thank you)\W*)?$"
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
    plain, written = text.isascii(), text
    text = text.lower() if plain else text.lower().replace("’", "'")
    raw = text.encode("utf-8", "replace")
    personal = False
    words = frozenset(words_of(raw))
    for word in sorted(_TRIGGERS & words):
        if (search := _rules_of_moments.get(word)) is not None and search(text):
            return f"time-dependent: {word.decode()}"
        if not personal and (search := _rules_of_persons.get(word)) is not None and search(text):
            personal = word != b"my" or _search_how_to(text) is None
    if not plain and any(word in text for word in _MOMENTS_ELSEWHERE):
        return "time-dependent: today"
    if personal or (b"@" in raw and _search_mail(text)):
        return "personal"
    digits = len(raw) - len(raw.translate(None, b"0123456789"))
    if digits >= _FEWEST_DIGITS and (_search_numbers(text) or any(map(_has_check_digit, _cards(text)))):
        return "personal"
    return unshared(words, text, written)


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
