"""Why traffic would not ask for a verdict on a text: by rules, and by the kind that the classifier finds. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mitmgate.core.text.language import plain_form
from mitmgate.core.text.turns import is_name_like_a_pronoun
from mitmgate.core.text.unfit import LANGUAGE, unfit
from mitmgate.core.volatile import volatile_in

NOT_CACHED: Final = "uncacheable: "
EXACT_ONLY: Final = "exact only: "
NEVER_SHARED: Final = "never shared: "
CRISIS: Final = "crisis"
NO_CONTEXT: Final = "no context"

type WhyKeptOut = Callable[[str], str | None]


def why_kept_out(text: str) -> str | None:
    """By rules alone: None when it may be compared with others.

    `uncacheable: …` when it is neither looked up nor stored, `exact only: …` when only its exact words are.
    """
    if (why := volatile_in(text)) is not None:
        return NOT_CACHED + why
    return None if (why := unfit(text)) is None else EXACT_ONLY + why


def to_classify(text: str) -> str | None:
    """What the classifier is asked about a text; None where the rules have the last word.

    In another language that is its plain form, by which its answers are found.
    """
    why = why_kept_out(text)
    if why is None:
        return text
    return plain_form(text) if why == EXACT_ONLY + LANGUAGE else None


def why_by_kind(kind: str | None, text: str) -> str | None:
    """The same for a kind that the classifier found: `never shared: …` is neither looked up nor stored."""
    if kind is None or (kind == NO_CONTEXT and is_name_like_a_pronoun(text)):
        return None
    return EXACT_ONLY + kind if kind == CRISIS else NEVER_SHARED + kind


def is_stored(why: str | None) -> bool:
    """Whether an answer to a text that is kept out for this is stored all the same, for its exact words."""
    return why is None or why.startswith(EXACT_ONLY)


def pair_kept_out(query: str, stored: str, why: WhyKeptOut = why_kept_out) -> tuple[str, ...]:
    """Why traffic would not ask for a verdict on the two. In another language equal words are found all the same."""
    same_words = plain_form(query) == plain_form(stored)
    found = [reason for text in (query, stored) if (reason := why(text)) is not None]
    return tuple(each for each in dict.fromkeys(found) if each != EXACT_ONLY + LANGUAGE or not same_words)


def exact_words(text: str) -> str:
    """What must be equal for a hit by exact words: of a text in another language its plain form."""
    return plain_form(text) if unfit(text) == LANGUAGE else text
