"""OpenAI's streams as server-sent events, `data: [DONE]` last. Pure.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from gatewayctl.mock_llm.answers import Answer

DONE: Final = b"data: [DONE]\n\n"


def chat_events(
    shell: dict[str, Any], choices: Sequence[Answer], finishes: Sequence[str], usage: dict[str, Any] | None
) -> tuple[bytes, ...]:
    """A chat completion's chunks: role, pieces and finish of each choice, then the usage when it is asked for."""
    base = {**shell, "object": "chat.completion.chunk"}
    events = []
    for index, (choice, finish) in enumerate(zip(choices, finishes, strict=True)):
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "", "refusal": None}]
        deltas += [{"content": piece} for piece in choice.pieces()]
        told: list[dict[str, Any]] = [
            {"index": index, "delta": delta, "logprobs": None, "finish_reason": None} for delta in deltas
        ]
        told.append({"index": index, "delta": {}, "logprobs": None, "finish_reason": finish})
        events += [_chunk(base, [one], usage) for one in told]
    return (*events, *_ending(base, usage))


def completion_events(
    shell: dict[str, Any], choices: Sequence[Answer], finishes: Sequence[str], usage: dict[str, Any] | None
) -> tuple[bytes, ...]:
    """A text completion's chunks."""
    events = []
    for index, (choice, finish) in enumerate(zip(choices, finishes, strict=True)):
        told: list[dict[str, Any]] = [
            {"index": index, "text": text, "logprobs": None, "finish_reason": None} for text in choice.pieces()
        ]
        told.append({"index": index, "text": "", "logprobs": None, "finish_reason": finish})
        events += [_chunk(shell, [one], usage) for one in told]
    return (*events, *_ending(shell, usage))


def _chunk(base: dict[str, Any], choices: list[dict[str, Any]], usage: dict[str, Any] | None) -> bytes:
    body = {**base, "choices": choices}
    if usage is not None:
        body["usage"] = None
    return _event(body)


def _ending(base: dict[str, Any], usage: dict[str, Any] | None) -> list[bytes]:
    return [DONE] if usage is None else [_event({**base, "choices": [], "usage": usage}), DONE]


def _event(body: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(body)
