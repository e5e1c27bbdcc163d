"""An answer's tokens, read from its whole text or while it passes. Pure. core.usage_shapes knows what counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any, Final

import orjson

from mitmgate.core.errors import ANTHROPIC
from mitmgate.core.json_scanner import JsonScanner, Wanted
from mitmgate.core.recording import Recording
from mitmgate.core.sse import Event, SseReader
from mitmgate.core.token_estimate import PassedText, estimated_prompt
from mitmgate.core.usage_shapes import COUNTERS, PLACES, Counts, Tokens

__all__ = ["JsonTap", "StreamTap", "Tap", "Tokens", "tokens_of_json", "tokens_of_text"]

_REPORTS: Final = Wanted(PLACES, COUNTERS)
_EVENTS: Final = Wanted(PLACES, COUNTERS | {"type"})
_OPENAI_ENDS: Final = frozenset({b"response.completed", b"response.incomplete", b"response.failed"})
_ANTHROPIC_ENDS: Final = frozenset({b"message_stop"})
# A chunk of whole events without any of these says nothing that is wanted.
_REPORT_MARKS: Final = (b'okens"', b"okens_", b'okenCount"', b'_count"')
_OPENAI_MARKS: Final = (*_REPORT_MARKS, b"[DONE]", b'finish_reason":"', b'finish_reason": "', *_OPENAI_ENDS)
_ANTHROPIC_MARKS: Final = (*_REPORT_MARKS, b"stop", *_ANTHROPIC_ENDS)
_MOST_DULL: Final = 80  # bytes of a line; an event of more costs little for its length
_BLANK_LINES: Final = (b"\n\n", b"\r\n\r\n")
_DONE_LINES: Final = (b"data: [DONE]", b"data:[DONE]")


def _dull_events(marks: Sequence[bytes]) -> Callable[[bytes, int], int]:
    """Passes over short events without a mark, thousands of which may come at once."""
    line = rb"(?![^\r\n]{0,%d}?(?:%s))[^\r\n]{0,%d}+\r?\n" % (
        _MOST_DULL,
        b"|".join(map(re.escape, marks)),
        _MOST_DULL,
    )
    match = re.compile(rb"(?:(?:event:%s)?data:%s\r?\n)*+" % (line, line)).match

    def skip(chunk: bytes, start: int) -> int:
        found = match(chunk, start)
        assert found is not None
        return found.end()

    return skip


_OPENAI_DULL: Final = _dull_events(_OPENAI_MARKS)
_ANTHROPIC_DULL: Final = _dull_events(_ANTHROPIC_MARKS)


def tokens_of_json(answer: dict[str, Any]) -> Tokens:
    """The usage of a whole answer."""
    counts = Counts()
    counts.read_answer(answer)
    return counts.tokens()


def tokens_of_text(text: bytes) -> Tokens:
    """The usage of a whole answer that is too large to be parsed, or no strict JSON."""
    tap = JsonTap()
    tap.split_terminal(text)
    return tap.tokens


class Tap:
    """Reads an answer while it passes; this one does not look into it."""

    terminal_seen = False
    finish_reason: str | None = None

    def __init__(self) -> None:
        self.counts = Counts()
        self.passed = PassedText()

    @property
    def tokens(self) -> Tokens:
        """As the vendor has reported them so far."""
        return self.counts.tokens()

    @property
    def has_read(self) -> bool:
        """Whether any of an answer has passed."""
        return self.passed.size > 0 or self.counts.reported

    def tokens_so_far(self, request: bytes) -> Tokens:
        """Those of an answer that broke off: what was not reported is estimated, the prompt from the request's body."""
        tokens = self.tokens
        if more := self.passed.estimated():
            tokens.completion, tokens.estimated = (tokens.completion or 0) + more, True
        if tokens.prompt is None and (prompt := estimated_prompt(request)) is not None:
            tokens.prompt, tokens.estimated = prompt, True
        return tokens

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]:
        """The bytes that may go out now, and those from the terminal event on."""
        return chunk, b""

    def _read(self, answer: dict[str, Any]) -> None:
        before = self.counts.generations
        self.counts.read_answer(answer)
        if self.counts.generations != before:
            self.passed.clear()

    def _found(self, name: str, value: Any) -> None:
        """A report that a scanner found."""
        self._read({name: value} if name in COUNTERS else {"usage": value})


class JsonTap(Tap):
    """Reads the reports of an answer in JSON as it passes: one document, a list of them, or a line each."""

    def __init__(self, by_lines: bool = False) -> None:
        super().__init__()
        self._by_lines = by_lines
        self._scanner = JsonScanner(_REPORTS, self._found)

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]:
        self.passed.add(chunk)
        if self._by_lines and chunk.endswith(b"\n") and self._scanner.between_documents:
            for mark in _REPORT_MARKS:
                if mark in chunk:
                    break
            else:
                return chunk, b""
        self._scanner.feed(chunk)
        return chunk, b""


class _Look(Enum):
    NOT_YET = auto()
    UNMARKED = auto()
    NOT_UNDERSTOOD = auto()
    UNDERSTOOD = auto()


class StreamTap(Tap):
    """Reads a stream's tokens as it passes, and finds its terminal event, behind which nothing of the answer comes."""

    def __init__(self, client_format: str, recording: Recording | None = None) -> None:
        super().__init__()
        self._recording = recording
        self._is_anthropic = client_format == ANTHROPIC
        self._marks = _ANTHROPIC_MARKS if self._is_anthropic else _OPENAI_MARKS
        self._ends = _ANTHROPIC_ENDS if self._is_anthropic else _OPENAI_ENDS
        dull = _ANTHROPIC_DULL if self._is_anthropic else _OPENAI_DULL
        self._reader = SseReader(self._read_loosely, dull)
        self._scanner: JsonScanner | None = None  # of an event that is not parsed
        self._scanned_kind: str | None = None
        self._looked_at = _Look.NOT_YET  # the first line of the present event's data
        self.model: str | None = None
        self.terminal_seen = False

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]:
        """The bytes that may go out now, and those from the terminal event on.

        What the terminal event says is read by then. One that began in an earlier chunk is held from where no client
        can have acted on it yet.
        """
        if self.terminal_seen:
            return b"", chunk
        if self._recording is not None:
            self._recording.add(chunk)
        self.passed.add(chunk)
        reader = self._reader
        if chunk.endswith(_BLANK_LINES) and reader.between_events and not self._is_marked(chunk):
            return chunk, b""
        for event in reader.feed(chunk):
            reports = self.counts.generations
            if self._is_terminal(event):
                return self._split(chunk, event.begins_at)
            if self.counts.generations != reports and (end := chunk.find(b"\n\n", event.begins_at)) >= 0:
                self.passed.add(chunk[end:])  # what came in one piece with the report, and behind it
        if not self._is_anthropic and reader.pending_line() in _DONE_LINES:
            return self._split(chunk, reader.event.begins_at)
        return chunk, b""

    def _split(self, chunk: bytes, at: int) -> tuple[bytes, bytes]:
        self.terminal_seen = True
        return chunk[:at], chunk[at:]

    def _is_terminal(self, event: Event) -> bool:
        if not event.lines and not event.done:
            return event.name == b"message_stop" and self._is_anthropic
        if event.done:
            looked_at = self._looked_at
            self._looked_at = _Look.NOT_YET
            if looked_at is _Look.UNDERSTOOD or (looked_at is _Look.UNMARKED and event.lines == 1):
                return False  # when its data came
            if event.data and not event.large:
                kind = self._understand(event) if event.lines > 1 or looked_at is _Look.NOT_YET else None
                if kind is not None:
                    return kind in self._ends
                if event.data.lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
                    self._read_loosely(event.data)
            return self._kind_of_scanned(event) in self._ends
        if self._looked_at is not _Look.NOT_YET:
            return False
        if event.data == b"[DONE]":
            self._looked_at = _Look.UNMARKED
            return not self._is_anthropic
        if event.name not in self._ends and not self._is_marked(event.data):
            self._looked_at = _Look.UNMARKED
            return False
        kind = self._understand(event)
        self._looked_at = _Look.NOT_UNDERSTOOD if kind is None else _Look.UNDERSTOOD
        return kind in self._ends

    def _is_marked(self, text: bytes) -> bool:
        for mark in self._marks:  # noqa: SIM110  # any() costs twice as much
            if mark in text:
                return True
        return False

    def _understand(self, event: Event) -> bytes | None:
        """Reads the event's data; -> its type, else its name; None when it is not a whole JSON object."""
        try:
            body = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(body, dict):
            return None
        self._read(body)
        self._read_ends(body)
        kind = body.get("type")
        return kind.encode() if isinstance(kind, str) else event.name

    def _read_ends(self, body: dict[str, Any]) -> None:
        message = body.get("message") or body.get("response")
        for part in (body, message) if isinstance(message, dict) else (body,):
            if isinstance(part.get("model"), str):
                self.model = part["model"]
        delta = body.get("delta")
        if isinstance(delta, dict) and isinstance(delta.get("stop_reason"), str):
            self.finish_reason = delta["stop_reason"]
        choices = body.get("choices")
        if isinstance(choices, list):
            for choice in choices:
                if isinstance(choice, dict) and isinstance(choice.get("finish_reason"), str):
                    self.finish_reason = choice["finish_reason"]

    def _read_loosely(self, data: bytes) -> None:
        """Data of an event that is too large to be parsed, or no strict JSON."""
        if self._scanner is None:
            self._scanner = JsonScanner(_EVENTS, self._found)
        self._scanner.feed(data)

    def _found(self, name: str, value: Any) -> None:
        if name == "type":
            self._scanned_kind = value if isinstance(value, str) else None
        else:
            super()._found(name, value)

    def _kind_of_scanned(self, event: Event) -> bytes:
        kind, self._scanner, self._scanned_kind = self._scanned_kind, None, None
        return event.name if kind is None else kind.encode()
