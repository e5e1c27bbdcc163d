"""Whether a text asks how something is done, or whether it may be done: the same for everybody who asks. Pure."""

from __future__ import annotations

import re
from typing import Final

_READ: Final = 300  # characters: a question of one sentence
_BODY: Final = r"(?:i|you|we|one|someone|somebody|people|they|anyone)"
#: To look something up is to ask for what it says, whoever is asked whether it can be done.
_LOOK_UP: Final = (
    r"(?:see|show|check|tell|give|read|list|view|track|look|find|get|have|cancel|change|update|renew|pay|send|remind"
    r"|book)"
)
_begins_generally: Final = re.compile(
    r"(?:how (?:(?:do|can|could|should|would|might|must|may|does) "
    rf"{_BODY}\b|to\b|(?:can|could|do|should|does) (?:my|your|our|his|her|their|the|an?) )"
    r"|(?:what|which|where|when|who)(?: [\w'-]+){0,4}? (?:can|should|could|must|may|might|would) (?:i|we|you|one)\b"
    r"|what (?:happens|can happen|would happen)\b"
    r"|(?:what(?:'s| is| are)) (?:the |a |some )?(?:\w+ )?(?:ways?|steps|process|procedure|method) (?:to|of|for)\b"
    rf"|(?:should|must|may|do) (?:i|we|you)(?! have (?:any|an?|got)\b)(?= )"
    rf"|(?:can|could|may) (?:i|we|one)\b(?! (?:please )?{_LOOK_UP} )"
    r"|(?:can|could|may|should|must) (?:my|our|an?|the) )"
).match
_STATES: Final = re.compile(
    r"[.?!;]\s+\w|\n\s*\w|(?<!\bif )(?<!\bwhen )\b(?:my|our) (?:\w+ ){1,3}?(?:is|are|was|were|has|had) |\bi(?:'m| am) "
).search


def asks_generally(text: str) -> bool:
    """Of a lower-case text without courtesy: one sentence, with nothing that is said of who asks."""
    return len(text) <= _READ and _begins_generally(text) is not None and not _STATES(text)
