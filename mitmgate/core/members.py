"""The members of a JSON object's text: where each of the outermost stands, so that one changes and no other byte.

Pure and linear; the text has been parsed before, so nothing here is checked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

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
    """The members of the object that raw, which is valid JSON in UTF-8, holds; in order, repeated ones too."""
    at = _after_space(raw, 0) + 1
    while True:
        at = _after_space(raw, at)
        if raw[at : at + 1] != b'"':
            return
        name_ends = _end_of_string(raw, at)
        name = _decoded(raw[at:name_ends])
        begins_at = _after_space(raw, _after_space(raw, name_ends) + 1)
        ends_at = _end_of_value(raw, begins_at)
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
    for member in members(raw):
        if member.name == name:
            return with_value(raw, member.begins_at, member.ends_at, value)
    return with_first(raw, name, value)


def with_value(raw: bytes, begins_at: int, ends_at: int, value: str) -> bytes:
    """The text with that value in the place of the one that stands there."""
    return b"".join((memoryview(raw)[:begins_at], orjson.dumps(value), memoryview(raw)[ends_at:]))


def with_first(raw: bytes, name: str, value: str) -> bytes:
    """The object's text with that member put first."""
    text = orjson.dumps(value)
    first = _after_space(raw, 0) + 1
    behind = _after_space(raw, first)
    comma = b"" if raw[behind : behind + 1] == b"}" else b","
    return b"".join((raw[:first], orjson.dumps(name), b":", text, comma, memoryview(raw)[first:]))


def _after_space(raw: bytes, at: int) -> int:
    found = _match_space(raw, at)
    assert found is not None
    return found.end()


def _end_of_string(raw: bytes, at: int) -> int:
    found = _match_string(raw, at)
    if found is None:
        raise ValueError("not JSON")
    return found.end()


def _end_of_value(raw: bytes, at: int) -> int:
    first = raw[at : at + 1]
    if first == b'"':
        return _end_of_string(raw, at)
    if first not in (b"{", b"["):
        found = _match_scalar(raw, at)
        if found is None:
            raise ValueError("not JSON")
        return found.end()
    depth = 0
    for found in _find_brackets(raw, at):
        mark = raw[found.start()]
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
            if depth == 0:
                return found.end()
    raise ValueError("not JSON")


def _decoded(text: bytes) -> str:
    if b"\\" not in text:
        return text[1:-1].decode()
    name: str = json.loads(text)
    return name
