"""Questions on which somebody's life or health may hang: an answer must be to these words, not to some like "
"them. Pure.

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
        "poison lethal seizure unconscious stalker stalking autolesi"
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
_WAY_OUT: Final = (
    r"(?:(?:want|wants|wanting|wish|wishes|wished|going|ready|deserve|deserves|need) to die\b"
    r"|(?:ways?|methods?|poison|pills?|drugs?) (?:for (?:me|someone|a person) )?to die\b"
    r"|how (?:(?:can|do|could|should|would) (?:i|one|someone|you|we)|to) (?:\w+ )?die\b"
    r"|die (?:painless|peaceful|quick|easi|fast|quiet|without (?:any )?(?:pain|suffering)|in my sleep))"
)
_NO_LIFE: Final = (
    r"(?:(?:(?:do not|don'?t|doesn'?t|no longer|not) want(?:s)? to|tired of|sick of|stop|not worth|no (?:reason"
    r"|point) (?:to|in)|nothing to|no will to) (?:live|living|be alive|being alive|exist|existing|wake up|go on)\b)"
)
_DEADLY: Final = (
    r"(?:(?:how (?:many|much)|pills|tablets|if you|drink|swallow|eat|inhale|ingest)\b[^.?!\n]{0,60}?\b"
    r"(?:fatal|deadly)\b|(?:fatal|deadly) (?:amount|if|to (?:humans|drink|eat|swallow|inhale))\b)"
)
#: What is taken, done or felt while pregnant; the rest of pregnancy is biology.
_WITH_CHILD: Final = (
    r"(?:safe|safely|harm|danger|risk|take|taking|eat|drink|drinking|smok|medic|drug|pill|tablet|bleed|blood|pain"
    r"|cramp|alcohol|fell|fall|fever|x-ray|vaccin|antibiotic|ibuprofen|aspirin|paracetamol|tylenol|vomit|spotting"
    r"|cocaine|weed|caffeine|high blood|abort|ectopic|emergency)"
)
_PREGNANT: Final = (
    rf"(?:{_WITH_CHILD}\w*\b[^.?!\n]{{0,80}}?\bpregnan(?:t|cy|cies)\b"
    rf"|pregnan(?:t|cy|cies)\b[^.?!\n]{{0,80}}?\b{_WITH_CHILD})"
)
_rules: Final = searches(
    {
        **dict.fromkeys(("myself", "yourself", "himself", "herself", "themselves", "ourselves", "oneself"), _ONESELF),
        **dict.fromkeys(("me", "him", "her", "us", "them"), _ATTACKED),
        **dict.fromkeys(("life", "lives"), _LIFE),
        **dict.fromkeys(("breathe", "breathing", "breath"), _BREATH),
        **dict.fromkeys(("bleeding", "bleed", "bleeds"), _BLEEDING),
        "self": r"self[ -](?:harm|injur)",
        "die": _WAY_OUT,
        **dict.fromkeys(("live", "living", "alive", "exist", "existing", "wake", "go"), _NO_LIFE),
        **dict.fromkeys(("death", "deaths"), r"(?:painless|easy|quick|peaceful|fastest|easiest) deaths?\b"),
        "dead": r"(?:better off|wish (?:i|he|she|they) (?:was|were)|want to be|rather be) dead\b",
        **dict.fromkeys(("end", "ending"), r"(?:end|ending) it(?: all\b|\W*$)"),
        "on": r"(?:can'?t|cannot|can not) go on(?: (?:like this|living|anymore|any more|any longer))?\W*$",
        **dict.fromkeys(("fatal", "deadly"), _DEADLY),
        "kill": (
            r"(?:will|would|can|could|to|much|many) (?:\w+ ){0,3}?kill (?:you|me|someone|a (?:person|human)|an adult)\b"
        ),
        "noose": r"",
        "unalive": r"",
        "kms": r"",
        **dict.fromkeys(("pregnant", "pregnancy", "pregnancies"), _PREGNANT),
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
