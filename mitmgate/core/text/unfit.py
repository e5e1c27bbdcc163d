"""Which questions are compared word for word only: what a sentence vector and the guards do not read well. Pure."""

from __future__ import annotations

import re
from typing import Final

from mitmgate.core.text.crisis import of_a_crisis
from mitmgate.core.text.language import is_english

LONGEST: Final = 4096  # characters: more than the model looks at, whatever they are
LANGUAGE: Final = "language"

_LINK: Final = re.compile(r"\b(?:https?|ftp|file|wss?)://\S|\bwww\.\w+\.\w", re.IGNORECASE)
_CODE: Final = re.compile(
    r"""
    ```|~~~|=>|&&|\|\||:=|[=!]=|\$[({]
  | ^[ ]{4,}\S.*[;{}()=][ \t]*$
  | ^[ \t]*(?:def|class|import|from|function|public|private|return|\#include|SELECT|INSERT)\b.*[;:{}()=]
  | (?<![\u0370-\u03ff])[;{}][ \t]*$  # it is the question mark of Greek
  | </?[a-z][\w-]*(?:\s[^<>]*)?>
    """,
    re.MULTILINE | re.VERBOSE,
)
_DIGITS: Final = re.compile(
    r"\d{9,}|\b[0-9a-f]{8}-[0-9a-f]{4}-|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}\b", re.IGNORECASE
)


def unfit(text: str) -> str | None:
    """Why the text is looked up by its exact words only, such as "code" or "link"; None when it may be compared."""
    if len(text) > LONGEST:
        return "too long"
    if not text.strip():
        return "empty"
    if _LINK.search(text):
        return "link"
    if _DIGITS.search(text):
        return "long number"
    if of_a_crisis(text):
        return "crisis"
    if _CODE.search(text):
        return "code"
    return None if is_english(text) else LANGUAGE
