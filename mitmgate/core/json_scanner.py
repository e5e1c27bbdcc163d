"""Finds few small members in JSON of any size as it passes, cut anywhere. Pure, linear, in bounded memory.

Only the objects that may hold a wanted member are looked at; the rest is skipped by regular expressions, without being
parsed. What is skipped may be no strict JSON: a byte order mark, NaN, half a surrogate pair, a comma too many. Several
documents may follow one another (JSON Lines), and a list of documents counts as that (Gemini's array stream).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import Any, Final

import orjson

from mitmgate.core.usage_shapes import Place

MAX_VALUE_BYTES: Final = 16 << 10  # of a wanted member; a larger one is passed over
_MAX_NAME: Final = 64
_MAX_SCALAR: Final = 64
# A step takes a microsecond or two; an answer has one in some thirty bytes.
_STEPS: Final = 4096
_BYTES_A_STEP: Final = 16

# Possessive throughout: nothing is tried twice, so the cost is linear and no state piles up.
_rest_of_string: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL).match
_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT: Final = rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+"
_NESTED: Final = rb'(?:[^"\[\]{}]++|%s|\[%s\]|\{%s\})*+'
_TWICE: Final = _NESTED % (_STRING, _FLAT, _FLAT)
_skip_nested: Final = re.compile(_NESTED % (_STRING, _TWICE, _TWICE), re.DOTALL).match
_brackets: Final = re.compile(rb"[\[{]++|[\]}]++").match
_next_visible: Final = re.compile(rb"[^ \t\r\n]").search
_end_of_scalar: Final = re.compile(rb"[,\]} \t\r\n]").search
_comma_too_many: Final = re.compile(r",(\s*[}\]])")

_QUOTE, _COLON, _BACKSLASH = b'":\\'
_OPEN_OBJECT, _OPEN_LIST = b"{["
_OPENERS: Final = b"{["

type Found = Callable[[str, Any], None]
type _Step = Callable[[bytes, int], int]


class Wanted:
    """Which members are wanted of an object, or of each object in a list: whole (None), or something within them.

    scalars: members that are numbers or strings.
    """

    __slots__ = ("members", "scalars", "skip_elements", "skip_members")

    def __init__(self, place: Place, scalars: Collection[str] = ()) -> None:
        self.scalars = frozenset(scalars)
        self.members = {name: None if inner is None else Wanted(inner) for name, inner in place.items()}
        names = b"|".join(re.escape(name.encode()) for name in (*place, *scalars))
        other = rb'"(?!(?:' + names + rb')")' + _STRING[1:]
        others = _NESTED % (other, _TWICE, _TWICE)
        self.skip_members = re.compile(others, re.DOTALL).match
        self.skip_elements = re.compile(rb'(?:[^"\[\]{}]++|%s|\{%s\})*+' % (_STRING, others), re.DOTALL).match


class JsonScanner:
    """Calls found(name, value) for each wanted member, in the order of the text.

    Text made to cost much, with more brackets and names than any answer has, is not read to its end.
    """

    def __init__(self, wanted: Wanted, found: Found) -> None:
        self._wanted = wanted
        self._found = found
        self._stack: list[tuple[Wanted, bool]] = []  # the open objects and lists that are looked at; whether an object
        self._step: _Step = self._between
        self._text = bytearray()  # of a name, a scalar or a wanted value that has not ended
        self._collects = False
        self._name: str | None = None
        self._depth = 0  # below the value that is skipped
        self._in_string = False  # of a skipped value
        self._escaped = False  # the chunk before ended within an escape
        self._steps_left = 0

    @property
    def between_documents(self) -> bool:
        """Whether the next byte begins a document."""
        return not self._stack and self._step == self._between

    def feed(self, chunk: bytes) -> None:
        """Reads the next bytes."""
        at, end = 0, len(chunk)
        self._steps_left = _STEPS + end // _BYTES_A_STEP
        while at < end and self._steps_left > 0:
            self._steps_left -= 1
            at = self._step(chunk, at)
        if at < end:
            self._give_up()

    def _give_up(self) -> None:
        self._text.clear()
        self._step = self._pass_over

    @staticmethod
    def _pass_over(chunk: bytes, at: int) -> int:
        return max(at, len(chunk))

    # ---- one step each: reads from `at`, -> where the next one goes on

    def _between(self, chunk: bytes, at: int) -> int:
        """Within an object, a list or the document, before a name or a value."""
        wanted, in_object = self._stack[-1] if self._stack else (self._wanted, False)
        skipped = (wanted.skip_members if in_object else wanted.skip_elements)(chunk, at)
        assert skipped is not None
        at = skipped.end()
        if at == len(chunk):
            return at
        byte = chunk[at]
        if byte == _QUOTE:
            self._begin_text(collects=in_object)
            self._step = self._name_text if in_object else self._string
        elif byte not in _OPENERS:
            if self._stack:
                self._stack.pop()
        elif in_object:
            self._skip_value(byte, wanted=False)  # of a name that is not wanted
        elif byte == _OPEN_OBJECT:
            self._stack.append((wanted, True))
        elif self._stack:
            self._skip_value(byte, wanted=False)  # a list in a list
        else:
            self._stack.append((wanted, False))
        return at + 1

    def _begin_text(self, collects: bool) -> None:
        self._text.clear()
        self._collects = collects
        self._escaped = False

    def _string_part(self, chunk: bytes, at: int) -> tuple[int, bool]:
        """Goes on in a string. -> where it goes on, and whether the string has ended before that."""
        begin = at
        if self._escaped:
            self._escaped = False
            at += 1
        match = _rest_of_string(chunk, at)
        assert match is not None
        at = match.end()
        ended = at < len(chunk) and chunk[at] == _QUOTE
        if not ended and at < len(chunk):  # a backslash, whose other half is in the next chunk
            self._escaped = True
            at += 1
        if self._collects:
            if at - begin + len(self._text) > _MAX_NAME:
                self._collects = False
                self._text.clear()
            else:
                self._text += chunk[begin:at]
        return (at + 1 if ended else at), ended

    def _string(self, chunk: bytes, at: int) -> int:
        """A value that is a string."""
        at, ended = self._string_part(chunk, at)
        if ended:
            if self._collects and self._name is not None:
                self._found(self._name, _unescaped(self._text))
            self._step = self._between
        return at

    def _name_text(self, chunk: bytes, at: int) -> int:
        at, ended = self._string_part(chunk, at)
        if ended:
            self._name = self._text.decode("utf-8", "replace") if self._collects else None
            self._step = self._after_name
        return at

    def _after_name(self, chunk: bytes, at: int) -> int:
        found = _next_visible(chunk, at)
        if found is None:
            return len(chunk)
        if chunk[found.start()] != _COLON:  # it was no name
            self._step = self._between
            return found.start()
        self._step = self._value
        return found.end()

    def _value(self, chunk: bytes, at: int) -> int:
        found = _next_visible(chunk, at)
        if found is None:
            return len(chunk)
        at, byte, name, wanted = found.start(), chunk[found.start()], self._name, self._stack[-1][0]
        is_scalar = name in wanted.scalars
        if byte == _QUOTE:
            self._begin_text(collects=is_scalar)
            self._step = self._string
            return at + 1
        if byte in _OPENERS:
            if name is None or name not in wanted.members:
                self._skip_value(byte, wanted=False)
            elif (inner := wanted.members[name]) is None:
                self._skip_value(byte, wanted=True)
            else:
                self._stack.append((inner, byte == _OPEN_OBJECT))
                self._step = self._between
            return at + 1
        self._begin_text(collects=is_scalar)
        self._step = self._scalar if is_scalar else self._between
        return at

    def _scalar(self, chunk: bytes, at: int) -> int:
        found = _end_of_scalar(chunk, at)
        end = len(chunk) if found is None else found.start()
        self._text += chunk[at : min(end, at + _MAX_SCALAR + 1)]
        if len(self._text) > _MAX_SCALAR:
            self._step = self._between
        elif found is not None:
            self._tell()
        return end

    def _skip_value(self, byte: int, wanted: bool) -> None:
        self._begin_text(collects=wanted)
        if wanted:
            self._text.append(byte)
        self._depth, self._in_string = 1, False
        self._step = self._skip

    def _skip(self, chunk: bytes, at: int) -> int:
        begin, end = at, len(chunk)
        while at < end and self._depth:
            if self._in_string:
                at = self._skip_string(chunk, at)
                continue
            match = _skip_nested(chunk, at)
            assert match is not None
            at = match.end()
            if at == end:
                break
            self._steps_left -= 1
            if self._steps_left < 0:
                break
            if chunk[at] == _QUOTE:  # a string that does not end in this chunk
                self._in_string = True
                at += 1
                continue
            run = _brackets(chunk, at)
            assert run is not None
            length = run.end() - at
            if chunk[at] in _OPENERS:
                self._depth += length
            else:
                length = min(length, self._depth)
                self._depth -= length
            at += length
        if self._collects:
            self._collect(chunk[begin:at])
        if not self._depth:
            if self._collects:
                self._tell()
            self._step = self._between
        return at

    def _skip_string(self, chunk: bytes, at: int) -> int:
        collects, self._collects = self._collects, False
        at, ended = self._string_part(chunk, at)
        self._collects = collects
        self._in_string = not ended
        return at

    def _collect(self, part: bytes) -> None:
        if len(self._text) + len(part) > MAX_VALUE_BYTES:
            self._collects = False
            self._text.clear()
        else:
            self._text += part

    def _tell(self) -> None:
        self._step = self._between
        value = lenient(bytes(self._text))
        self._text.clear()
        if value is not None and self._name is not None:
            self._found(self._name, value)


def _unescaped(text: bytearray) -> str:
    """What stands between quotation marks, as it is meant."""
    value = lenient(b'"%s"' % text) if b"\\" in text else None
    return value if isinstance(value, str) else text.decode("utf-8", "replace")


def lenient(text: bytes) -> Any:
    """The value of a small JSON text, strict or nearly so; None for what cannot be read."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    words = text.decode("utf-8", "replace").removeprefix("\ufeff")
    for attempt in (words, _comma_too_many.sub(r"\1", words)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None
