"""Which questions are about one person: what is theirs, where they are, what they did, how they are. Pure.

How one does it with what everybody has is the same for all: `asks_generally`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from mitmgate.core.text.general import asks_generally
from mitmgate.core.text.triggers import searches

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

# ---- what is asked of one's own, whatever it is
#: A sentence or what is requested begins.
_BEGINS: Final = r"(?:^|(?<=[.!?;\n])|(?<=[.!?;\n]\s)|(?<=\band )|(?<=\bplease )|(?<=\byou )|(?<=\bme )|(?<=\bso ))"
_SHORT: Final = r"(?: [\w'-]+){1,3}\W*$"
_MINE: Final = (
    rf"{_BEGINS}(?:(?:what|who|when|where)(?:'?s| is| are| was| were)|what time (?:is|was)) my{_SHORT}"
    r"|(?:did|has|have|was|were) my [\w'-]+"
    rf"|{_BEGINS}(?:show|list|read|open|check|get|give|track|cancel|pay|send|renew|delete|find)(?: me)?(?: all|"
    rf" all of)? my"
    rf"{_SHORT}"
)
_AM_I: Final = (
    r"(?:(?<!\bwhy )(?<!\bwhat )am i\b(?! to\b)(?! (?:\w+ )?(?:allowed|supposed|required|able|liable|legally"
    r"|responsible"
    r"|obliged|obligated|permitted|doing"
    r"|too\b|missing|getting|being|an?\b|the only|alone|wrong|bad|always|charged)))"
)
#: Not why: why did I get a fever after a vaccine?
_DID_I: Final = (
    rf"{_BEGINS}(?:(?:what|which|when|where|who|whom|how (?:much|many|long|often|far|well))(?: [\w'-]+){{0,3}} )?"
    r"(?:did|was|have) i (?!to\b|got to\b|the right\b)\w"
)
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
    "my": rf"(?:my (?:\w+ )?{_OWNED}\b|{_MINE})",
    "am": (rf"(?:am (?:\d{{1,3}} years|diagnosed|called|pregnant|diabetic|allergic|suicidal)\b|{_AM_I})"),
    "m": r"(?<=i')m (?:\d{1,3} years|diagnosed|called|pregnant|diabetic|allergic|suicidal)\b",
    "live": r"(?:i live (?:at|in|near)\b|i (?:do not|don'?t|no longer) want to live\b)",
    **dict.fromkeys(("have", "got"), f"{_HELD}|{_DID_I}"),
    **dict.fromkeys(("did", "was"), _DID_I),
    **dict.fromkeys(("anyone", "anybody", "someone"), r"(?:did|has|have) (?:any|some)(?:one|body) (?:\w+ ){1,3}?me\b"),
    **dict.fromkeys(
        ("left", "remaining"),
        rf"(?:i(?: still)? (?:have|'ve|ve|got)(?: got)? |(?:do|have) i (?:still )?(?:have |got )?){_LEFT}",
    ),
    "owe": rf"{_HOW_MUCH} (?:do|did) i (?:still |currently )?owe\b",
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
    "mein": rf"mein {_OWNED_DE}\b",
    "meine": rf"meine {_OWNED_DE}\b",
}

#: What one has and did: how to find it out is the same for all.
_OF_OWN: Final = frozenset((b"my", b"have", b"got", b"left", b"remaining", b"owe", b"did", b"was"))
_search: Final = searches(_PERSONS)
TRIGGERS: Final = frozenset(_search.keys())


def about_one_person(words: AbstractSet[bytes], text: str) -> bool:
    """words: those of the text, which is lower-case and has no courtesy."""
    found = TRIGGERS.intersection(words)
    if any(_search[word](text) for word in found - _OF_OWN):
        return True
    return any(_search[word](text) for word in found & _OF_OWN) and not asks_generally(text)
