"""A question cut into tokens: its wrapping of greetings and thanks taken off, contractions spelled out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from mitmgate.core.text.casing import unit_of


class Kind(Enum):
    WORD = auto()
    NUMBER = auto()  # digits, with separators
    ORDINAL = auto()  # 21st
    DATE = auto()  # in digits
    TIME = auto()  # 9:30
    CODE = auto()  # an identifier: str.split, user_id, parseDate, C++
    SIGN = auto()  # a currency sign or an operator
    BREAK = auto()  # punctuation that ends a clause


@dataclass(slots=True)
class Token:
    """text is lower case; capital: it was written with a capital where none is due."""

    kind: Kind
    text: str
    capital: bool = False
    upper: bool = False  # all of it, two letters or more
    spaced: bool = True  # white space stands before it
    spaced_after: bool = True


_QUOTES: Final = str.maketrans("‘’‚‛′“”„‟″«»–—−⁄", '\'\'\'\'\'"""""""---/')
_NUMBERS: Final = r"""
    (?P<DATE>\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b)
  | (?P<TIME>\b\d{1,2}:\d{2}(?::\d{2})?\b)
  | (?P<ORDINAL>\b\d+(?:[sS][tT]|[nN][dD]|[rR][dD]|[tT][hH])\b)
  | (?P<HALFDAY>\b[aApP]\.[mM]\.(?!\w)|(?<=\d)[aApP][mM]\b) |"""
_CODE: Final = r"""
    (?P<CODE>
        \b[A-Za-z]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+(?:\(\))?   # os.path.join
      | \w{0,64}[A-Za-z0-9]_\w+(?:\(\))? | \b_\w+(?:\(\))?         # user_id
      | \b[a-z]+[A-Z]\w*(?:\(\))?                              # parseDate
      | \b[A-Za-z]\w*\(\)                                       # main()
      | \b[A-Za-z](?:\+\+|\#)(?!\w)                             # C++
      | (?<!\S)--?[a-z][\w-]+(?<!-)(?=\s|$)                     # --force
    ) |"""
_NUMBER: Final = r" (?P<NUMBER>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+) |"
_WORDS: Final = r"""
    (?P<WORD>[^\W\d_]+(?:'[^\W\d_]+)*)
  | (?P<SIGN>\*\*|[!<>=]=|[$€£₹¥+\-*/^%=<>×÷·&°])
  | (?P<BREAK>[,;:.?!()\[\]{}\n"]+)
    """
_ANY, _NO_CODE, _ONLY_WORDS = (
    re.compile(pattern, re.VERBOSE).finditer
    for pattern in (_NUMBERS + _CODE + _NUMBER + _WORDS, _NUMBERS + _NUMBER + _WORDS, _WORDS)
)
#: One of these stands in every text in which `_ANY` finds CODE, or half a day without a digit.
_MAY_BE_CODE: Final = re.compile(r"_|\(\)|[a-z][A-Z]|[.:>][A-Za-z_]|[A-Za-z][+#]|(?<!\S)-").search
_DIGIT: Final = re.compile(r"\d").search
_BRAND: Final = re.compile(r"(?:i|e|mac)[A-Z][A-Za-z]+")
_DOTTED_INITIALS: Final = re.compile(r"(?:[A-Za-z]\.){1,5}[A-Za-z]?")

_HEAD: Final = re.compile(
    r"""\s*(?:
        (?:hi|hello|hey|greetings|yo|howdy)(?:\s+(?:there|all|everyone|guys|team))?\s*[,!.:;-]+
      | good\s+(?:morning|afternoon|evening|day)\s*[,!.:;-]+
      | (?:so|well|ok|okay|um+|hmm+|now|right|alright|and|btw|by\s+the\s+way)\s*[,:.]+
      | (?:(?:a|one|my)\s+)?(?:quick\s+|simple\s+|short\s+)?question\s*(?:for\s+you\s*)?[,:.-]+
      | (?:my|the)\s+question\s+is\s*[,:]*
      | i\s+have\s+a\s+(?:quick\s+)?question\s*[,:.]+
      | (?:can|could|would|will)\s+(?:you|someone|anyone|anybody|somebody)\s+(?:please\s+|kindly\s+)?
            (?:tell|answer|explain(?=\s+to\s+me)|let|help)(?:\s+to)?(?:\s+me)?
            (?:\s+(?:this|know|understand|out|with\s+this))?\s*[,:]*
      | (?:can|could|would|will)\s+you\s+(?:please\s+|kindly\s+)?
            (?=(?:write|give|show|list|make|summari[sz]e|translate|convert|calculate|name|suggest|find|describe)\b)
      | do(?:es)?\s+(?:you|anyone|anybody)\s+(?:happen\s+to\s+)?know\s*[,:]*
      | i(?:\s+would|'d)?\s+(?:like|want|need)\s+(?:you\s+)?to\s+(?:know|ask|find\s+out)\s*[,:.]*
      | i(?:\s+am|'m|\s+was)?\s+(?:just\s+)?wonder(?:ing)?\s*[,:.]*
      | (?:please\s+)?tell\s+me\s*[,:]*(?=\s+(?:what|which|who|when|where|why|how|if|whether)\b|:)
      | (?:please|kindly|pls|plz)\s*,?
    )\s+""",
    re.VERBOSE | re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"""[\s,.!?;-]*(?:\b(?:please|pls|plz|kindly|thanks(?:\s+(?:a\s+lot|in\s+advance|so\s+much|very\s+much))?
        |thank\s+you(?:\s+(?:very\s+much|so\s+much|in\s+advance))?|thx|cheers|many\s+thanks))[\s.!?]*$""",
    re.VERBOSE | re.IGNORECASE,
)
_SHORTEST: Final = 6  # characters that must be left of a question
_SPLIT: Final = {
    "cannot": ("can", "not"),
    "can't": ("can", "not"),
    "won't": ("will", "not"),
    "shan't": ("shall", "not"),
}


def unwrapped(text: str) -> str:
    """The text without greeting, politeness and thanks around it, in straight quotes and plain characters."""
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES)).strip()
    for _ in range(4):
        head = _HEAD.match(text)
        if head is None or len(text) - head.end() < _SHORTEST:
            break
        text = text[head.end() :]
    for _ in range(2):
        tail = _TAIL.search(text, max(0, len(text) - 60))
        if tail is None or tail.start() < _SHORTEST:
            break
        text = text[: tail.start()]
    return text


def tokenise(text: str, *, capitals_mean: bool | None = None) -> list[Token]:
    """The tokens of an unwrapped text. capitals_mean: what `capitals_mean_names` says of it, where that is known."""
    if capitals_mean is None:
        capitals_mean = capitals_mean_names(text)
    tokens: list[Token] = []
    begins = True  # a sentence: its capital says nothing
    end = 0
    for match in pieces_of(text):
        name, piece = str(match.lastgroup), match.group()
        start, before = match.start(), end
        end = match.end()
        spaced = start > before or start == 0
        if tokens:
            tokens[-1].spaced_after = spaced
        if name == "CODE" and not _is_code(piece):
            name = "WORD"
            piece = piece.replace(".", "") if _DOTTED_INITIALS.fullmatch(piece) else piece
        if name == "WORD":
            capital = capitals_mean and not begins and piece[0].isupper() and piece not in ("I", "I'm", "I've", "I'd")
            tokens += _words(piece, capital, spaced)
        elif name == "HALFDAY":
            tokens.append(Token(Kind.WORD, piece[0].lower() + "m", spaced=spaced))
        else:
            tokens.append(Token(Kind[name], piece.lower(), spaced=spaced))
        begins = (name == "BREAK" and piece[-1] in '.?!:\n"') or (begins and name == "BREAK")
    return tokens


def pieces_of(text: str) -> Iterator[re.Match[str]]:
    """The matches of `_ANY`; where some of its alternatives can match nowhere, they are not tried at every letter."""
    if _MAY_BE_CODE(text) is not None:
        return _ANY(text)
    return _NO_CODE(text) if _DIGIT(text) is not None else _ONLY_WORDS(text)


def _is_code(piece: str) -> bool:
    """Not U.S., nor a brand or a unit that begins with a small letter: iPhone, eBay, kJ."""
    return not (_DOTTED_INITIALS.fullmatch(piece) or _BRAND.fullmatch(piece) or unit_of(piece))


def _words(piece: str, capital: bool, spaced: bool) -> list[Token]:
    """A word with its contractions spelled out: can't -> can not, what's -> what."""
    lower = piece.lower()
    upper = len(piece) > 1 and piece.isupper()
    if lower in _SPLIT:
        first, second = _SPLIT[lower]
        return [Token(Kind.WORD, first, spaced=spaced), Token(Kind.WORD, second)]
    if lower.endswith("n't"):
        return [Token(Kind.WORD, lower[:-3], spaced=spaced), Token(Kind.WORD, "not")]
    stem, _, _ending = lower.partition("'")
    return [Token(Kind.WORD, stem, capital, upper, spaced)] if stem else []


def capitals_mean_names(text: str) -> bool:
    """Not in a text of capitals, nor in one that is written Like A Headline."""
    words = [word for word in text.split() if word[0].isalpha()]
    if len(words) < 2:
        return False
    small = [word for word in words[1:] if word[0].islower()]
    return len(small) * 2 >= len(words) - 1 or len(small) >= 3
