"""Whether a turn says nothing without those before it: "try again", "shorter", "and the second one?". Pure.

It does when all of its words are empty ones and one of them points back. A single word of content makes a question.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from mitmgate.core.text.tables import word_set

LONGEST_TURN: Final = 80  # characters
_MOST_WORDS: Final = 8

#: They point at something said before, wherever they stand.
_POINTING: Final = word_set(
    "it it's that that's this them these those again more another else anew next previous latter former above "
    "rest further otherwise example examples others"
)
#: They do at the beginning, or after what makes them stronger.
_COMPARING: Final = word_set(
    "shorter longer simpler clearer better bigger smaller faster funnier nicer stronger easier briefer warmer deeper "
    "less worse harder"
)
_STRONGER: Final = word_set("a bit little much even lot make way")
#: They do where the turn begins with them.
_BEGINNING: Final = word_set(
    "try retry continue proceed resume go keep carry elaborate rephrase reword rewrite reformulate regenerate redo "
    "rerun repeat shorten expand extend simplify summarize summarise explain clarify improve fix correct translate "
    "undo restart choose pick decide stop something anything complete finish verify"
)
#: They say nothing themselves.
_EMPTY: Final = word_set(
    "a an the and or but so also then now just only not no yes too very much bit little lot even way some any"
    " few all "
    "me my mine you your i us we is are was were do does did don't didn't doesn't can could would will to of for on "
    "in into at as with from about by if there what what's which who how why when where mean means meant work works "
    "sound sounds look say said tell give show make put turn write have has want need like get use ask answer check "
    "send think know understand see run mine ahead out up down over back start left off stopped time times way ways "
    "version versions option options idea ideas detail details depth terms words word sentence sentences paragraph "
    "paragraphs line lines page pages list bullet points point step steps part parts question questions number reply "
    "response responses text story code poem essay first second third fourth fifth last other different new similar "
    "brief briefly concise formal informal casual professional friendly detailed polite simple technical creative "
    "specific clear short long differently better instead once twice true right wrong sure correct possible enough "
    "good bad called really happen happens going writing reading please ok okay well "
    "great nice cool perfect sorry alright yeah yep nope hmm um three two one ones same same joke"
)
_LANGUAGES: Final = word_set(
    "english french german spanish italian portuguese dutch russian chinese japanese korean arabic hindi polish "
    "turkish swedish danish norwegian finnish greek latin ukrainian czech hungarian romanian indonesian vietnamese "
    "thai hebrew"
)
_BEFORE_A_LANGUAGE: Final = word_set("in into to")
_BEFORE_ONE: Final = word_set("first second third fourth fifth last other which new different the")
_BEFORE_A_NUMBER: Final = word_set("number option step point part question answer choice the")
_AFTER_A_NUMBER: Final = word_set(
    "more words sentences lines paragraphs examples times others points steps options ideas"
)
_POLITE: Final = re.compile(
    r"(?:(?:ok|okay|well|so|now|no|nope|yes|yeah|yep|sure|and|but|hmm+|um+|great|good|nice|cool|perfect|thanks|thank "
    r"you|please|pls|sorry|alright|right|then|just|hey|hi|hello|(?:can|could|would|will) you|i (?:want|need) you to"
    r"|let's)\b[\s,.!:;-]{0,3}){1,6}"
)
_THANKS: Final = re.compile(r"[\s,.!;:-]*\b(?:please|pls|plz|kindly|thanks|thank you|thx)[\s.!]*$").sub
#: What stands after it is given, unless it points back.
_NAMES_A_TEXT: Final = word_set("translate say spell pronounce define")
_NO_TEXT: Final = word_set("the answer text response reply now instead please to in into")
#: Whole turns that only answer or ask back.
_WHOLE: Final = frozenset(
    (
        "yes", "no", "yep", "yeah", "nope", "sure", "ok", "okay", "why", "how", "when", "where", "who", "what", "which",
        "why not", "how so", "how come", "what for", "for what", "since when", "says who", "really", "seriously",
        "are you sure", "are you certain", "are you serious", "you choose", "you decide", "you pick", "you tell me",
        "your choice", "your turn", "go on", "go ahead", "what do you mean", "i don't understand", "i don't get it",
        "and then", "then what", "so what", "now what",
        "both", "neither", "none", "all", "either", "exactly", "correct", "wrong", "agreed", "of course", "i agree",
        "maybe", "done", "the first", "the second", "the third", "the last", "the other", "in detail", "in short",
        "in other words", "in simple terms", "in layman's terms", "more formal", "differently", "a different version",
        "not really", "not quite", "sounds good", "in brief",
    )
)  # fmt: skip
#: Turns that exchange one thing in the question before: what about Italy?
_EXCHANGES: Final = re.compile(
    r"(?:(?:and|but|so) )?(?:(?:what|how) about|(?:do )?(?:the )?same (?:for|but|with|in|as))(?: [\w'-]+){1,5}"
    r"|(?:and|but|also|now)(?: what| how)? (?:for|in|on|at|with|if|to|from|without|after|before|the|a|an)"
    r"(?: [\w'-]+){1,4}"
    r"|(?:option|number|answer|choice) [a-e\d]"
).fullmatch
#: What was said earlier, or one of the things in it.
_REFERS: Final = re.compile(
    r"\b(?:(?:did|have|had|are|were) you (?:just |already |first )?(?:say|said|ask|asked|tell|told|mean"
    r"|mentioned?|write|written"
    r"|wrote|suggest|suggested|recommended|give|given|gave|talking|referring)\b"
    r"|you (?:just |already |previously )?(?:said|mentioned|suggested|told me|gave me|recommended|listed)"
    r"|as (?:i|we|you) (?:just |already )?(?:said|mentioned|told you|discussed|asked|wrote)"
    r"|did i (?:just |first |last )?(?:ask|say|tell|write|mention|send|type)"
    r"|(?:we|we've|we have) (?:just |already )?(?:talked|discussed|spoke|been (?:talking|discussing)|talk)"
    r"|(?:our|this|the (?:whole |entire )?) ?(?:conversation|chat|discussion)(?: (?:so far|above|history|until"
    r" now))?[\s.?!]*$"
    r"|(?:my|your) (?:first|last|previous|earlier|original|initial) (?:question|answer|message|response|reply"
    r"|suggestion|point"
    r"|prompt|example|code|sentence|paragraph|idea|joke|poem|story)s?"
    r"|in (?:simpler|plainer|fewer|other|easier|more \w+|your own) (?:words|terms|language)[\s.?!]*$)"
    r"|^(?:(?:use|try|take|pick|choose|expand on|explain|elaborate on|show|do|i like|i prefer|go with) )?(?:the"
    r" |your )"
    r"(?:first|second|third|fourth|fifth|last|other|previous) (?:option|one|suggestion|point|step|answer"
    r"|example|idea|approach"
    r"|method|choice|solution|part|version|paragraph|sentence)\b(?! (?:of|in) )"
    r"|^(?:but |no,? |well,? )?(?:it|that|this) (?:(?:still|really|just|also|only|didn't|doesn't|does|did|is"
    r"|isn't|was|wasn't"
    r"|keeps?|won't|can't|says?|fails?|failed|gives?|worked|works|not) ?)+"
    r"(?:\w+)?[\s.?!]*$"
    r"|\binstead[\s.?!]*$|^(?:any|some) (?:other|more|further|better) \w+[\s.?!]*$"
    r"|^same (?:question|thing|again|here)\b|^(?:no,? )?i meant\b"
    r"|^(?:and |so |but )?which (?:one|of (?:them|these|those|the two)) (?:is|are|was|do|does|should|would|costs?)"
    r"(?: \w+){0,2}[\s.?!]*$"
    r"|^i (?:already |have |just )*(?:tried|did|used|meant|mean|don't|didn't|do not|can't) (?:that|it|this"
    r"|those|them)\b"
).search
#: A sum, or a text that is given.
_SAYS: Final = frozenset('+*/=^%$<>°"“”„«»`')
_ABBREVIATION: Final = re.compile(r"\b[A-Z]{2,}\b").search
_WORDS: Final = re.compile(r"[^\W_]+(?:'[^\W\d_]+)?").findall


def leans_on_earlier_turns(text: str) -> bool:
    """Of a text of any length, as it was written: IT and WHO are names."""
    if len(text) > LONGEST_TURN or not _SAYS.isdisjoint(text):
        return False
    if _ABBREVIATION(text) is not None and not text.isupper():
        return False
    text = _THANKS("", text.lower().replace("’", "'"))
    words = _WORDS(text)
    whole = " ".join(words)
    if whole in _WHOLE or _EXCHANGES(whole) is not None or _REFERS(text) is not None:
        return True
    polite = _POLITE.match(text)
    rest = _WORDS(text[polite.end() :]) if polite else words
    if " ".join(rest) in _WHOLE:
        return True
    if not rest:
        return words[:1] != [] and words[0] in _WHOLE
    if len(rest) > _MOST_WORDS or not all(_is_empty(rest, at) for at in range(len(rest))):
        return False
    if rest[0] in _NAMES_A_TEXT and not _POINTING.union(_NO_TEXT, _LANGUAGES).issuperset(rest[1:]):
        return False
    if rest[0] in _BEFORE_A_LANGUAGE and not _LANGUAGES.isdisjoint(rest):
        return True
    if rest[0] in _BEGINNING or rest[0] in _COMPARING:
        return True
    return not _POINTING.isdisjoint(rest) or any(
        (word in ("one", "ones") and before in _BEFORE_ONE) or (word in _COMPARING and before in _STRONGER)
        for before, word in pairwise(rest)
    )


def _is_empty(words: list[str], at: int) -> bool:
    word = words[at]
    if word in _POINTING or word in _COMPARING or word in _EMPTY or word in _BEGINNING:
        return True
    before = words[at - 1] if at else ""
    if word in _LANGUAGES:
        return before in _BEFORE_A_LANGUAGE
    after = words[at + 1] if at + 1 < len(words) else ""
    return word.isdecimal() and (before in _BEFORE_A_NUMBER or after in _AFTER_A_NUMBER)
