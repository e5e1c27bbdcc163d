"""Tokens as the vendors count them, read from a whole answer or from a stream's events as they pass. Pure.

OpenAI: https://platform.openai.com/docs/api-reference/chat/object (usage); Anthropic: https://docs.anthropic.com/en/api/messages,
whose input_tokens leave out what was read from or written to its prompt cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from mitmgate.core.errors import ANTHROPIC
from mitmgate.core.sse import Event, SseReader

_MAX_TOKENS: Final = 1 << 40  # more is not a count


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
    """Reads a stream's tokens, and finds its terminal event, behind which nothing of the answer comes.

    split_terminal gives the bytes that may go out now and those from the terminal event on.
    """

    def __init__(self, client_format: str) -> None:
        self._client_format = client_format
        self._reader = SseReader()
        self.tokens = Tokens()
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.terminal_seen = False

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]:
        """An event that began in an earlier chunk is held from where this chunk goes on with it."""
        start = 0
        for event, end in self._reader.feed(chunk):
            if not self.terminal_seen and self._is_terminal(event):
                self.terminal_seen = True
                return chunk[:start], chunk[start:]
            start = end
        return chunk, b""

    def _is_terminal(self, event: Event) -> bool:
        """Whether this is the end; reads what the event says on the way."""
        if event.data == b"[DONE]":
            return True
        try:
            body = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            return False
        if not isinstance(body, dict):
            return False
        self._read(body)
        kind = body.get("type")
        if self._client_format == ANTHROPIC:
            return kind == "message_stop"
        return kind in ("response.completed", "response.incomplete", "response.failed")

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
