"""OpenAI's chat and text completions: chunks to a whole answer and back. Pure.

https://platform.openai.com/docs/api-reference/chat-streaming and …/chat/object
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from mitmgate.core.cache_policy import says_failure
from mitmgate.core.replay.events import NotReplayable, StreamEvent, merged, render_event, split_events

DONE: Final = b"data: [DONE]\n\n"
_OF_CHUNKS: Final = frozenset({"choices", "usage", "object", "obfuscation", "error"})  # obfuscation is padding
_OF_CHOICES: Final = frozenset({"delta", "text", "logprobs", "index"})
_FIRST_ONLY: Final = frozenset({"role", "name"})
_OBJECTS: Final = {"chat.completion": "chat.completion.chunk", "text_completion": "text_completion"}
_NO_USAGE: Final = re.compile(rb',\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,')


def chunks_of(events: Iterable[StreamEvent]) -> list[dict[str, Any]]:
    """Their data up to `[DONE]`. Raises NotReplayable."""
    chunks = []
    for event in events:
        if event.data == b"[DONE]":
            break
        chunk = event.parsed()
        choices = chunk.get("choices", [])
        if event.name == b"error" or says_failure(chunk):
            raise NotReplayable("error")
        if not isinstance(choices, list):
            raise NotReplayable("unknown shape")
        if any(isinstance(choice, dict) and says_failure(choice) for choice in choices):
            raise NotReplayable("error")
        chunks.append(chunk)
    return chunks


def assemble(chunks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The whole answer as the vendor would have sent it, without `usage` if no chunk told it. Raises NotReplayable."""
    if not chunks:
        raise NotReplayable("empty")
    by_index: dict[int, list[dict[str, Any]]] = {}
    for chunk in chunks:
        for choice in chunk.get("choices", ()):
            if not isinstance(choice, dict) or not isinstance(index := choice.get("index", 0), int):
                raise NotReplayable("unknown shape")
            by_index.setdefault(index, []).append(choice)
    is_text = any("text" in choice for parts in by_index.values() for choice in parts)
    rest = merged(chunks, _OF_CHUNKS)
    head = {name: rest.pop(name) for name in ("id",) if name in rest}
    answer = {**head, "object": "text_completion" if is_text else "chat.completion"}
    answer |= {name: rest.pop(name) for name in ("created", "model") if name in rest}
    answer["choices"] = [_choice(index, parts, is_text) for index, parts in sorted(by_index.items())]
    if (usage := usage_of(chunks)) is not None:
        answer["usage"] = usage
    return answer | rest


def usage_of(chunks: Iterable[dict[str, Any]]) -> Any:
    """The last usage that a chunk told; None when none did."""
    found = None
    for chunk in chunks:
        if chunk.get("usage") is not None:
            found = chunk["usage"]
    return found


def _choice(index: int, parts: Sequence[dict[str, Any]], is_text: bool) -> dict[str, Any]:
    rest = merged(parts, _OF_CHOICES)
    if len({part["finish_reason"] for part in parts if isinstance(part.get("finish_reason"), str)}) > 1:
        raise NotReplayable("unknown shape")  # two ends
    finish = {"finish_reason": rest.pop("finish_reason", None)}
    logprobs = {"logprobs": _joined_lists([part["logprobs"] for part in parts if part.get("logprobs") is not None])}
    if is_text:
        text = "".join(part.get("text") or "" for part in parts)
        return {"text": text, "index": index, **logprobs, **finish, **rest}
    return {"index": index, "message": _message([part.get("delta") for part in parts]), **logprobs, **finish, **rest}


def _message(deltas: Sequence[Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    texts: dict[str, list[str]] = {}
    for delta in deltas:
        if delta is None:
            continue
        if not isinstance(delta, dict):
            raise NotReplayable("unknown shape")
        for name, value in delta.items():
            if isinstance(value, str) and name not in _FIRST_ONLY:
                if name not in texts:
                    texts[name] = []
                    message[name] = _grown(message.get(name), "")
                texts[name].append(value)
            elif name in _FIRST_ONLY and value is not None:
                message[name] = value
            else:
                message[name] = _grown(message.get(name), value)
    return message | {name: "".join(parts) for name, parts in texts.items()}


def _grown(so_far: Any, more: Any) -> Any:
    """Text and lists go on; of anything else there is one value. Raises NotReplayable when there are two."""
    if so_far is None or more is None:
        return more if so_far is None else so_far
    if isinstance(so_far, str) and isinstance(more, str):
        return so_far + more
    if isinstance(so_far, list) and isinstance(more, list):
        return so_far + more
    if so_far != more:
        raise NotReplayable("unknown shape")
    return so_far


def _joined_lists(parts: Sequence[Any]) -> dict[str, Any] | None:
    joined: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, dict):
            raise NotReplayable("unknown shape")
        for name, value in part.items():
            joined[name] = _grown(joined.get(name), value)
    return joined or None


# ---- the other way


def render_stream(answer: dict[str, Any], include_usage: bool) -> bytes:
    """The answer's chunks and `[DONE]`. Raises NotReplayable."""
    choices, kind = answer.get("choices"), answer.get("object", "chat.completion")
    if not isinstance(choices, list) or kind not in _OBJECTS:
        raise NotReplayable("unknown shape")
    base = {name: value for name, value in answer.items() if name not in ("choices", "usage", "object")}
    base["object"] = _OBJECTS[kind]
    if include_usage:
        base["usage"] = None
    lines = []
    for place, choice in enumerate(choices):
        if not isinstance(choice, dict):
            raise NotReplayable("unknown shape")
        lines += [render_event({**base, "choices": [part]}) for part in _parts(choice, place)]
    if include_usage and answer.get("usage") is not None:
        lines.append(render_event({**base, "choices": [], "usage": answer["usage"]}))
    return b"".join([*lines, DONE])


def _parts(choice: dict[str, Any], place: int) -> list[dict[str, Any]]:
    """Role, what was thought, what was said, and the end of one choice."""
    index, logprobs = choice.get("index", place), choice.get("logprobs")
    end = {name: value for name, value in choice.items() if name not in ("message", "text", "index", "logprobs")}
    if "text" in choice:
        said = {"text": choice["text"], "index": index, "logprobs": logprobs, "finish_reason": None}
        return [said, {"text": "", "index": index, "logprobs": None, **end}]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise NotReplayable("unknown shape")
    first = {name: value for name, value in message.items() if name not in ("content", "reasoning_content")}
    said_content = isinstance(message.get("content"), str)
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "" if said_content else None, **first}]
    if isinstance(message.get("reasoning_content"), str):
        deltas.append({"reasoning_content": message["reasoning_content"]})
    elif "reasoning_content" in message:
        deltas[0]["reasoning_content"] = message["reasoning_content"]
    deltas.append({"content": message["content"]} if "content" in message else {})
    open_ended = {"index": index, "logprobs": None, "finish_reason": None}
    parts = [{**open_ended, "delta": delta} for delta in deltas]
    parts[-1]["logprobs"] = logprobs
    return [*parts, {"index": index, "delta": {}, "logprobs": None, **end}]


# ---- a stream as another asks for it


def with_usage_as_asked(body: bytes, include_usage: bool, was_asked: bool) -> bytes:
    """The stored stream with or without its usage; all other bytes stay. Raises NotReplayable.

    was_asked: the request that was answered by it asked for usage, so that the vendor has told what it tells.
    """
    if include_usage == was_asked:
        return body
    events = split_events(body)
    if include_usage:
        if usage_of(chunks_of(events)) is None:
            raise NotReplayable("no usage stored")
        return body  # told unasked, in the vendor's own way
    return b"".join(_without_usage(event) for event in events)


def _without_usage(event: StreamEvent) -> bytes:
    if event.data == b"[DONE]":
        return event.raw
    chunk = event.parsed()
    if "usage" not in chunk or (chunk["usage"] is not None and chunk.get("choices")):
        return event.raw
    if chunk["usage"] is not None:
        return b""  # the chunk that was asked for
    cut = _NO_USAGE.sub(b"", event.raw, count=1)
    wanted = {name: value for name, value in chunk.items() if name != "usage"}
    whole = [each for each in split_events(cut) if each.complete]
    if len(whole) == 1:
        try:
            if orjson.loads(whole[0].data) == wanted:
                return cut
        except orjson.JSONDecodeError:
            pass
    return render_event(wanted)
