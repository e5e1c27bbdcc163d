"""Which requests want an answer of their own each time: a throw of dice, a password, a turn that says "again". Pure.

Words decide, and only where something is requested: "generate a uuid" is a request, "how do I generate one?" is not.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from mitmgate.core.text.programs import about_a_program
from mitmgate.core.text.tables import word_set
from mitmgate.core.text.triggers import searches
from mitmgate.core.text.turns import leans_on_earlier_turns
from mitmgate.core.text.unbound import unbound

_READ_CHARACTERS: Final = 300  # of the beginning and of the end: a request stands there

# ---- where a request may begin, and with what
_BEGINS: Final = (
    r"(?:^|[.!?:;,\n]\s{0,3}|\b(?:and|then|please|pls|kindly|just|so|ok|okay|you|me|to me|i need you to|let's|lets) )"
)
_VERB: Final = (
    r"(?:generate|create|make|give|gimme|write|suggest|recommend|come up with|produce|get|choose|pick|select|think of"
    r"|invent|propose|provide|send|print|output|show|tell|say|name|draw|i need|i want|i'd like|i would like|need"
    r"|want)"
)
_FOR: Final = r"(?:(?: up)?(?: me| us| yourself)?(?: with)?)"
_ANY: Final = r"(?:(?:an?|some|any|one|another|the|my|new|two|three|four|five|six|ten|\d{1,3}) )?"
_ASKED: Final = rf"{_BEGINS}{_VERB}{_FOR} {_ANY}"
_DESCRIBED: Final = r"(?:(?!(?:about|and|code|for|from|how|in|of|on|story|that|to|which|with)\b)[\w-]{1,20} ){0,3}?"

# ---- secrets
_UNGUESSABLE: Final = (
    r"(?:passwords?|passphrases?|passcodes?|pins?(?: codes?| numbers?)?|uuids?(?: ?v\d)?|guids?|ulids?|nonces?"
    r"|otps?|one-time (?:codes?|pads?)|(?:seed|recovery|mnemonic) (?:phrases?|words?)"
    r"|(?:jwt|shared|client|webhook|signing|hex|random|\d+[- ]?(?:byte|bit)(?: \w+)?) secrets?"
    r"|(?:api|secret|encryption|private|access|licen[sc]e|product|activation|wi-?fi|ssh|aes|rsa|gpg|pgp|wpa2?|hmac"
    r"|session|auth|random|unique|\d{2,4}-bit|hex) (?:keys?|tokens?|ids?)"
    r"|salts?(?! (?:water|lake|shaker))|(?:unguessable|random|secure|hex|hexadecimal|alphanumeric|base64|secret"
    r"|unique|throwaway) "
    r"(?:strings?|sequences?|usernames?|values?)|(?:hex|alphanumeric|random) string of"
    r"|(?:voucher|coupon|invite|invitation|verification|security|access|backup) codes?)"
)
_NOT_THEREAFTER: Final = (
    r"(?![\w-])(?! (?:manager|policy|policies|reset|field|form|hash|hashing|checker|strength|protected|protection"
    r"|validation|input|rules?|box|hint|managers|generators?|cards?|cushions?|boards?|water|lake|badge|badges|system"
    r"|rotation|management|points?|is|are|was|means?)\b)"
)
_KEY: Final = rf"{_BEGINS}generate{_FOR} {_ANY}(?:[\w-]{{1,20}} )?(?:keys?|tokens?)(?= for\b| with\b|\W*$)"
_GOOD: Final = (
    r"(?:good|strong|secure|safe|random|unique|new|complex|memorable|long|\d{1,3}[- ](?:character|char|digit|letter))"
)
_NAMED_ONLY: Final = (
    rf"(?:^(?:an? )?(?:{_GOOD},? ){{1,4}}{_UNGUESSABLE}(?: please| pls| for \w+(?: \w+)?)?\W*$"
    rf"|^(?:an? )?(?:new )?(?:uuids?|guids?|password|passphrase|pin)(?: ?v\d)?\W*$"
    rf"|{_GOOD} {_UNGUESSABLE} (?:for me\b|(?:that )?i (?:can|could|should|may|might) use\b))"
)
_FOR_SECRETS: Final = rf"(?:{_ASKED}{_DESCRIBED}{_UNGUESSABLE}{_NOT_THEREAFTER}|{_NAMED_ONLY})"

# ---- chance
_DRAWN: Final = (
    r"(?:numbers?|digits?|words?|names?|letters?|facts?|cards?|colou?rs?|integers?|strings?|sentences?|quotes?|jokes?"
    r"|countr(?:y|ies)|cit(?:y|ies)|animals?|emojis?|movies?|songs?|books?|recipes?|topics?|questions?|dates?|poems?"
    r"|stor(?:y|ies)|person|people|place|places|thing|things|one|pokemon|wikipedia article|trivia|choice|pick|item"
    r"|order|sample|addresses|address|coordinates|data|values?|idea|ideas|prompt|prompts)"
)
_TERMS: Final = (
    r"(?! (?:forests?|access|variables?|walks?|effects?|noise|seeds?|fields?|sampling|samples? (?:survey|test)"
    r"|errors?|events?|process(?:es)?|matri(?:x|ces)|graphs?|search|house|acts? of|number (?:theory|tables?)"
    r"|assignment)\b)"
)
_RANDOM: Final = (
    rf"(?:{_ASKED}(?:[\w-]{{1,20}} ){{0,2}}?random\b{_TERMS}"
    rf"|^(?:(?:an?|some|one|\d{{1,3}}) )?random (?:\w+ )?{_DRAWN}(?= (?:between|from|with|of|please|for"
    rf"|about)\b|\W*$)"
    rf"|random {_DRAWN} (?:please|for me)\b)"
)
_AT_RANDOM: Final = rf"{_BEGINS}{_VERB}{_FOR} [\w' ,-]{{1,60}} (?:at random|randomly)\b"
_RANDOMLY: Final = rf"{_BEGINS}randomly (?:pick|choose|select|draw|assign|generate|order|sort|split|divide)\b"
_HOW_MANY: Final = r"(?:an?|the|this|that|my|your|one|two|three|four|five|six|some|ten|\d{1,3})"
_COIN: Final = rf"{_BEGINS}(?:flip|toss|throw|spin){_FOR} {_HOW_MANY} (?:fair |virtual |imaginary )?coins?\b"
_DICE: Final = (
    rf"{_BEGINS}(?:roll|throw|cast){_FOR} (?:{_HOW_MANY} )?(?:[\w-]{{1,12}} ){{0,3}}?"
    r"(?:dice|die|d(?:4|6|8|10|12|20|100))\b"
)
_NOTATION: Final = rf"{_BEGINS}(?:roll|throw)\b{_FOR} (?:[\w-]+,? ){{0,3}}\d{{0,2}}d\d{{1,3}}\b"
_NUMBER: Final = (
    rf"{_BEGINS}(?:pick|choose|guess|think of|select|give|name|say|tell){_FOR} (?:an?|any|some|\d{{1,3}}|two|three"
    r"|five|six)(?: \w+)? numbers?(?= (?:between|from|for me|in the range|that|please|up to|1|below)\b|\W*$)"
)
#: The choice is left to who answers: pick any colour, select three winners, choose for me.
_CHOICE: Final = (
    rf"{_BEGINS}(?:pick|choose|select|guess|draw|deal|spin|throw)(?: (?:me|us|up))*"
    r"(?: (?:any|some|one|two|three|four|five|six|ten|\d{1,3})\b(?! (?:word|line|sentence|paragraph)s? )"
    r"(?=[\w' ,-]{0,40}?(?:\W*$| (?:of|from|out of|among|between|for (?:me|us)|at random)\b))"
    r"| [\w' ,-]{1,40}? for (?:me|us)\b| (?:for|between)(?: me| us)?\b"
    r"| (?:an?|the|our|my) [\w' -]{1,30}? (?:from|out of|of|among|between) (?:this|these|the following|the list"
    r"|my list|them|a"
    r" hat|a deck|[\w' ]{1,30}(?:,| or | and ))"
    r"| (?:an?|our|my|the) (?:(?:playing|tarot|poker|blackjack|\w+ )?(?:cards?|hand|hands|lots?|straws?|tarot"
    r"|dart|darts|winners?"
    r"|loser|volunteer))(?=,| (?:for|from|at|please)\b|\W*$))"
)
_UNDECIDED: Final = (
    rf"(?:i can(?:'?t|not) decide|{_BEGINS}(?:you (?:decide|choose|pick)|decide for (?:me|us)|help (?:me|us)"
    rf" (?:decide|choose|pick)"
    r" between)|\bam i thinking\b|what(?:'?s| is) my lucky\b)"
)
_PLAY: Final = (
    rf"(?:{_BEGINS}(?:play|start) [\w ,-]{{2,40}} with (?:me|us)\b|\b(?:let'?s|shall we|can we|wanna) play [\w"
    rf" ,-]{{2,40}}"
    rf"|{_BEGINS}think of an? (?:\w+ )?(?:number|word|animal|person|object|card|colou?r)\b)"
)
_MADE_UP: Final = (
    rf"{_BEGINS}{_VERB}{_FOR} {_ANY}(?:[\w-]{{1,20}} )?(?:fake|made[- ]up|fictional|fictitious|dummy|mock|imaginary)"
    r" (?:full |phone |e-?mail )?(?:names?|address(?:es)?|identit(?:y|ies)|e-?mails?|numbers?|persons?|people"
    r"|users?|data"
    r"|credit cards?|customers?|records?)\b"
)
_LOTTERY: Final = (
    rf"{_BEGINS}(?:(?:pick|choose|give|generate|suggest|predict|tell|i need|i want){_FOR} [\w' -]{{0,30}}?)?"
    r"(?:(?:lottery|lotto|powerball|euromillions|mega millions)(?: \w+)? (?:numbers?|ticket|combination|picks?)"
    r"|lucky numbers?)(?= (?:for|please)\b|,|\W*$)"
)
_DRAWS: Final = {
    "random": _RANDOM + "|" + _AT_RANDOM,
    "randomly": _RANDOMLY + "|" + _AT_RANDOM,
    **dict.fromkeys(("coin", "coins"), _COIN),
    "heads": r"^(?:so )?heads or tails\W*$",
    **dict.fromkeys(("dice", "die", "d4", "d6", "d8", "d10", "d12", "d20", "d100"), _DICE),
    "roll": _NOTATION,
    "throw": f"{_NOTATION}|{_CHOICE}",
    **dict.fromkeys(("number", "numbers"), f"{_NUMBER}|{_LOTTERY}"),
    **dict.fromkeys(("pick", "choose", "select", "guess", "draw", "deal", "spin"), _CHOICE),
    "wheel": rf"{_BEGINS}spin (?:the|a) (?:\w+ )?wheel\b",
    "shuffle": rf"{_BEGINS}shuffle (?:the|this|these|my|a) (?:\w+ )?(?:cards?|deck|list|names?|words?|letters?"
    r"|numbers?|items?|order|following)\b",
    "surprise": r"surprise (?:me|us)\b(?! (?:that|how|when|if|about|with how)\b)",
    "scissors": r"(?:^|^let'?s play |^play )rock,? paper,?(?: or)? scissors(?: with me|, go|, shoot)?\W*$",
    **dict.fromkeys(("fake", "made", "fictional", "fictitious", "dummy", "mock", "imaginary"), _MADE_UP),
    **dict.fromkeys(("play", "think"), _PLAY),
    **dict.fromkeys(("decide", "between", "thinking", "lucky"), f"{_UNDECIDED}|{_LOTTERY}"),
    **dict.fromkeys(("lottery", "lotto", "powerball", "euromillions"), _LOTTERY),
    **dict.fromkeys(
        ("another", "different", "new", "more"),
        rf"{_BEGINS}(?:tell|give|show|write|make|suggest|sing|create|i want|i need|do|hear|what about|how about"
        r"|with)(?: me| us| up)?(?: with)? (?:another|one more|a different|a new|some more|more) (?:\w+ )?(?:jokes?"
        r"|riddles?|stor(?:y|ies)|poems?|facts?|quotes?|puns?|limericks?|haikus?|fun facts?|trivia|questions?|ones?"
        r"|versions?|options?|ideas?|examples?|suggestions?|attempt|try)(?= (?:about|with|please|like|from|then)\b"
        r"|\W*$)",
    ),
}  # fmt: skip
_SECRETS: Final = {
    **dict.fromkeys(
        word_set(
            "password passwords passphrase passphrases passcode passcodes pin pins uuid uuids uuidv4 guid guids ulid "
            "nonce nonces salt salts string strings sequence username usernames value otp otps phrase phrases"
            " secret secrets code codes pad id ids"
        ),
        _FOR_SECRETS,
    ),
    **dict.fromkeys(("key", "keys", "token", "tokens"), f"{_FOR_SECRETS}|{_KEY}"),
}
_search_draws: Final = searches({word: f"(?:{pattern})" for word, pattern in _DRAWS.items()}, at_words=False)
_search_secrets: Final = searches(_SECRETS, at_words=False)
TRIGGERS: Final = frozenset(_search_draws.keys() | _search_secrets.keys())


def unshared(words: AbstractSet[bytes], text: str, written: str) -> str | None:
    """Why the answer is for this once: "random", "secret" or "no context".

    words: those of the text, which is lower-case; written: the text as it was written.
    """
    if leans_on_earlier_turns(written) or unbound(written):
        return "no context"
    found = TRIGGERS.intersection(words)
    if not found or about_a_program(words, text):
        return None
    if len(text) > 2 * _READ_CHARACTERS:
        text = f"{text[:_READ_CHARACTERS]}\n{text[-_READ_CHARACTERS:]}"
    for searches_of, why in ((_search_secrets, "secret"), (_search_draws, "random")):
        # Several words share a pattern.
        if any(search(text) for search in {searches_of[word] for word in found if word in searches_of}):
            return why
    return None
