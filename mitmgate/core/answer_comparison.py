"""Whether two answers say the same, as far as it can be told without their questions. Pure.

Two answers to one question differ in words, length and detail; what must not differ are numbers, names, yes or no, and
the items of a list. A logistic layer weighs these together with the similarity of the embeddings. Its numbers, and how
often it errs, come from `training/answers.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from mitmgate.core.answer_reading import Answer, numbers_and_roundings, read_answer
from mitmgate.core.bounded_json import may_parse
from mitmgate.core.errors import ANTHROPIC
from mitmgate.core.text.opposites import OPPOSITES

FILE: Final = Path(__file__).parent.parent / "weights" / "answers.json"
MOST_REASONS: Final = 3
LONGER: Final = 3.0  # times the words of the other
APART: Final = 0.5  # a similarity below it is a reason

#: The features in their order; those that are a reason name it.
NAMES: Final = (
    "similarity", "number", "first number", "unit", "numbers in one", "name", "first name", "yes or no", "negation",
    "no answer", "list", "code", "opposite", "words", "first words", "neighbours", "length",
)  # fmt: skip
_REASONS: Final = {
    "number": "number", "first number": "number", "unit": "unit", "name": "name", "first name": "name",
    "yes or no": "yes or no", "negation": "negation", "no answer": "no answer", "list": "list", "code": "code",
    "opposite": "opposite",
}  # fmt: skip


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
    if weights.intercept + math.fsum(parts) >= weights.bar:
        return Comparison(True, ())
    against = sorted((part, name) for part, name in zip(parts, NAMES, strict=True) if part < 0 and name in _REASONS)
    reasons = list(dict.fromkeys(_REASONS[name] for _, name in against))
    named = dict(zip(NAMES, values, strict=True))
    if named["similarity"] < APART:
        reasons.append("similarity")
    if named["length"] >= math.log(LONGER):
        reasons.append("length")
    return Comparison(False, tuple(reasons[:MOST_REASONS]) or ("wording",))


@cache
def read_weights(path: Path = FILE) -> Weights:
    """From the shipped file. Raises OSError, KeyError, and ValueError for one of another version."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    if kept["names"] != list(NAMES):
        raise ValueError(f"{path.name} was made for other features")
    return Weights(tuple(map(float, kept["weights"])), float(kept["intercept"]), float(kept["bar"]))


def features(one: Answer, other: Answer, similarity: float) -> tuple[float, ...]:
    """Each 0 to 1 but for similarity and length, in the order of NAMES; the same whichever answer comes first."""
    only_one, only_other = one.words - other.words, other.words - one.words
    opposites = sum(1 for word in only_one if not only_other.isdisjoint(OPPOSITES.get(word, ())))
    return (
        similarity,
        _numbers_apart(one, other),
        float(bool(one.numbers and other.numbers) and _lacks(other, one.numbers[0]) and _lacks(one, other.numbers[0])),
        _other_units(one.measured, other.measured),
        float(bool(one.numbers) != bool(other.numbers)),
        min(_unsaid(one, other), _unsaid(other, one)),
        float(_first_unsaid(one, other) and _first_unsaid(other, one)),
        float(one.says is not None and other.says is not None and one.says != other.says),
        float(one.negated != other.negated),
        float(one.gives_none != other.gives_none),
        _items_apart(one.items, other.items),
        _apart(one.code, other.code),
        min(1.0, opposites / 2),
        _apart(one.words, other.words),
        (_beyond(one.lead, other.words) + _beyond(other.lead, one.words)) / 2,
        _apart(one.neighbours, other.neighbours),
        abs(math.log((one.length + 3) / (other.length + 3))),
    )


def _apart[T](one: Collection[T], other: Collection[T]) -> float:
    """The share of the smaller side that the other lacks; 0 where a side is empty."""
    if not one or not other:
        return 0.0
    return 1 - len(set(one).intersection(other)) / min(len(set(one)), len(set(other)))


def _beyond(one: Collection[str], other: Collection[str]) -> float:
    return len(set(one).difference(other)) / len(one) if one else 0.0


def _numbers_apart(one: Answer, other: Answer) -> float:
    """The share of numbers that the other answer lacks, of the answer with the smaller such share."""
    if not one.numbers or not other.numbers:
        return 0.0
    return min(
        sum(_lacks(there, number) for number in here.numbers) / len(here.numbers)
        for here, there in ((one, other), (other, one))
    )


def _lacks(answer: Answer, number: str) -> bool:
    return number not in answer.rounded and numbers_and_roundings((number,)).isdisjoint(answer.numbers)


def _other_units(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> float:
    """Whether a number of both has another unit in each."""
    units = dict(one)
    return float(any(number in units and (number, unit) not in one for number, unit in other))


def _unsaid(one: Answer, other: Answer) -> float:
    """The share of names that the other answer lacks, in whatever case."""
    return sum(1 for name in one.names if name not in other.words) / len(one.names) if one.names else 0.0


def _first_unsaid(one: Answer, other: Answer) -> bool:
    return bool(one.names) and one.names[0] not in other.words


def _items_apart(one: tuple[frozenset[str], ...], other: tuple[frozenset[str], ...]) -> float:
    """The share of the shorter list whose items have no like in the other; 0 where one has no list."""
    fewer, more = sorted((one, other), key=len)
    if len(fewer) < 2:
        return 0.0
    return 1 - sum(1 for item in fewer if any(_alike(item, each) for each in more)) / len(fewer)


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
