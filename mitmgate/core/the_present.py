"""Which questions say that they are about now: the answer is another one tomorrow. Pure.

Only words that are certain are read; what is about now without such a word is for the classifier to find
(`services/never_shared.py`).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from mitmgate.core.text.general import asks_generally
from mitmgate.core.text.triggers import searches

_DAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_PERIOD: Final = (
    rf"(?:(?:second|minute|hour|day|week|weekend|month|quarter|season|semester|year|decade)s?|{_DAY}"
    r"|spring|summer|autumn|winter)"
)
_FEW: Final = r"(?:an?|few|couple of|one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2})"
#: A word that sets off a look -> what must match. These say when, whatever stands around them.
_MOMENTS: Final = {
    **dict.fromkeys(("today", "tonight", "tomorrow", "yesterday", "nowadays", "currently", "latest"), r""),
    **dict.fromkeys(("todays", "tomorrows", "yesterdays", "recently", "lately", "upcoming"), r""),
    **dict.fromkeys(("heute", "gestern", "morgen", "hoy", "ayer", "oggi", "ieri", "hoje", "ontem"), r""),
    "aujourd": r"aujourd'hui\b",
    "right": r"right now\b",
    "moment": r"at (?:the|this) (?:very )?moment\b",
    "now": r"(?:now[\s\"')]*(?:$|[.?!\n])|(?:as of|by|from|just|until|till|up to) now\b)",
    "these": r"these days\b",
    "current": r"(?:what|who)(?:'?s| is| are) the current \w{3,}(?! (?:in|of|through|from)\b.{0,30}circuit)",
    **dict.fromkeys(("until", "till", "left"), rf"how many {_PERIOD}(?: are| is)?(?: there)? (?:until|till|left)\b"),
    "exchange": r"(?<!.)(?:what(?:'?s| is) the )?exchange rate (?:of|for|between)\b",
    **dict.fromkeys(("cinemas", "theaters", "theatres"), r"in (?:the )?(?:cinemas|theaters|theatres)\W*$"),
    "still": r"(?:^|[.?!] )is [\w'. -]{1,40} still alive\b",
    "what": r"what(?: (?:time|day|date|year|month|week) is (?:it|this)\b|(?: is|'?s) the (?:time|date)\W*$)",
    "weather": r"(?:weather (?:in|at|for|like|here|outside|near)\b|(?:what|how)(?:'?s| is) the weather\W*$)",
}
#: These do where it is not asked how something is done or whether it may be.
_PERIODS: Final = {
    "this": rf"this (?:coming |past )?(?:morning|afternoon|evening|{_PERIOD})(?!\w)",
    "last": (  # not: it makes milk last two days, the last day of school
        rf"(?:(?<!the )last (?:night|{_PERIOD})"
        rf"|(?:the|these|this|in|over|during|for|since|past|from|my) last {_FEW} {_PERIOD}"
        rf"|(?:in|over|during|within|since) the last {_PERIOD})(?!\w)(?! of\b)"
    ),
    "past": rf"the past (?:{_FEW} )?{_PERIOD}(?!\w)",
    "next": rf"next (?:{_PERIOD}|{_FEW} {_PERIOD})(?!\w)(?! of\b)",
    "ago": rf"(?:how (?:long|many \w+)|(?:second|minute|hour|day|week|month)s?|{_FEW} years?) ago\b",
}
_ELSEWHERE: Final = (
    "сегодня", "сейчас", "今天", "今日", "现在", "目前", "今週", "오늘", "지금",
)  # fmt: skip  # some of their scripts have no spaces

_search: Final = searches(_MOMENTS | _PERIODS)
_periods: Final = frozenset(word.encode() for word in _PERIODS)


def of_the_present(words: AbstractSet[bytes], text: str) -> str | None:
    """The word that says so; None when there is none. words: those of the text, which is lower-case and bare."""
    for word in sorted(_search.keys() & words):
        if _search[word](text) and not (word in _periods and asks_generally(text)):
            return word.decode()
    return "today" if not text.isascii() and any(word in text for word in _ELSEWHERE) else None
