"""Which questions are about now: the answer is another one tomorrow. Pure."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Final

from mitmgate.core.text.general import asks_generally
from mitmgate.core.text.programs import about_a_program
from mitmgate.core.text.triggers import searches

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
_CURRENCY: Final = r"(?:dollars?|euros?|pounds?|yen|rupees?|francs?|pesos?|yuan|usd|eur|gbp|jpy|inr|chf|cny|cad|aud)"
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
#: What a named thing is in just now; a door, a set in general is not.
_STATUS: Final = (
    r"(?<!.)(?:is|are) (?!an? |it |there )[\w' .&-]{1,40}?\b(?:down|open|closed|delayed|cancelled|canceled|hiring)"
    r"(?: (?:again|or not|for everyone|for me))?[\s?!.]*$"
)
_AT_HAND: Final = (
    r"(?:(?:are|is) there (?:any |an? )?(?:[\w-]+ )?(?:delays|strikes|outages|vacancies|openings|queue|line"
    r"|wait)\b(?! between)"
    r"|(?<!.)any (?:[\w-]+ )?(?:delays|strikes|outages|vacancies|openings)\b"
    r"|how long(?:'?s| is| are) (?:the |your )?(?:queue|line|wait)s?\b)"
)
_GOING_ON: Final = (
    r"(?:(?:who|what|which)(?: \w+)?(?:'?s| is| are) (?:currently |still )?(?:winning|ahead|trending(?= (?:on"
    r"|in|at|now)\b|\W*$)|leading(?="
    r" (?:the|in|with"
    r"|after)\b|\W*$))|(?:is|are|'s) (?:[\w'&-]+ ){0,3}trading (?:at|for)\b"
    r"|what(?:'?s| is) (?:happening|going on)(?= (?:in|at|with|on)\b|\W*$)"
    r"|how(?:'?s| is| are) (?!it |he |she )(?:[\w'&-]+ ){1,4}doing\b(?! it)"
    r"|(?:what|which) [\w ]{1,30}(?:is|are) (?:playing|showing)(?: (?:in|at|on) [\w ]+)?\W*$)"
)
_SHOWN: Final = (
    r"(?:(?:what|which)(?: \w+)?(?:'?s| is| are) (?:\w+ ){0,2}?(?:in|at|on) (?:the )?"
    r"(?:cinemas?|theat(?:er|re)s|tv|netflix)[\s?!.]*$)"
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
        r"(?:most recent\b|(?<!in )(?<!the )recent [\w-]+(?: [\w-]+)? (?:in|of|about|by|from|on|at|near)\b"
        r"|recent (?:news|events?|developments?|changes|releases?|updates?|elections?|results?))"
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
    "next": rf"(?:when(?:'?s| is| are| does| do| will) (?:the |our )?)next\b|next (?:{_PERIOD}|{_DAY}|{_SEASON}"
    rf"|{_FEW} {_PERIOD})(?!\w)(?! of\b)",
    "coming": rf"(?:the|this) coming (?:{_PERIOD}|{_DAY}|{_SEASON})(?!\w)",
    "ago": rf"(?:how (?:long|many \w+)|(?:second|minute|hour|day|week|month|decade)s?|{_FEW} years?) ago\b",
    "yet": r"yet[\s\"')]*(?:$|[.?!\n])",
    "still": rf"(?:^|[.?!] )(?:is|are|does|do|has|have) [\w'. -]{{1,60}}\bstill {_LASTING}\b",
    "until": r"how (?:long|many \w+)[\w' ]{0,40} until\b",
    "till": r"how (?:long|many \w+)[\w' ]{0,40} till\b",
    **dict.fromkeys(("down", "open", "closed", "delayed", "cancelled", "canceled", "hiring"), _STATUS),
    **dict.fromkeys(("delays", "strikes", "outages", "vacancies", "openings", "queue", "line", "wait"), _AT_HAND),
    **dict.fromkeys(
        ("leading", "trending", "trading", "ahead", "happening", "going", "doing", "playing", "showing"), _GOING_ON
    ),
    **dict.fromkeys(("cinemas", "cinema", "theaters", "theatres", "tv", "netflix"), _SHOWN),
    "left": rf"how many {_PERIOD} (?:are |is )?left\b",
    "winning": _GOING_ON,
    "score": r"(?:what(?:'?s| is) the score\b(?! of an? )|score of the (?:[\w'-]+ ){0,3}(?:game|match)\b)",
    "traffic": (
        r"(?:traffic (?:like|now)\b"
        r"|how(?:'?s| is| bad is| heavy is) (?:the )?traffic(?=\W*$| (?:in|on|near|at|around|right)\b)"
        rf"|is there (?:\w+ ){{0,3}}traffic\b|traffic (?:on|near|around) (?:the )?(?:[\w-]+ )?{_ROAD}\b)"
    ),
    "price": rf"(?:{_TRADED} price\b|price of (?:an? )?(?:barrel of )?{_TRADED}\b)",
    "prices": rf"{_TRADED} prices\b",
    "rate": rf"{_CURRENCY} to {_CURRENCY} (?:exchange )?rate\b",
    "exchange": (
        r"(?:exchange rates? (?:for|of|between|from|to|now)\b|what(?:'?s| is) the (?:[\w'-]+ ){0,3}exchange rate\b)"
    ),
    "what": (
        r"(?:what(?:'?s| is) new\b(?!.{0,60}\d)|what time (?:is|will) (?!best|good|considered|too|ok|ideal|it"
        r" (?:best|ok|safe))"
        r"|what(?: (?:time|day|date|year|month|week) (?:of the \w+ )?is (?:it|this)\b|(?: is|'?s) the (?:time"
        r"|date)(?= (?:in|at|now|right|here|there)\b|\W*$)))"
    ),
    "whats": r"whats the (?:time|date)\b",
    "which": r"which (?:day|month|year) is (?:it|this)\b",
    "time": r"(?:tell|give|know|got) (?:me )?the time\b",
    "aujourd": r"aujourd'hui\b",
}
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


#: A year settles of when they are, and how they come about is no news.
_MEASURED: Final = frozenset((b"what", b"price", b"prices", b"score", b"news", b"weather", b"exchange"))
_dated_or_explained: Final = re.compile(
    r"\b(?:1[5-9]|20)\d\d\b|\b(?:how|why|who|what) (?:is|are|does|do|did|determines|affects|causes|drives|moves"
    r"|sets|influences)?"
    r"[\w' ]{1,40}(?:determined|calculated|set|measured|made|formed|rise|fall|change|fluctuate|decided|computed)\b"
).search
_search: Final = searches(_MOMENTS)


def _settled(word: bytes, words: AbstractSet[bytes], text: str) -> bool:
    """Whether the answer is the same tomorrow all the same: the current time in Python, a price of 2008."""
    if word in _MEASURED and _dated_or_explained(text):
        return True
    return asks_generally(text) and (word == b"recent" or about_a_program(words, text))


def of_the_present(words: AbstractSet[bytes], text: str) -> str | None:
    """The word that says so; None when there is none. words: those of the text, which is lower-case and bare."""
    for word in sorted(_search.keys() & words):
        if _search[word](text) and not _settled(word, words, text):
            return word.decode()
    return "today" if not text.isascii() and any(word in text for word in _MOMENTS_ELSEWHERE) else None
