"""Questions on which somebody's life or health may hang: an answer must be to these words, not to some like them. Pure.

Words decide. A novel's title that is taken for a crisis costs a call; it is meant to.
"""

from __future__ import annotations

from typing import Final

from mitmgate.core.text.tables import word_list, word_set
from mitmgate.core.text.triggers import searches, words_of

_STEMS: Final = tuple(
    stem.encode()
    for stem in word_list(
        "suicid suizid selbstmord selbstverletz selfharm overdos anaphyla molest assault anorexi bulimi miscarr "
        "poison lethal pregnan seizure unconscious stalker stalking autolesi"
    )
)
_WORDS: Final = frozenset(
    word.encode()
    for word in word_set(
        "abuse abused abuser abusers abuses abusing abusive rape raped rapes raping rapist dose doses dosed dosing "
        "dosage dosages choke choked chokes choking"
    )
)
_ONESELF: Final = r"(?:kill|hurt|harm|cut|hang|shoot|starv)\w{0,4} (?:my|your|him|her|them|our|one)sel"
_ATTACKED: Final = r"(?:beats?|beating|hits?|hitting|threaten\w*) (?:me|him|her|us|them)\b"
_LIFE: Final = r"(?:end|ends|ending|take|takes|taking|took) (?:my|your|his|her|their|one'?s) (?:own )?li(?:fe|ves)\b"
_BREATH: Final = r"(?:not|stopped|can't|cant|cannot|trouble|difficulty) breath(?:e|ing)?\b"
_BLEEDING: Final = r"(?:bleed(?:s|ing)? (?:out|heavily|badly|to|a lot)|(?:stop|stops) \w+ bleeding)\b"
_rules: Final = searches(
    {
        **dict.fromkeys(("myself", "yourself", "himself", "herself", "themselves", "ourselves", "oneself"), _ONESELF),
        **dict.fromkeys(("me", "him", "her", "us", "them"), _ATTACKED),
        **dict.fromkeys(("life", "lives"), _LIFE),
        **dict.fromkeys(("breathe", "breathing", "breath"), _BREATH),
        **dict.fromkeys(("bleeding", "bleed", "bleeds"), _BLEEDING),
        "self": r"self[ -](?:harm|injur)",
        "die": r"(?:want|wants|wish|wishes|going|ready) to die\b",
        "wrists": r"(?:cut|slit)(?:ting|s)? \w+ wrists\b",
        "violence": r"domestic violence\b",
        "attack": r"heart attack\b",
        "arrest": r"cardiac arrest\b",
        "chest": r"chest pains?\b",
        "stroke": r"(?:having|had|has|of|after) a stroke\b",
        "reaction": r"allergic reaction\b",
        "aid": r"first aid\b",
    }
)
_ELSEWHERE: Final = ("自杀", "自殺", "자살", "самоуби")


def of_a_crisis(text: str) -> bool:
    """Self-harm, suicide, abuse, poison and doses, emergencies of the body. text is of bounded length."""
    text = text.lower().replace("’", "'")
    words = set(words_of(text.encode("utf-8", "replace")))
    if not words.isdisjoint(_WORDS) or any(word.startswith(_STEMS) for word in words):
        return True
    if any(_rules[word](text) for word in words.intersection(_rules)):
        return True
    return not text.isascii() and any(word in text for word in _ELSEWHERE)
