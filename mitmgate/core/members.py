"""The members of a JSON object's text: where each of the outermost stands, so that one changes and no other byte.

Pure and linear; the text has been parsed before, so nothing here is checked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

import orjson

from mitmgate.core.errors import Refused

MAX_PARTS: Final = 50_000
TOO_MANY_PARTS: Final = partial(Refused, 413, "request_too_large", "The body has more parts than the gateway looks at.")

_match_space: Final = re.compile(rb"[ \t\n\r]*+").match
_match_string: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL).match
_match_scalar: Final = re.compile(rb"[^,}\]\s]++").match
# Strings are matched to be passed over: what looks like a bracket in them is none.
_find_brackets: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]', re.DOTALL).finditer
# What we and the upstream must read alike: whom to ask, how to answer, what is compared.
_DECISIVE: Final = frozenset({"model", "stream", "messages"})
_find_decisive: Final = re.compile(rb'"(?:model|stream|messages)"').findall


class Member(NamedTuple):
    """name as it is meant, and where its value begins and ends."""

    name: str
    begins_at: int
    ends_at: int


def members(raw: bytes) -> Iterator[Member]:
    """The members of the object that raw, which is valid JSON in UTF-8, holds; in order, repeated ones too.

    Raises Refused (413) for one of so many parts that looking at them would keep others waiting.
    """
    at, parts = _after_space(raw, 0) + 1, 0
    while True:
        at = _after_space(raw, at)
        if raw[at : at + 1] != b'"':
            return
        name_ends = _end_of_string(raw, at)
        name = _decoded(raw[at:name_ends])
        begins_at = _after_space(raw, _after_space(raw, name_ends) + 1)
        ends_at, count = _end_of_value(raw, begins_at)
        parts += count
        if parts > MAX_PARTS:
            raise TOO_MANY_PARTS()
        yield Member(name, begins_at, ends_at)
        at = _after_space(raw, ends_at) + 1


def repeats_decisive_name(raw: bytes) -> bool:
    """Whether the object has `model`, `stream` or `messages` twice: two readers may then read two requests."""
    # A small ASCII letter that is escaped: no encoder does that, and it hides a name from who looks for its bytes.
    if raw.find(b"\\") < 0 or (raw.find(b"\\u006") < 0 and raw.find(b"\\u007") < 0):  # much faster than `in`
        quoted = _find_decisive(raw)
        if len(quoted) == len(set(quoted)):
            return False
    found = [member.name for member in members(raw) if member.name in _DECISIVE]
    return len(found) != len(set(found))


def with_member(raw: bytes, name: str, value: str) -> bytes:
    """The object's text with that member's value replaced, or the member put first; else byte for byte as it was."""
    text = orjson.dumps(value)
    for member in members(raw):
        if member.name == name:
            return raw[: member.begins_at] + text + raw[member.ends_at :]
    first = _after_space(raw, 0) + 1
    comma = b"" if raw[_after_space(raw, first) :][:1] == b"}" else b","
    return b"".join((raw[:first], orjson.dumps(name), b":", text, comma, raw[first:]))


def _after_space(raw: bytes, at: int) -> int:
    found = _match_space(raw, at)
    assert found is not None
    return found.end()


def _end_of_string(raw: bytes, at: int) -> int:
    found = _match_string(raw, at)
    if found is None:
        raise ValueError("not JSON")
    return found.end()


def _end_of_value(raw: bytes, at: int) -> tuple[int, int]:
    """Where it ends, and of how many parts it is; of too many, it is not read to its end."""
    first = raw[at : at + 1]
    if first == b'"':
        return _end_of_string(raw, at), 1
    if first not in (b"{", b"["):
        found = _match_scalar(raw, at)
        if found is None:
            raise ValueError("not JSON")
        return found.end(), 1
    depth = 0
    for parts, found in enumerate(_find_brackets(raw, at), 1):
        if parts > MAX_PARTS:
            return found.end(), parts
        mark = raw[found.start()]
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
            if depth == 0:
                return found.end(), parts
    raise ValueError("not JSON")


def _decoded(text: bytes) -> str:
    if b"\\" not in text:
        return text[1:-1].decode()
    name: str = json.loads(text)
    return name
