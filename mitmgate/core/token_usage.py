"""Tokens as the vendors count them, read from a whole answer or from a stream's events as they pass. Pure.

OpenAI: https://platform.openai.com/docs/api-reference/chat/object (usage); Anthropic: https://docs.anthropic.com/en/api/messages,
whose input_tokens leave out what was read from or written to its prompt cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from mitmgate.core.errors import ANTHROPIC
from mitmgate.core.recording import Recording
from mitmgate.core.sse import Event, SseReader

_MAX_TOKENS: Final = 1 << 40  # more is not a count
_OPENAI_ENDS: Final = frozenset({b"response.completed", b"response.incomplete", b"response.failed"})
_ANTHROPIC_ENDS: Final = frozenset({b"message_stop"})
# A chunk of whole events without any of these says nothing that is wanted.
_OPENAI_MARKS: Final = (b'_tokens"', b"[DONE]", b'finish_reason":"', b'finish_reason": "', *_OPENAI_ENDS)
_ANTHROPIC_MARKS: Final = (b'_tokens"', b"stop", *_ANTHROPIC_ENDS)
_BLANK_LINES: Final = (b"\n\n", b"\r\n\r\n")
_DONE_LINES: Final = (b"data: [DONE]", b"data:[DONE]")


@dataclass(slots=True)
class Tokens:
    """None: the answer did not say. prompt includes what came from or went to the vendor's prompt cache."""

    prompt: int | None = None
    cached_prompt: int | None = None
    cache_write: int | None = None
    completion: int | None = None
    reasoning: int | None = None


def tokens_of_json(client_format: str, body: dict[str, Any]) -> Tokens:
    """The usage of a whole answer."""
    usage = body.get("usage")
    tokens = Tokens()
    if isinstance(usage, dict):
        _read_usage(tokens, client_format, usage)
    return tokens


class StreamTap:
    """Reads a stream's tokens as it passes, and finds its terminal event, behind which nothing of the answer comes."""

    def __init__(self, client_format: str, recording: Recording | None = None) -> None:
        self._client_format = client_format
        self._recording = recording
        self._is_anthropic = client_format == ANTHROPIC
        self._marks = _ANTHROPIC_MARKS if self._is_anthropic else _OPENAI_MARKS
        self._ends = _ANTHROPIC_ENDS if self._is_anthropic else _OPENAI_ENDS
        self._reader = SseReader()
        self._tried = False
        self._understood = False
        self.tokens = Tokens()
        self.finish_reason: str | None = None
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
        reader = self._reader
        if chunk.endswith(_BLANK_LINES) and reader.between_events:
            for mark in self._marks:
                if mark in chunk:
                    break
            else:
                return chunk, b""
        for event in reader.feed(chunk):
            if self._is_terminal(event):
                return self._split(chunk, event.begins_at)
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
            tried, understood = self._tried, self._understood
            self._tried = self._understood = False
            if understood:
                return False  # it was looked at when its data came
            if not event.data:
                return event.name in self._ends  # without data, or with too much of it
            return (event.lines > 1 or not tried) and self._understand(event) in self._ends
        if self._tried:
            return False
        self._tried = True
        if event.data == b"[DONE]":
            return not self._is_anthropic
        kind = self._understand(event)
        self._understood = kind is not None
        return kind in self._ends

    def _understand(self, event: Event) -> bytes | None:
        """Reads the event's data; -> its type, else its name; None when it is not a whole JSON object."""
        try:
            body = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(body, dict):
            return None
        self._read(body)
        kind = body.get("type")
        return kind.encode() if isinstance(kind, str) else event.name

    def _read(self, body: dict[str, Any]) -> None:
        message = body.get("message") or body.get("response")
        parts = [body, message] if isinstance(message, dict) else [body]
        for part in parts:
            usage = part.get("usage")
            if isinstance(usage, dict):
                _read_usage(self.tokens, self._client_format, usage)
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


def _read_usage(tokens: Tokens, client_format: str, usage: dict[str, Any]) -> None:
    if client_format == ANTHROPIC:
        read, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
        fresh = _count(usage, "input_tokens")
        if read is not None:
            tokens.cached_prompt = read
        if written is not None:
            tokens.cache_write = written
        if fresh is not None:
            tokens.prompt = fresh + (tokens.cached_prompt or 0) + (tokens.cache_write or 0)
        if (completion := _count(usage, "output_tokens")) is not None:
            tokens.completion = completion
        return
    for names in (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens")):
        prompt, completion = _count(usage, names[0]), _count(usage, names[1])
        tokens.prompt = prompt if prompt is not None else tokens.prompt
        tokens.completion = completion if completion is not None else tokens.completion
    for name in ("prompt_tokens_details", "input_tokens_details"):
        if isinstance(details := usage.get(name), dict):
            tokens.cached_prompt = _count(details, "cached_tokens")
    for name in ("completion_tokens_details", "output_tokens_details"):
        if isinstance(details := usage.get(name), dict):
            tokens.reasoning = _count(details, "reasoning_tokens")


def _count(usage: dict[str, Any], name: str) -> int | None:
    value = usage.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MAX_TOKENS:
        return None
    return value
