"""Holds back the unfinished end of a stream, so that an error of ours can follow as an event of its own. Pure.

Whole events (WHATWG HTML section 9.2) and lines (https://github.com/ndjson/ndjson-spec) pass at once; what came of
the next one waits until it is whole. When the upstream breaks off, that piece is dropped and the error takes its
place. A piece longer than MAX_HELD_BYTES passes, and then nothing may be appended until it is whole.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import Final

import orjson

from mitmgate.core.encoding import is_plain
from mitmgate.core.replay.events import split_events

MAX_HELD_BYTES: Final = 64 << 10
_NO_END: Final = -1
_CR, _LF, _COLON = b"\r\n:"
_BOM: Final = b"\xef\xbb\xbf"
_is_lines: Final = re.compile(r"application/(?:x-)?(?:nd-?json|jsonl|json-?lines)|application/stream\+json").fullmatch
_match_between: Final = re.compile(rb"(?:(?::[^\r\n]*+)?(?:\r\n|\n|\r))*+").match  # blank lines and comments
_search_line_end: Final = re.compile(rb"\r\n|\n|\r").search
_find_numbers: Final = re.compile(rb'"sequence_number"\s*:\s*([0-9]{1,9})(?![0-9])').findall


class StreamKind(Enum):
    """The bodies that an error of ours may be appended to."""

    EVENTS = auto()
    LINES = auto()


def stream_kind(content_type: str) -> StreamKind | None:
    """What a Content-Type says; None for any other body."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "text/event-stream":
        return StreamKind.EVENTS
    return StreamKind.LINES if _is_lines(media_type) else None


def hold_for(content_type: str, content_encoding: str) -> Hold | None:
    """The hold for an answer; None where nothing may be appended: another type, or bytes that are encoded."""
    kind = stream_kind(content_type)
    if kind is None or not is_plain(content_encoding):
        return None
    return EventHold() if kind is StreamKind.EVENTS else LineHold()


class Hold(ABC):
    """Feed it chunks, cut anywhere; each byte is looked at once."""

    kind: StreamKind

    def __init__(self) -> None:
        self._held = bytearray()
        self._passing = False  # part of what is not whole is out
        self._last = b""

    @property
    def may_append(self) -> bool:
        """Whether the client has nothing unfinished."""
        return not self._passing

    def pass_on(self, chunk: bytes) -> bytes:
        """The bytes that may go out now."""
        if not chunk:
            return b""
        end = self._end_in(chunk)
        if end == _NO_END:
            if self._passing:
                return chunk
            self._held += chunk
            if len(self._held) <= MAX_HELD_BYTES:
                return b""
            self._passing = True
            return self.rest()
        ready = chunk if end == len(chunk) else chunk[:end]
        if self._held:
            ready = self.rest() + ready
        if end < len(chunk):
            self._held += chunk[end:]
        self._passing = False
        self._last = ready
        return ready

    def rest(self) -> bytes:
        """Gives up what is held: at the stream's end, or to be dropped."""
        held = bytes(self._held)
        self._held.clear()
        return held

    def held_is_whole(self) -> bool:
        """Whether what is held lacks nothing but line ends, as the last event of a careless server does."""
        return _says_all(bytes(self._held), self.kind)

    def next_number(self) -> int:
        """The `sequence_number` that an event of ours gets on OpenAI's `/v1/responses`."""
        numbers = _find_numbers(self._last)
        return int(numbers[-1]) + 1 if numbers else 0

    @abstractmethod
    def _end_in(self, chunk: bytes) -> int:
        """The offset behind the last event in this chunk; _NO_END when none ends in it."""


class LineHold(Hold):
    """Of lines, each a JSON value."""

    kind = StreamKind.LINES

    def _end_in(self, chunk: bytes) -> int:
        return chunk.rfind(b"\n") + 1 or _NO_END


class EventHold(Hold):
    """Of events. A comment between them is whole without a blank line: servers keep clients waiting with such."""

    kind = StreamKind.EVENTS

    def __init__(self) -> None:
        super().__init__()
        self._first = True
        self._in_event = False  # a line that is no comment has begun since the last blank one
        self._in_comment = False
        self._at_line_start = True
        self._after_cr = False

    def _end_in(self, chunk: bytes) -> int:
        begin = 1 if self._after_cr and chunk[0] == _LF else 0  # the second half of a line end
        least = 0  # what waits for more: a mark alone, behind which not every client would see an event of ours
        if self._first:
            self._first = False
            if chunk.startswith(_BOM):
                begin = least = len(_BOM)
        end = self._behind_blank_line(chunk, begin)
        if end == _NO_END and not self._in_event:
            end = begin
            if self._in_comment:
                found = _search_line_end(chunk, begin)
                end = found.end() if found else _NO_END
        if end != _NO_END:
            between = _match_between(chunk, end)
            assert between is not None
            end = between.end()
            self._in_comment = end < len(chunk) and chunk[end] == _COLON
            self._in_event = end < len(chunk) and not self._in_comment
        self._after_cr = chunk[-1] == _CR
        self._at_line_start = chunk[-1] in (_CR, _LF)
        return end if end > least else _NO_END

    def _behind_blank_line(self, chunk: bytes, begin: int) -> int:
        """The offset behind the chunk's last blank line."""
        at = chunk.rfind(b"\n\n")
        if b"\r" in chunk:
            at = max(at, chunk.rfind(b"\n\r"), chunk.rfind(b"\r\r"))
        at += 1
        if not at:
            if not self._at_line_start or begin >= len(chunk) or chunk[begin] not in (_CR, _LF):
                return _NO_END
            at = begin
        return at + 2 if chunk[at : at + 2] == b"\r\n" else at + 1


def _says_all(piece: bytes, kind: StreamKind) -> bool:
    if kind is StreamKind.LINES:
        return not piece.strip() or _is_json(piece)
    return all(event.data == b"[DONE]" or _is_json(event.data) for event in split_events(piece + b"\n\n"))


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
