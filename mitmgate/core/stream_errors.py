"""The last event of a stream that broke off, in the shape that the endpoint's own clients take for an error. Pure.

Anthropic: https://docs.anthropic.com/en/api/messages-streaming#error-events; OpenAI's responses:
https://platform.openai.com/docs/api-reference/responses-streaming/error; Gemini: https://cloud.google.com/apis/design/errors;
lines: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from typing import Final

import orjson

from mitmgate.core.errors import ANTHROPIC, GatewayError, render_error
from mitmgate.core.event_hold import Hold, StreamKind

_RESPONSES: Final = ("/v1/responses", "/v1/responses/{id}")
_GEMINI: Final = "/models:generateContent"
_GEMINI_STATUSES: Final = {503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}


def render_stream_error(
    error: GatewayError, client_format: str, endpoint: str, hold: Hold, request_id: str | None = None
) -> bytes:
    """The event, or the line, that follows what the client has."""
    if hold.kind is StreamKind.LINES:
        return orjson.dumps({"error": error.message}) + b"\n"
    if client_format == ANTHROPIC:
        return b"event: error\ndata: " + render_error(error, client_format, request_id) + b"\n\n"
    if endpoint in _RESPONSES:
        return b"event: error\ndata: " + _of_responses(error, client_format, hold.next_number()) + b"\n\n"
    if endpoint == _GEMINI:
        status = _GEMINI_STATUSES.get(error.status, "INTERNAL")
        shown = {"code": error.status, "message": error.message, "status": status}
        return b"data: " + orjson.dumps({"error": shown}) + b"\n\n"
    return b"data: " + render_error(error, client_format) + b"\n\n"


def _of_responses(error: GatewayError, client_format: str, number: int) -> bytes:
    """The vendor's event, and the `error` by which its own package knows one (openai-python, _streaming.py)."""
    shown = {"type": "error", "code": error.code, "message": error.message, "param": error.param}
    return orjson.dumps({**shown, "sequence_number": number, **orjson.loads(render_error(error, client_format))})
