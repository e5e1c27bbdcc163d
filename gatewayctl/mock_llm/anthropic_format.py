"""The mock as Anthropic: messages, token counts, models, errors. Pure.

Shapes: https://docs.anthropic.com/en/api/messages, …/messages-streaming, …/errors and …/models-list.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from gatewayctl.mock_llm import answers
from gatewayctl.mock_llm.replies import Ask, Reply, Wrong, body_object, integer, model_of, words

MODELS: Final = ("mock-claude", "mock-claude-mini")
_CREATED: Final = "2025-01-01T00:00:00Z"
_STOP_REASONS: Final = {"stop": "end_turn", "length": "max_tokens", "sequence": "stop_sequence"}
_ERROR_TYPES: Final = {
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    500: "api_error",
    503: "overloaded_error",
}
_MOST_TOKENS: Final = 10_000_000


def reply(ask: Ask) -> Reply:
    """The answer to a request; one that is wrong gets Anthropic's error object."""
    try:
        return _reply(ask)
    except Wrong as wrong:
        return error(ask, wrong.status, wrong.message)


def error(ask: Ask, status: int, message: str) -> Reply:
    kind = _ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": f"req_{ask.id}"}
    return Reply(status, orjson.dumps(body), headers=_headers(ask))


def _reply(ask: Ask) -> Reply:
    if ask.path == "/v1/messages/count_tokens":
        _demand(ask, "POST")
        body = body_object(ask.body)
        return _json(ask, {"input_tokens": _input_tokens(body, _messages(body))})
    if ask.path == "/v1/messages":
        _demand(ask, "POST")
        return _message(ask, body_object(ask.body))
    if ask.path == "/v1/models":
        _demand(ask, "GET")
        data = [_model(name) for name in MODELS]
        return _json(ask, {"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})
    if ask.path.startswith("/v1/models/"):
        _demand(ask, "GET")
        name = ask.path.removeprefix("/v1/models/")
        if name not in MODELS:
            raise Wrong(404, f"model: {name}")
        return _json(ask, _model(name))
    raise Wrong(404, "Not Found")


def _message(ask: Ask, body: dict[str, Any]) -> Reply:
    messages = _messages(body)
    model = model_of(body)
    max_tokens = integer(body, "max_tokens", 1, _MOST_TOKENS)
    if max_tokens is None:
        raise Wrong(400, "max_tokens: Field required")
    context = [model, body.get("system"), messages]
    stops = words(body.get("stop_sequences"))
    answer = answers.answer(answers.question_of(messages), context, max_tokens, stops)
    tokens = _input_tokens(body, messages)
    shell = {"id": f"msg_{ask.id}", "type": "message", "role": "assistant", "model": model}
    ending = {"stop_reason": _STOP_REASONS[answer.ended_by], "stop_sequence": answer.sequence}
    if body.get("stream") is True:
        return _stream(ask, shell, answer, ending, tokens)
    content = [{"type": "text", "text": answer.text}]
    return _json(ask, {**shell, "content": content, **ending, "usage": _usage(tokens, answer.tokens)})


def _stream(ask: Ask, shell: dict[str, Any], answer: answers.Answer, ending: dict[str, Any], tokens: int) -> Reply:
    begun = {**shell, "content": [], "stop_reason": None, "stop_sequence": None, "usage": _usage(tokens, 1)}
    events = [
        _event("message_start", message=begun),
        _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        _event("ping"),
    ]
    deltas = ({"type": "text_delta", "text": piece} for piece in answer.pieces())
    events += [_event("content_block_delta", index=0, delta=delta) for delta in deltas]
    events.append(_event("content_block_stop", index=0))
    events.append(_event("message_delta", delta=ending, usage={"output_tokens": answer.tokens}))
    events.append(_event("message_stop"))
    return Reply(200, events=tuple(events), headers=_headers(ask))


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **fields}))


def _messages(body: dict[str, Any]) -> list[Any]:
    messages = body.get("messages")
    if messages is None:
        raise Wrong(400, "messages: Field required")
    if not isinstance(messages, list):
        raise Wrong(400, "messages: Input should be a valid list")
    if not messages:
        raise Wrong(400, "messages: at least one message is required")
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise Wrong(400, f"messages.{place}.role: Field required")
    return messages


def _input_tokens(body: dict[str, Any], messages: list[Any]) -> int:
    return answers.prompt_tokens(messages) + answers.count_tokens(answers.text_of(body.get("system")))


def _usage(input_tokens: int, output_tokens: int) -> dict[str, Any]:
    return {
        "input_tokens": input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output_tokens,
    }


def _model(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name.replace("-", " ").title(), "created_at": _CREATED}


def _demand(ask: Ask, method: str) -> None:
    if ask.method not in (method, "HEAD" if method == "GET" else method):
        raise Wrong(405, "Method Not Allowed")


def _json(ask: Ask, body: dict[str, Any]) -> Reply:
    return Reply(200, orjson.dumps(body), headers=_headers(ask))


def _headers(ask: Ask) -> dict[str, str]:
    return {"request-id": f"req_{ask.id}"}
