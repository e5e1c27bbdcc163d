"""A whole stream's events, each with the bytes it came as (WHATWG HTML section 9.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

_BOM: Final = b"\xef\xbb\xbf"
_find_lines: Final = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)").finditer


class NotReplayable(Exception):
    """Why an answer can not take another form, or be kept at all, in words fit for a header."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """raw: the event's bytes with its blank line, and with the comments before it; data: its data lines, joined."""

    raw: bytes
    name: bytes
    data: bytes
    complete: bool = True

    def parsed(self) -> dict[str, Any]:
        """The data as an object. Raises NotReplayable."""
        try:
            body = orjson.loads(self.data)
        except orjson.JSONDecodeError:
            raise NotReplayable("not JSON") from None
        if not isinstance(body, dict):
            raise NotReplayable("not JSON")
        return body


def split_events(body: bytes) -> Iterator[StreamEvent]:
    """The events with data. What follows the last blank line is an event that is not complete."""
    start, name, data = 0, b"", list[bytes]()
    for found in _find_lines(body):
        line = found[1].removeprefix(_BOM) if found.start() == 0 else found[1]
        if not line and found[2]:
            if data:
                yield StreamEvent(body[start : found.end()], name, b"\n".join(data))
                start = found.end()
            elif name:  # nothing to dispatch: not an event
                start = found.end()
            name, data = b"", []
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    if data or name:
        yield StreamEvent(body[start:], name, b"\n".join(data), complete=False)


def render_event(data: Mapping[str, Any], name: str | None = None) -> bytes:
    """One event of ours."""
    line = b"data: " + orjson.dumps(data) + b"\n\n"
    return line if name is None else b"event: " + name.encode() + b"\n" + line


def merged(chunks: Iterable[Mapping[str, Any]], without: frozenset[str]) -> dict[str, Any]:
    """What the chunks say beside `without`: of a name its last value that is not null."""
    found: dict[str, Any] = {}
    for chunk in chunks:
        for name, value in chunk.items():
            if name not in without and (value is not None or name not in found):
                found[name] = value
    return found
