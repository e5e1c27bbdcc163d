"""Whether a turn says nothing without those before it: "try again", "shorter", "what about Italy?". Pure.

Only whole turns that are certain are read; the rest is for the classifier to find (`services/never_shared.py`).
"""

from __future__ import annotations

import re
from typing import Final

LONGEST_TURN: Final = 60  # characters
_POLITE: Final = r"(?:(?:ok|okay|well|so|no|yes|and|but|great|thanks|please|now|just|(?:can|could|will) you) ){0,3}"
_IT: Final = r"(?:it|that|this|them|these|those)"
#: Said of all that was said before.
_TURNS: Final = re.compile(
    rf"{_POLITE}(?:"
    # once more, and on
    rf"(?:(?:try|do|say|run|write|explain|repeat)(?: {_IT})? )?(?:again|once more|one more time)"
    r"|retry|redo|repeat|regenerate|rephrase|reword|continue|proceed|go (?:on|ahead)|keep going|next(?: one)?"
    r"|(?:tell|give|show)(?: me)? (?:some |a few |\d )?more|more(?: please| details| examples)?"
    r"|(?:another|a different|a new) (?:one|version)|(?:something|anything|what|who) else"
    # in another form
    r"|(?:make it |a bit |a little |much )?(?:shorter|longer|simpler|clearer|better|funnier|(?:more|less) formal)"
    rf"|(?:explain|translate|rewrite|summari[sz]e|shorten|simplify|fix|improve|expand) {_IT}(?: (?:in|in|into|to) \w+)?"
    r"|(?:in|into|translate to) (?:english|french|german|spanish|italian|portuguese|dutch)"
    # and so
    r"|why|why not|how|how so|when|where|who|what|which(?: one)?|yes|no|sure|ok|okay|really|are you sure"
    rf"|what (?:does|did) {_IT} mean|what do you mean|i don'?t (?:understand|get it)|and then|do it"
    r"|you (?:choose|decide)"
    r"|(?:and |use |try )?the (?:first|second|third|last|other)(?: one| option)?|option [a-e\d]|both|neither"
    r"|(?:(?:what|how) about|same (?:question )?for|and (?:in|for)) (?:\w+ ?){1,2}"
    r")(?: please| pls| thanks| then| now)*"
).fullmatch
_WORDS: Final = re.compile(r"[^\W_]+(?:'[^\W\d_]+)?").findall
#: A sum, or a text that is given.
_SAYS: Final = frozenset('+*/=^%$<>°"“”„«»`')
_ABBREVIATION: Final = re.compile(r"\b[A-Z]{2,}\b").search
#: Names that would point at something said before, were they not in capitals; and words that do.
_NAMES: Final = re.compile(r"\b(?:IT|WHO|US)\b")
_POINTING: Final = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|he|him|his|she|her|one|ones|there|above|below)\b", re.IGNORECASE
).search


def is_name_like_a_pronoun(text: str) -> bool:
    """Whether all that could point at earlier turns is an abbreviation, to who reads small letters only: jobs in IT."""
    rest, names = _NAMES.subn("", text)
    return names > 0 and _POINTING(rest) is None and not text.isupper()


def leans_on_earlier_turns(text: str) -> bool:
    """Of a text of any length, as it was written."""
    if len(text) > LONGEST_TURN or not _SAYS.isdisjoint(text):
        return False
    if _ABBREVIATION(text) is not None and not text.isupper():  # IT and WHO are names where not all is in capitals
        return False
    return _TURNS(" ".join(_WORDS(text.lower().replace("’", "'")))) is not None
