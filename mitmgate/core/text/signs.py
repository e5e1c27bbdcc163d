"""The same words to the letter with other signs among them: 2 × (5 + 1), ./bin and ../bin, 7! and 7. Pure.

What is prose is left out: the signs that end a sentence, quotation marks and brackets around words, hyphens.
"""

from __future__ import annotations

import re
from typing import Final

from mitmgate.core.text.pair import Pair

_PIECE: Final = re.compile(r"\w+|\s+|[^\w\s]+").finditer
_OPERATION: Final = re.compile(r"[-+*/×÷^=<>%|&!]|\b(?:and|or|not|in)\b", re.IGNORECASE).search
#: A bracket after a blank that holds no operation, and is closed.
_ASIDE: Final = re.compile(r"(?<!\S)\(([^()]{1,200})\)(?=[\s.,;:!?]|$)")
_TO_ITS_LAST_WORD: Final = re.compile(r".*[\w)\]}\"'¡]", re.DOTALL).match
_FACTORIAL: Final = re.compile(r"(?<=\d)!")
_PROSE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"^[^\w\s]{1,3}\s+",  # the mark of an item of a list
        r"(?<=[\w)\]}\"'»”’])[.,;:!?…]+(?=[\"'»”’)]*(?:\s|$))",
        r"\s[,;](?=\w)|(?<=[^\W\d_]),(?=[^\W\d_])",
        r"[$€£₹¥#]\s?(?=\d)|(?<=\d)\s?[$€£₹¥]",
        r"(?<![\w$\"“”'‘’«»`])[\"“”'‘’«»`]+(?=\w)|(?<=\w)[\"“”'‘’«»`]+(?!\w)",
        r"(?<=\s)[-–—]+(?=\s)(?!\s\d)|(?<=\s)[-–—](?=[^\W\d_]{2})",
        r"(?<=[^\W_])['’.-](?=[^\W\d_])|(?<=\d),(?=\d{3})",
    )
)
_BETWEEN_WORDS: Final = re.compile(r"(?<=[^\W\d_])(?:[&/]| [&/] )(?=[^\W\d_])")


def other_signs(pair: Pair) -> str | None:
    left, right = pair.left.written.text, pair.right.written.text
    if left == right:
        return None
    mine, theirs = signed(left), signed(right)
    if [word for word, _ in mine] != [word for word, _ in theirs]:
        return None
    return "sign" if mine != theirs else None


def signed(text: str) -> list[tuple[str, str]]:
    """Each word with the signs before it; "" stands for the end."""
    text = _FACTORIAL.sub("¡", text)
    text = _ASIDE.sub(lambda found: found.group() if _OPERATION(found.group(1)) else f" {found.group(1)} ", text)
    if (whole := _TO_ITS_LAST_WORD(text)) is not None:
        text = whole.group()
    for prose in _PROSE:
        text = prose.sub("", text)
    text = _BETWEEN_WORDS.sub(" ", text)
    words: list[tuple[str, str]] = []
    signs = ""
    for piece in _PIECE(text):
        found = piece.group()
        if found.isspace():
            continue
        if found[0].isalnum() or found[0] == "_":
            words.append((found.casefold(), signs))
            signs = ""
        else:
            signs += found
    return [*words, ("", signs)]
