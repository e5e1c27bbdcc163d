"""What never changes a question: spacing, and the punctuation behind its last word. Pure."""

from __future__ import annotations

_ENDING = " .!?…。！？؟।\n\t"


def without_ending(text: str) -> str:
    """The text with single spaces and without final punctuation."""
    return " ".join(text.split()).rstrip(_ENDING)
