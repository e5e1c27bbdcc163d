"""Which prompts must not be answered from memory: about the present moment, about one person, or for this once. Pure.

Words decide, in the few languages our users write most. Where it errs it errs by asking the upstream once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mitmgate.core.personal import about_one_person
from mitmgate.core.text.courtesy import without_courtesy
from mitmgate.core.text.triggers import words_of
from mitmgate.core.the_present import of_the_present
from mitmgate.core.unshared import unshared

# What a question refers to stands at its beginning or end; a long pasted document in between says little.
_READ_CHARACTERS: Final = 4000

_search_mail: Final = re.compile(r"[\w.+-]@[\w-]{1,63}\.\w").search
_cards: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)").findall
# Bank numbers (IBAN), and telephone numbers in their international form
_search_numbers: Final = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}\b|\+\d[\d ()-]{7,16}\d").search
_FEWEST_DIGITS: Final = 9


def volatility(body: Mapping[str, Any]) -> str | None:
    """Why the last user turn's answer must not be kept, such as "time-dependent: today"; None when it may."""
    return volatile_in(last_user_text(body))


def volatile_in(text: str) -> str | None:
    """As volatility, of a text of any length."""
    if len(text) > _READ_CHARACTERS:
        half = _READ_CHARACTERS // 2
        text = f"{text[:half]}\n{text[-half:]}"
    return volatile_text(text)


def volatile_text(text: str) -> str | None:
    """As volatility, of a text of bounded length. The reason is ASCII: it travels in a header."""
    plain, written = text.isascii(), text
    text = text.lower() if plain else text.lower().replace("’", "'")
    bare = without_courtesy(text)
    if len(text) == len(written):  # some letters have no single small one
        begin = text.find(bare)
        written = written[begin : begin + len(bare)]
    raw = bare.encode("utf-8", "replace")
    words = frozenset(words_of(raw))
    if (moment := of_the_present(words, bare)) is not None:
        return f"time-dependent: {moment}"
    if about_one_person(words, bare) or (b"@" in raw and _search_mail(bare)):
        return "personal"
    digits = len(raw) - len(raw.translate(None, b"0123456789"))
    if digits >= _FEWEST_DIGITS and (_search_numbers(bare) or any(map(_has_check_digit, _cards(bare)))):
        return "personal"
    return unshared(words, bare, written)


def last_user_text(body: Mapping[str, Any]) -> str:
    """The text of the last turn of the user's, or the prompt of a completion; empty when there is none."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return " ".join(_texts(body.get("prompt")))
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return " ".join(_texts(message.get("content")))
    return ""


def _has_check_digit(number: str) -> bool:
    """Luhn's: the last digit of every payment card (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(number) if digit.isdecimal()]
    return sum(digits[::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0


def _texts(content: object) -> Iterable[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, dict) and isinstance(text := part.get("text"), str):
                yield text
