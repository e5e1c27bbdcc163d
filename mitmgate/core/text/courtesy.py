"""Greetings and politeness around a question, which say nothing of what it asks. Pure."""

from __future__ import annotations

import re
from typing import Final

_MOST: Final = 8  # of them at either end
_BEFORE: Final = re.compile(
    r"[\s,.!;:–-]*(?:(?:hi|hello|hey|hiya|greetings|good (?:morning|afternoon|evening|day)|dear \w+|thanks"
    r"|thank you|cheers"
    r"|please|pls|plz|kindly|sorry|excuse me)\b(?: (?:there|all|everyone|again|in advance|so much|very much|a"
    r" lot)\b)*"
    r"|(?:quick|short|simple|another|one) question\b(?= ?[:,.-])"
    r"|(?:sorry|apologies) (?:to bother you|for bothering you)(?:,? but)?\b"
    r"|(?:do you know|any idea|i was wondering|i wonder|i'd like to know"
    r"|i would like to know|i want to know|(?:can|could|would) you (?:please )?(?:tell|show) me|(?:tell|show)"
    r" me)(?= (?:who|what|when|where|which|why|how|whether|if)\b)"
    r")[\s,.!;:–-]*"
).match
_AFTER: Final = re.compile(
    r"[\s,.!;:–-]+(?:please|pls|plz|kindly|thanks|thank you|thx|ty|cheers|many thanks)"
    r"(?: (?:in advance|so much|very much|a lot|again))?[\s.!?]*$"
).search
_TAIL: Final = 60  # characters in which the last politeness stands


def without_courtesy(text: str) -> str:
    """Of a lower-case text; what is nothing but courtesy stays as it is."""
    bare = text
    for _ in range(_MOST):
        if (match := _BEFORE(bare)) is None or not match.end():
            break
        bare = bare[match.end() :]
    for _ in range(_MOST):
        begin = max(0, len(bare) - _TAIL)
        if (match := _AFTER(bare[begin:])) is None:
            break
        bare = bare[: begin + match.start()]
    return bare if bare.strip() else text
