"""JSON in one spelling, so that a digest tells apart what differs and nothing else. Pure.

Members are sorted, whitespace is gone, and every value keeps its type: 1, 1.0, "1" and true are four spellings.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import orjson

MAX_JUDGED_BYTES: Final = 4 << 20
MAX_JUDGED_VALUES: Final = 100_000  # about: each is looked at in Python, 100 ms in all
TOO_LARGE: Final = "too large"
_BEYOND_64_BITS: Final = float(1 << 63)


def canonical_json(value: Any) -> bytes:
    """The one spelling of a parsed JSON value. Raises ValueError for NaN, infinities and what JSON has no word for."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        # The mark keeps the two spellings apart: they sort and escape differently.
        return b"~" + _slow_json(value)
    if b"null" in text and _holds_non_finite(value):
        raise ValueError("not a JSON number")
    return text


def ambiguity(raw: bytes, parsed: Any, max_bytes: int = MAX_JUDGED_BYTES) -> str | None:
    """Why two readers may understand this text differently; None when they can not.

    parsed is what orjson made of the text: of a repeated name it keeps the last member, and integers beyond 64 bits
    become floats. An upstream may read both differently, so such a text must not meet another one in a cache.
    """
    if len(raw) > max_bytes or (len(raw) > MAX_JUDGED_VALUES and raw.count(b",") > MAX_JUDGED_VALUES):
        return TOO_LARGE
    members, is_exact = _members(parsed)
    if not is_exact:
        return "number beyond 64 bits"
    return "repeated name" if _repeats(raw, members) else None


def repeats_name(raw: bytes, parsed: Any) -> bool:
    """Whether an object in this text has a name twice; parsed is what orjson, which keeps the last one, made of it."""
    return _repeats(raw, _members(parsed)[0])


def _repeats(raw: bytes, members: int) -> bool:
    if raw.count(b'":') == members and not _spaced(raw):
        return False  # every member is counted once, so no name was lost to a repetition
    return _has_repeated_names(raw)


def _spaced(raw: bytes) -> bool:
    return b'" :' in raw or b'"\n:' in raw or b'"\t:' in raw or b'"\r:' in raw


def _members(value: Any) -> tuple[int, bool]:
    """How many members all objects in the value have, and whether no number can have lost digits."""
    members, is_exact = 0, True
    open_values = [value]
    while open_values:
        value = open_values.pop()
        kind = type(value)
        if kind is dict:
            members += len(value)
            open_values.extend(value.values())
        elif kind is list:
            open_values.extend(value)
        elif kind is float and not -_BEYOND_64_BITS < value < _BEYOND_64_BITS:
            is_exact = False
    return members, is_exact


class _RepeatedName(Exception):
    pass


def _unrepeated(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _RepeatedName


_read_pairs: Final = json.JSONDecoder(object_pairs_hook=_unrepeated, parse_int=len, parse_float=len).decode


def _has_repeated_names(raw: bytes) -> bool:
    try:
        _read_pairs(raw.decode())
    except (_RepeatedName, ValueError, RecursionError):
        return True
    return False


def _slow_json(value: Any) -> bytes:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True).encode()
    except (TypeError, RecursionError) as problem:
        raise ValueError("not a JSON value") from problem


def _holds_non_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_non_finite(one) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_non_finite(one) for one in value)
    return isinstance(value, float) and not math.isfinite(value)
