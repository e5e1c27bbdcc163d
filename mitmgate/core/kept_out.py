"""Why traffic would not ask for a verdict on a text. Pure."""

from __future__ import annotations

from typing import Final

from mitmgate.core.text.language import plain_form
from mitmgate.core.text.unfit import LANGUAGE, unfit
from mitmgate.core.volatile import volatile_in

NOT_CACHED: Final = "uncacheable: "
EXACT_ONLY: Final = "exact only: "


def why_kept_out(text: str) -> str | None:
    """None when it may be compared with others.

    `uncacheable: …` when it is neither looked up nor stored, `exact only: …` when only its exact words are.
    """
    if (why := volatile_in(text)) is not None:
        return NOT_CACHED + why
    return None if (why := unfit(text)) is None else EXACT_ONLY + why


def pair_kept_out(query: str, stored: str) -> tuple[str, ...]:
    """Why traffic would not ask for a verdict on the two. In another language equal words are found all the same."""
    same_words = plain_form(query) == plain_form(stored)
    found = [why for text in (query, stored) if (why := why_kept_out(text)) is not None]
    return tuple(why for why in dict.fromkeys(found) if why != EXACT_ONLY + LANGUAGE or not same_words)


def exact_words(text: str) -> str:
    """What must be equal for a hit by exact words: of a text in another language its plain form."""
    return plain_form(text) if unfit(text) == LANGUAGE else text
