"""What the mock says: text, token counts and embeddings, decided by the request alone. Pure."""

from __future__ import annotations

import hashlib
import math
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import add, mul, sub
from typing import Any, Final

import orjson

_NUMBER: Final = r"(-?\d{1,15})"
_SUM: Final = re.compile(_NUMBER + r"\s*(\+|-|\*|x|×|plus|minus|times|multiplied by)\s*" + _NUMBER, re.IGNORECASE)
_SIGNS: Final = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "x": "*", "×": "*"}
_OPERATIONS: Final = {"+": add, "-": sub, "*": mul}
_TOKEN: Final = re.compile(r"\w{1,8}|[^\w\s]")
_PIECE: Final = re.compile(r"\s*\S{1,24}")
_QUOTED_CHARACTERS: Final = 200

_OPENINGS: Final = (
    "This is the mock model speaking.",
    "Here is an answer without a model behind it.",
    "A made-up reply, the same one each time you ask.",
    "No neurons were used for this answer.",
)
_CLOSINGS: Final = (
    "Point the tenant at a real upstream to hear more.",
    "A real model would go on from here.",
    "Ask again and nothing will change.",
    "That is all the mock knows.",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A text with the reason it ended: `stop`, `length` (the token limit) or `sequence` (a stop sequence was met)."""

    text: str
    ended_by: str = "stop"
    sequence: str | None = None

    @property
    def tokens(self) -> int:
        return count_tokens(self.text)

    def pieces(self) -> list[str]:
        """The text in the pieces a stream sends; joined they are the text."""
        return _PIECE.findall(self.text)


def text_of(content: Any) -> str:
    """The text of a message's content, which both vendors allow as a string or as a list of typed parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict) and "text" in part)
    return ""


def question_of(messages: Sequence[Any]) -> str:
    """The text of the last user message, else of the last message."""
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return text_of(message.get("content"))
    last = messages[-1] if messages else None
    return text_of(last.get("content")) if isinstance(last, dict) else ""


def answer(question: str, context: Any, max_tokens: int | None = None, stops: Iterable[str] = ()) -> Answer:
    """The mock's answer. `context` is whatever else decides it, as JSON values (earlier messages, model, choice)."""
    text = _arithmetic(question) or _small_talk(question, digest([question, context]))
    return _cut(text, max_tokens, stops)


def count_tokens(text: str) -> int:
    """About as many tokens as a vendor would count: word parts and punctuation marks."""
    return sum(1 for _ in _TOKEN.finditer(text))


def prompt_tokens(messages: Iterable[Any]) -> int:
    """The messages' tokens with the few that every chat template adds."""
    contents = (message.get("content") for message in messages if isinstance(message, dict))
    return 3 + sum(4 + count_tokens(text_of(content)) for content in contents)


def embedding(text: str, dimensions: int) -> array[float]:
    """float32[dimensions], L2-normalised, decided by the text."""
    raw = array("h", hashlib.shake_256(text.encode(errors="replace")).digest(2 * dimensions))
    norm = math.sqrt(sum(value * value for value in raw)) or 1.0
    return array("f", (value / norm for value in raw))


def digest(value: Any) -> bytes:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()


def _arithmetic(question: str) -> str | None:
    found = _SUM.search(question)
    if found is None:
        return None
    left, word, right = found.groups()
    sign = _SIGNS.get(word.lower(), word)
    return f"{left} {sign} {right} = {_OPERATIONS[sign](int(left), int(right))}."


def _small_talk(question: str, seed: bytes) -> str:
    opening, closing = _OPENINGS[seed[0] % len(_OPENINGS)], _CLOSINGS[seed[1] % len(_CLOSINGS)]
    quoted = " ".join(question.split())[:_QUOTED_CHARACTERS].strip()
    return f'{opening} You said: "{quoted}" (note {seed[2:4].hex()}). {closing}'


def _cut(text: str, max_tokens: int | None, stops: Iterable[str]) -> Answer:
    met = min(((text.index(stop), stop) for stop in stops if stop and stop in text), default=None)
    if met is not None:
        text = text[: met[0]].rstrip()
    ended_by = "stop" if met is None else "sequence"
    if max_tokens is not None:
        ends = [found.end() for found in _TOKEN.finditer(text)]
        if len(ends) > max_tokens:
            return Answer(text[: ends[max_tokens - 1]] if max_tokens > 0 else "", "length")
    return Answer(text, ended_by, met[1] if met else None)
