"""Which form a stored answer has, which one is asked for, and the way between them. Pure."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mitmgate.core.bounded_json import may_parse
from mitmgate.core.cache_policy import answer_cacheable
from mitmgate.core.errors import ANTHROPIC
from mitmgate.core.replay import anthropic_events, openai_chunks
from mitmgate.core.replay.events import NotReplayable, StreamEvent, split_events, with_last_line_ends

JSON_TYPE: Final = b"application/json"
REMEMBERED_BYTES: Final = 128 << 10
STREAM_TYPE: Final = b"text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a request wants its answer."""

    client_format: str
    streamed: bool = False
    include_usage: bool = False

    @classmethod
    def by(cls, client_format: str, body: Mapping[str, Any]) -> Wanted:
        """What the request's body asks for."""
        options = body.get("stream_options")
        include = isinstance(options, dict) and options.get("include_usage") is True
        return cls(client_format, body.get("stream") is True, include)


def is_stream(media_type: bytes) -> bool:
    return media_type.lower().startswith(b"text/event-stream")


def replay(media_type: bytes, body: bytes, wanted: Wanted, usage_asked: bool) -> tuple[bytes, bytes]:
    """-> (media type, body) for the request. Raises NotReplayable.

    usage_asked: the request that the answer was given to asked for a stream's usage.
    """
    stored_as_stream, anthropic = is_stream(media_type), wanted.client_format == ANTHROPIC
    if stored_as_stream == wanted.streamed:
        if stored_as_stream and not anthropic:
            body = openai_chunks.with_usage_as_asked(body, wanted.include_usage, usage_asked)
        return media_type, body
    turned = _turned if len(body) <= REMEMBERED_BYTES else _turned.__wrapped__
    return turned(stored_as_stream, body, wanted)


@functools.lru_cache(maxsize=128)
def _turned(stored_as_stream: bool, body: bytes, wanted: Wanted) -> tuple[bytes, bytes]:
    """The other form. Remembered, since what is asked for once in another form often is again."""
    anthropic = wanted.client_format == ANTHROPIC
    if stored_as_stream:
        return JSON_TYPE, orjson.dumps(_assembled(split_events(body), anthropic))
    if not may_parse(body):
        raise NotReplayable("large")
    answer = orjson.loads(body)
    if anthropic:
        return STREAM_TYPE, anthropic_events.render_stream(answer)
    return STREAM_TYPE, openai_chunks.render_stream(answer, wanted.include_usage)


def stored_stream(client_format: str, status: int, body: bytes, choices: int = 1) -> bytes:
    """What is kept of a stream that ended well, the vendor's terminal event with it. Raises NotReplayable: why not.

    choices: how many were asked for.
    """
    try:
        body.decode()
    except UnicodeDecodeError:
        raise NotReplayable("not UTF-8") from None
    anthropic, events = client_format == ANTHROPIC, split_events(body)
    last = events[-1] if events else None
    if last is not None and not last.complete:
        if not (anthropic_events.has_stopped(last) if anthropic else last.data == b"[DONE]"):
            raise NotReplayable("truncated")
        body = with_last_line_ends(body)
    answer = _assembled(events, anthropic)
    if (why := answer_cacheable(client_format, status, {}, answer)) is not None:
        raise NotReplayable(why)
    if not anthropic and len(answer["choices"]) != choices:
        raise NotReplayable("truncated")
    return body


def _assembled(events: Sequence[StreamEvent], anthropic: bool) -> dict[str, Any]:
    return anthropic_events.assemble(events) if anthropic else openai_chunks.assemble(openai_chunks.chunks_of(events))
