"""The forms of English verbs that the templates need."""

import re

from .tables import words

_DOUBLED = words(
    """quit forget format transfer control embed refer prefer unplug equip admit commit submit unzip remap debug
    begin regret forbid transmit reset unban"""
)
_SHORT = re.compile(r"[bcdfghjklmnprstvwz]+[aeiou][bdfgklmnprtvz]")
_GERUND = {
    "be": "being",
    "lie": "lying",
    "die": "dying",
    "tie": "tying",
    "see": "seeing",
    "free": "freeing",
    "dye": "dyeing",
    "agree": "agreeing",
    "flee": "fleeing",
}
_PAST = {
    "be": "been",
    "beat": "beaten",
    "become": "become",
    "begin": "begun",
    "break": "broken",
    "bring": "brought",
    "build": "built",
    "buy": "bought",
    "catch": "caught",
    "choose": "chosen",
    "cut": "cut",
    "do": "done",
    "draw": "drawn",
    "drink": "drunk",
    "drive": "driven",
    "eat": "eaten",
    "feed": "fed",
    "find": "found",
    "fly": "flown",
    "get": "got",
    "give": "given",
    "go": "gone",
    "grow": "grown",
    "hide": "hidden",
    "hold": "held",
    "keep": "kept",
    "know": "known",
    "lay": "laid",
    "lead": "led",
    "leave": "left",
    "lend": "lent",
    "let": "let",
    "lose": "lost",
    "make": "made",
    "meet": "met",
    "pay": "paid",
    "put": "put",
    "quit": "quit",
    "read": "read",
    "run": "run",
    "sell": "sold",
    "send": "sent",
    "set": "set",
    "sign": "signed",
    "sing": "sung",
    "split": "split",
    "swim": "swum",
    "take": "taken",
    "teach": "taught",
    "tell": "told",
    "think": "thought",
    "throw": "thrown",
    "win": "won",
    "write": "written",
}


def _doubles(verb: str) -> bool:
    """Whether the last letter is doubled before -ing and -ed: `stop`, `forget`."""
    return verb in _DOUBLED or _SHORT.fullmatch(verb) is not None


def gerund(verb: str) -> str:
    """`convert` → `converting`."""
    if verb in _GERUND:
        return _GERUND[verb]
    if _doubles(verb):
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + "ing"


def third(verb: str) -> str:
    """`convert` → `converts`."""
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def participle(verb: str) -> str:
    """`convert` → `converted`."""
    if verb in _PAST:
        return _PAST[verb]
    if _doubles(verb):
        return verb + verb[-1] + "ed"
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"


def phrase(action: str, form: str) -> str:
    """The verb phrase with its first word in the form asked for: V (base), G (gerund) or S (third person)."""
    verb, _, rest = action.partition(" ")
    changed = {"V": lambda word: word, "G": gerund, "S": third}[form](verb)
    return f"{changed} {rest}" if rest else changed
