"""The mock as OpenAI: chat, completions, embeddings, models, errors. Pure.

Shapes: https://platform.openai.com/docs/api-reference (chat, completions, embeddings, models) and …/guides/error-codes.
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Callable
from typing import Any, Final

import orjson

from gatewayctl.mock_llm import answers
from gatewayctl.mock_llm.openai_stream import chat_events, completion_events
from gatewayctl.mock_llm.replies import Ask, Reply, Wrong, body_object, integer, model_of, words

MODELS: Final = ("mock-model", "mock-model-mini", "mock-embedding")
_CREATED: Final = 1_735_689_600
_MOST_TOKENS: Final = 10_000_000
_MOST_CHOICES: Final = 128
_MOST_INPUTS: Final = 2048
_DIMENSIONS: Final = 1536
_MOST_DIMENSIONS: Final = 4096
_FINISH_REASONS: Final = {"stop": "stop", "length": "length", "sequence": "stop"}


def reply(ask: Ask) -> Reply:
    """The answer to a request; one that is wrong gets OpenAI's error object."""
    try:
        return _reply(ask)
    except Wrong as wrong:
        return error(ask, wrong.status, wrong.message, wrong.param, wrong.code)


def error(ask: Ask, status: int, message: str, param: str | None = None, code: str | None = None) -> Reply:
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Reply(status, orjson.dumps(body), headers=_headers(ask))


def _reply(ask: Ask) -> Reply:
    post = _POSTS.get(ask.path)
    if post is not None:
        _demand(ask, ("POST",))
        return post(ask, body_object(ask.body))
    if ask.path == "/v1/models":
        _demand(ask, ("GET", "HEAD"))
        return _json(ask, {"object": "list", "data": [_model(name) for name in MODELS]})
    if ask.path.startswith("/v1/models/"):
        _demand(ask, ("GET", "HEAD"))
        name = ask.path.removeprefix("/v1/models/")
        if name not in MODELS:
            raise Wrong(404, f"The model '{name}' does not exist.", "model", "model_not_found")
        return _json(ask, _model(name))
    raise Wrong(404, f"Unknown request URL: {ask.method} {ask.path}.", None, "unknown_url")


def _chat(ask: Ask, body: dict[str, Any]) -> Reply:
    messages = body.get("messages")
    if messages is None:
        raise Wrong(400, "Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise Wrong(400, "'messages' must be a list of objects.", "messages", "invalid_type")
    if not messages:
        raise Wrong(400, "'messages' must hold at least one message.", "messages", "empty_array")
    limit = integer(body, "max_completion_tokens", 1, _MOST_TOKENS) or integer(body, "max_tokens", 1, _MOST_TOKENS)
    choices = _answers(body, answers.question_of(messages), messages, limit)
    usage = _usage(answers.prompt_tokens(messages), sum(choice.tokens for choice in choices))
    shell = {"id": f"chatcmpl-{ask.id}", "created": ask.now, "model": model_of(body)}
    finishes = [_FINISH_REASONS[choice.ended_by] for choice in choices]
    if body.get("stream") is True:
        return Reply(
            200, events=chat_events(shell, choices, finishes, _stream_usage(body, usage)), headers=_headers(ask)
        )
    told = [
        {
            "index": index,
            "message": {"role": "assistant", "content": choice.text, "refusal": None},
            "logprobs": None,
            "finish_reason": finish,
        }
        for index, (choice, finish) in enumerate(zip(choices, finishes, strict=True))
    ]
    return _json(ask, {**shell, "object": "chat.completion", "choices": told, "usage": usage})


def _completion(ask: Ask, body: dict[str, Any]) -> Reply:
    prompts = words(body.get("prompt"))
    if not prompts:
        raise Wrong(400, "'prompt' must be a string or a list of strings.", "prompt", "invalid_type")
    limit = integer(body, "max_tokens", 1, _MOST_TOKENS)
    choices = [choice for prompt in prompts for choice in _answers(body, prompt, prompt, limit)]
    usage = _usage(sum(map(answers.count_tokens, prompts)), sum(choice.tokens for choice in choices))
    shell = {"id": f"cmpl-{ask.id}", "object": "text_completion", "created": ask.now, "model": model_of(body)}
    finishes = [_FINISH_REASONS[choice.ended_by] for choice in choices]
    if body.get("stream") is True:
        events = completion_events(shell, choices, finishes, _stream_usage(body, usage))
        return Reply(200, events=events, headers=_headers(ask))
    told = [
        {"index": index, "text": choice.text, "logprobs": None, "finish_reason": finish}
        for index, (choice, finish) in enumerate(zip(choices, finishes, strict=True))
    ]
    return _json(ask, {**shell, "choices": told, "usage": usage})


def _embeddings(ask: Ask, body: dict[str, Any]) -> Reply:
    texts = _inputs(body.get("input"))
    encoding = body.get("encoding_format", "float")
    if encoding not in ("float", "base64"):
        raise Wrong(400, "'encoding_format' must be 'float' or 'base64'.", "encoding_format", "invalid_value")
    dimensions = integer(body, "dimensions", 1, _MOST_DIMENSIONS) or _DIMENSIONS
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(answers.embedding(text, dimensions), encoding)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(map(answers.count_tokens, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    model = model_of(body) if body.get("model") is not None else "mock-embedding"
    return _json(ask, {"object": "list", "data": data, "model": model, "usage": usage})


_POSTS: Final[dict[str, Callable[[Ask, dict[str, Any]], Reply]]] = {
    "/v1/chat/completions": _chat,
    "/v1/completions": _completion,
    "/v1/embeddings": _embeddings,
}


def _answers(body: dict[str, Any], question: str, context: Any, limit: int | None) -> list[answers.Answer]:
    """One for each of the `n` choices; the first does not depend on `n`."""
    count = integer(body, "n", 1, _MOST_CHOICES) or 1
    stops = words(body.get("stop"))
    model = model_of(body)
    return [answers.answer(question, [model, context, index], limit, stops) for index in range(count)]


def _inputs(value: Any) -> list[str]:
    """The texts to embed: a string, a list of them, a list of token ids, or a list of such lists."""
    items = [value] if isinstance(value, str) or (isinstance(value, list) and _are_ids(value)) else value
    if not isinstance(items, list) or not 0 < len(items) <= _MOST_INPUTS:
        raise Wrong(400, f"'input' must be a string or a list of 1 to {_MOST_INPUTS} items.", "input", "invalid_type")
    for item in items:
        if not (isinstance(item, str) and item) and not (isinstance(item, list) and _are_ids(item)):
            raise Wrong(400, "'input' must hold non-empty strings or lists of token ids.", "input", "invalid_value")
    return [item if isinstance(item, str) else " ".join(map(str, item)) for item in items]


def _are_ids(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, int) and not isinstance(item, bool) for item in items)


def _encoded(vector: array[float], encoding: str) -> Any:
    return base64.b64encode(vector.tobytes()).decode() if encoding == "base64" else vector.tolist()


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _stream_usage(body: dict[str, Any], usage: dict[str, Any]) -> dict[str, Any] | None:
    """The usage when the stream is to carry it (`stream_options.include_usage`)."""
    options = body.get("stream_options")
    return usage if isinstance(options, dict) and options.get("include_usage") is True else None


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "mitmgate"}


def _demand(ask: Ask, methods: tuple[str, ...]) -> None:
    if ask.method not in methods:
        raise Wrong(405, f"Not allowed to {ask.method} on {ask.path}.", None, "method_not_supported")


def _json(ask: Ask, body: dict[str, Any]) -> Reply:
    return Reply(200, orjson.dumps(body), headers=_headers(ask))


def _headers(ask: Ask) -> dict[str, str]:
    return {"x-request-id": f"req_{ask.id}", "openai-version": "2020-10-01"}
