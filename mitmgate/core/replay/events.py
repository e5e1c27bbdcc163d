"""A whole stream's events, each with the bytes it came as (WHATWG HTML section 9.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from mitmgate.core.bounded_json import may_parse

_BOM: Final = b"\xef\xbb\xbf"
_find_lines: Final = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)").finditer


class NotReplayable(Exception):
    """Why an answer can not take another form, or be kept at all, in words fit for a header."""


class StreamEvent(NamedTuple):
    """raw: the event's bytes with its blank line, and with the comments before it; data: its data lines, joined."""

    raw: bytes
    name: bytes
    data: bytes
    complete: bool = True

    def parsed(self) -> dict[str, Any]:
        """The data as an object. Raises NotReplayable."""
        if not may_parse(self.data):
            raise NotReplayable("large")
        try:
            body = orjson.loads(self.data)
        except orjson.JSONDecodeError:
            raise NotReplayable("not JSON") from None
        if not isinstance(body, dict):
            raise NotReplayable("not JSON")
        return body


def split_events(body: bytes) -> list[StreamEvent]:
    """The events with data. What follows the last blank line is an event that is not complete."""
    if b"\r" in body or body.startswith(_BOM):
        return list(_by_lines(body))
    events = []
    before = b""  # comments, blank lines
    blocks = body.split(b"\n\n")
    last = blocks.pop()
    for block in blocks:
        first, _, second = block.partition(b"\n")
        if first[:6] == b"data: " and not second:  # as nearly all are, and the vendor's other way
            events.append(StreamEvent(before + block + b"\n\n", b"", first[6:]))
            before = b""
        elif first[:7] == b"event: " and second[:6] == b"data: " and b"\n" not in second:
            events.append(StreamEvent(before + block + b"\n\n", first[7:], second[6:]))
            before = b""
        elif found := list(_by_lines(before + block + b"\n\n")):
            events += found
            before = b""
        else:
            before += block + b"\n\n"
    return events + list(_by_lines(before + last)) if last else events


def _by_lines(body: bytes) -> Iterator[StreamEvent]:
    """The same for any line ends."""
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


def with_last_line_ends(body: bytes) -> bytes:
    """The stream with the line ends that its last event still lacks, of the stream's own kind."""
    end = next((each for each in (b"\r\n", b"\n", b"\r") if each in body), b"\n")
    return body.rstrip(b"\r\n") + end * 2


def render_event(data: Mapping[str, Any], name: str | None = None) -> bytes:
    """One event of ours."""
    line = b"data: " + orjson.dumps(data) + b"\n\n"
    return line if name is None else b"event: " + name.encode() + b"\n" + line


def merged(chunks: Sequence[Mapping[str, Any]], without: frozenset[str]) -> dict[str, Any]:
    """What the chunks say beside `without`: of a name its last value that is not null."""
    found: dict[str, Any] = {}
    for chunk in chunks:
        found.update(chunk)
    for name in [name for name, value in found.items() if value is None]:
        found[name] = next((chunk[name] for chunk in reversed(chunks) if chunk.get(name) is not None), None)
    return {name: value for name, value in found.items() if name not in without}
