"""Streams in the shapes that vendors send, after their documentation; ids and texts are invented."""

from __future__ import annotations

import json
from typing import Any


def sse(*events: Any, end: str = "\n") -> bytes:
    """Events as a vendor writes them: data alone, or (name, data)."""
    lines = []
    for each in events:
        name, data = each if isinstance(each, tuple) else (None, each)
        head = f"event: {name}{end}" if name else ""
        lines.append(f"{head}data: {data if isinstance(data, str) else json.dumps(data)}{end}{end}")
    return "".join(lines).encode()


def chunk(delta: dict[str, Any] | None, finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion.chunk",
        "created": 1741570283,
        "model": "gpt-4o-2024-08-06",
        "service_tier": "default",
        "system_fingerprint": "fp_fc9f1d7035",
        "choices": [] if delta is None else [choice],
        **more,
    }


USAGE = {
    "prompt_tokens": 19,
    "completion_tokens": 10,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "accepted_prediction_tokens": 0},
}
OPENAI = sse(
    chunk({"role": "assistant", "content": "", "refusal": None}, obfuscation="aBc"),
    chunk({"content": "The sky"}, obfuscation="x"),
    chunk({"content": " is blue."}, obfuscation="yz"),
    chunk({}, "stop"),
    "[DONE]",
)
OPENAI_USAGE = sse(
    chunk({"role": "assistant", "content": "", "refusal": None}, usage=None),
    chunk({"content": "The sky"}, usage=None),
    chunk({"content": " is blue."}, usage=None),
    chunk({}, "stop", usage=None),
    chunk(None, usage=USAGE),
    "[DONE]",
)
OPENAI_WHOLE: dict[str, Any] = {
    "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    "object": "chat.completion",
    "created": 1741570283,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "The sky is blue.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "service_tier": "default",
    "system_fingerprint": "fp_fc9f1d7035",
}
REASONING = sse(
    chunk({"role": "assistant", "content": None, "reasoning_content": ""}),
    chunk({"content": None, "reasoning_content": "Light "}),
    chunk({"content": None, "reasoning_content": "scatters."}),
    chunk({"content": "Blue."}),
    chunk({"content": ""}, "stop", usage={"prompt_tokens": 3, "completion_tokens": 9, "total_tokens": 12}),
    "[DONE]",
)


def token(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": []}


def with_logprobs(text: str, logprob: float) -> dict[str, Any]:
    made = chunk({"content": text})
    made["choices"][0]["logprobs"] = {"content": [token(text, logprob)], "refusal": None}
    return made


LOGPROBS = sse(chunk({"role": "assistant", "content": ""}), with_logprobs("Hi", -0.1), with_logprobs("!", -0.2))
LOGPROBS += sse(chunk({}, "stop"), "[DONE]")
TWO_CHOICES = sse(
    chunk({"role": "assistant", "content": ""}, index=0),
    chunk({"role": "assistant", "content": ""}, index=1),
    chunk({"content": "one"}, index=0),
    chunk({"content": "two"}, index=1),
    chunk({}, "stop", index=1),
    chunk({}, "stop", index=0),
    "[DONE]",
)
CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
TOOLS = sse(
    chunk({"role": "assistant", "content": None, "tool_calls": [CALL]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
    chunk({}, "tool_calls"),
    "[DONE]",
)
TEXT = sse(
    *(
        {
            "id": "cmpl-7",
            "object": "text_completion",
            "created": 1,
            "model": "gpt-3.5-turbo-instruct",
            "choices": [{"text": text, "index": 0, "logprobs": None, "finish_reason": finish}],
        }
        for text, finish in (("This ", None), ("is it.", None), ("", "stop"))
    ),
    "[DONE]",
)


def named(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return kind, {"type": kind, **fields}


STARTED: dict[str, Any] = {
    "id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY",
    "type": "message",
    "role": "assistant",
    "content": [],
    "model": "claude-opus-4-1",
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 25, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 7, "output_tokens": 1},
}
ENDED = named("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 15})
CITED = {"type": "char_location", "cited_text": "The sky is blue.", "document_index": 0, "start_char_index": 0}
ANTHROPIC = sse(
    named("message_start", message=STARTED),
    named("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
    named("ping"),
    named("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Let me "}),
    named("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "think."}),
    named("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "EqQBCgIYAhIM"}),
    named("content_block_stop", index=0),
    named("content_block_start", index=1, content_block={"type": "redacted_thinking", "data": "EmwKAhgB"}),
    named("content_block_stop", index=1),
    named("content_block_start", index=2, content_block={"type": "text", "text": "", "citations": []}),
    named("content_block_delta", index=2, delta={"type": "citations_delta", "citation": CITED}),
    named("content_block_delta", index=2, delta={"type": "text_delta", "text": "It is"}),
    named("content_block_delta", index=2, delta={"type": "text_delta", "text": " blue."}),
    named("content_block_stop", index=2),
    ENDED,
    named("message_stop"),
)
ANTHROPIC_WHOLE: dict[str, Any] = {
    **STARTED,
    "content": [
        {"type": "thinking", "thinking": "Let me think.", "signature": "EqQBCgIYAhIM"},
        {"type": "redacted_thinking", "data": "EmwKAhgB"},
        {"type": "text", "text": "It is blue.", "citations": [CITED]},
    ],
    "stop_reason": "end_turn",
    "usage": {**STARTED["usage"], "output_tokens": 15},
}
TOOL_USE = sse(
    named("message_start", message=STARTED),
    named(
        "content_block_start", index=0, content_block={"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    ),
    named("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": "{}"}),
    named("content_block_stop", index=0),
    named("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 5}),
    named("message_stop"),
)
