"""The command to paste that shows a new key at work. Pure."""

from __future__ import annotations

import json
import shlex
from typing import Any, Final

_DEFAULT_MODELS: Final = {"anthropic": "claude-sonnet-5-5"}


def curl(url: str, api_key: str, upstream_format: str, model: str | None) -> str:
    """A chat request in the upstream's format; `model` None takes a usual one."""
    body: dict[str, Any] = {"model": model or _DEFAULT_MODELS.get(upstream_format, "gpt-6-luna")}
    path, credential = "/v1/chat/completions", f"Authorization: Bearer {api_key}"
    if upstream_format == "anthropic":
        path, credential = "/v1/messages", f"x-api-key: {api_key}"
        body["max_tokens"] = 100
    body["messages"] = [{"role": "user", "content": "What is 2+2?"}]
    lines = [
        f"curl {shlex.quote(url + path)}",
        f"-H {shlex.quote(credential)}",
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps(body))}",
    ]
    return " \\\n  ".join(lines)
