"""Whether two answers say the same, as far as it can be told without their questions. Pure.

Two answers to one question differ in words, length and detail; what must not differ are numbers, names, yes or no, and
the items of a list. A logistic layer weighs these together with the similarity of the embeddings, which says little of
answers whose lengths differ much. Its numbers, and how
often it errs, come from `training/answers.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from mitmgate.core.answer_reading import Answer, numbers_and_roundings, read_answer
from mitmgate.core.bounded_json import may_parse
from mitmgate.core.errors import ANTHROPIC

FILE: Final = Path(__file__).parent.parent / "weights" / "answers.json"
MOST_REASONS: Final = 3
APART: Final = 0.75  # a similarity from it on is no reason
FEW_WORDS: Final = 25  # an answer in so few says hardly more than what was asked
OTHER_WORDS: Final = 2
ABOUT: Final = 0.1  # amounts of one unit that are no further apart are about the same
_NONE: Final[frozenset[str]] = frozenset()

#: The features in their order, and the reason that each is.
NAMES: Final[Mapping[str, str | None]] = {
    "similarity": None, "unlike": "similarity", "unlike in like words": "similarity", "number": "number",
    "first number": "number", "unit": "unit", "name": "name", "yes or no": "yes or no", "negation": "negation",
    "number in few words": "number", "name in few words": "name", "no answer": "no answer", "list": "list",
    "code": "code", "option": "code", "another word": "another word",
}  # fmt: skip
#: What two right answers to one question hardly ever have.
DECIDING: Final = frozenset({"yes or no", "unit", "number in few words", "no answer", "option"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """reasons: why they do not agree, the weightiest first, in fixed words; empty when they do."""

    agrees: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """bar: the log-odds of "the same" from which two answers agree."""

    of: tuple[float, ...]
    intercept: float
    bar: float


def answer_text(client_format: str, body: bytes) -> str | None:
    """The text of a whole plain answer of a chat completion or a message; None when there is none, or several."""
    if not may_parse(body):
        return None
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(answer, dict):
        return None
    text = _text(answer.get("content")) if client_format == ANTHROPIC else _choice_text(answer.get("choices"))
    return text if text and text.strip() else None


def compare(stored: str, real: str, similarity: float) -> Comparison:
    """similarity: the cosine of the embeddings of both. Which is which makes no difference."""
    return judged(features(read_answer(stored), read_answer(real), similarity), read_weights())


def judged(values: tuple[float, ...], weights: Weights) -> Comparison:
    """What the features, in the order of NAMES, say by these weights."""
    parts = [weight * value for weight, value in zip(weights.of, values, strict=True)]
    decided = deciding(values)
    if not decided and weights.intercept + math.fsum(parts) >= weights.bar:
        return Comparison(True, ())
    against = sorted((part, why) for part, why in zip(parts, NAMES.values(), strict=True) if part < 0 and why)
    against = [(-math.inf, why) for name in decided if (why := NAMES[name])] + against
    reasons = [why for why in dict.fromkeys(why for _, why in against) if why != "similarity" or values[0] < APART]
    return Comparison(False, tuple(reasons[:MOST_REASONS]) or ("wording",))


def deciding(values: tuple[float, ...]) -> list[str]:
    """The features that need no weighing: with one of them two answers disagree."""
    return [name for name, value in zip(NAMES, values, strict=True) if name in DECIDING and value >= 1]


@cache
def read_weights(path: Path = FILE) -> Weights:
    """From the shipped file. Raises OSError, KeyError, and ValueError for one of another version."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    if kept["names"] != list(NAMES):
        raise ValueError(f"{path.name} was made for other features")
    return Weights(tuple(map(float, kept["weights"])), float(kept["intercept"]), float(kept["bar"]))


def features(one: Answer, other: Answer, similarity: float) -> tuple[float, ...]:
    """In the order of NAMES, each from 0 to 1 (2 where the similarity is negative); symmetric."""
    longer = abs(math.log((one.length + 3) / (other.length + 3)))
    only_one, only_other = one.words - other.words, other.words - one.words
    shared = len(one.words & other.words)
    numbers, names = _numbers_apart(one, other), min(_unsaid(one, other), _unsaid(other, one))
    few = float(min(one.length, other.length) <= FEW_WORDS)
    return (
        similarity,
        (1 - similarity) * math.exp(-longer),
        (1 - similarity) * shared / max(1, len(one.words | other.words)),
        numbers,
        float(_first_lacks(one, other) and _first_lacks(other, one)),
        float(_other_unit(one.measured, other.measured)),
        names,
        float(one.says is not None and other.says is not None and one.says != other.says),
        float(one.negated != other.negated),
        few * numbers,
        few * names,
        float(one.gives_none != other.gives_none),
        _items_apart(one.items, other.items),
        _apart(one.code, other.code),
        _apart(one.options, other.options),
        float(0 < len(only_one) <= OTHER_WORDS and 0 < len(only_other) <= OTHER_WORDS),
    )


def _apart[T](one: Collection[T], other: Collection[T]) -> float:
    """The share of the smaller side that the other lacks; 0 where a side is empty."""
    if not one or not other:
        return 0.0
    return 1 - len(set(one).intersection(other)) / min(len(set(one)), len(set(other)))


def _numbers_apart(one: Answer, other: Answer) -> float:
    """The share of numbers that the other answer lacks, of the answer with the smaller such share."""
    if not one.numbers or not other.numbers:
        return 0.0
    return min(
        sum(_lacks(there, number, here.measured.get(number, _NONE)) for number in here.numbers) / len(here.numbers)
        for here, there in ((one, other), (other, one))
    )


def _first_lacks(one: Answer, other: Answer) -> bool:
    if not one.numbers or not other.numbers:
        return False
    return _lacks(other, one.numbers[0], one.measured.get(one.numbers[0], _NONE))


def _lacks(answer: Answer, number: str, units: frozenset[str]) -> bool:
    """Whether neither it nor a rounding of it is there, nor, of its unit, an amount that is about the same."""
    if number in answer.rounded or not numbers_and_roundings((number,)).isdisjoint(answer.numbers):
        return False
    amounts = (other for other, theirs in answer.measured.items() if not units.isdisjoint(theirs))
    return not any(_about(float(number), float(other)) for other in amounts)


def _about(one: float, other: float) -> bool:
    return abs(one - other) <= ABOUT * max(abs(one), abs(other))


def _other_unit(one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]) -> bool:
    """Whether a number has units in both, and other ones."""
    return any(one[number].isdisjoint(other[number]) for number in one.keys() & other.keys())


def _unsaid(one: Answer, other: Answer) -> float:
    """The share of names that the other answer lacks, in whatever case."""
    return sum(1 for name in one.names if name not in other.words) / len(one.names) if one.names else 0.0


def _items_apart(one: tuple[frozenset[str], ...], other: tuple[frozenset[str], ...]) -> float:
    """The share of the shorter list whose items have no like in the other; 0 where one has no list."""
    if min(len(one), len(other)) < 2:
        return 0.0
    if len(one) == len(other):
        return min(_without_like(one, other), _without_like(other, one))
    return _without_like(*sorted((one, other), key=len))


def _without_like(items: tuple[frozenset[str], ...], others: tuple[frozenset[str], ...]) -> float:
    return 1 - sum(1 for item in items if any(_alike(item, each) for each in others)) / len(items)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return 2 * len(one & other) >= min(len(one), len(other))


def _choice_text(choices: Any) -> str | None:
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        return None
    message = choices[0].get("message")
    return _text(message.get("content")) if isinstance(message, dict) else None


def _text(content: Any) -> str | None:
    """Of a string, or of the text parts of a list; None when there is anything else but the model's reasoning."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return None
    if any(part.get("type") not in ("text", "thinking", "redacted_thinking") for part in content):
        return None
    texts = [part.get("text") for part in content if part.get("type") == "text"]
    return "".join(texts) if all(isinstance(text, str) for text in texts) else None
