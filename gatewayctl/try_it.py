"""The command to paste that shows a new key at work."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

_DEFAULT_MODELS: Final = {"anthropic": "claude-sonnet-5-5"}


def model_to_try(default: str | None, allowed: Iterable[str]) -> str | None:
    """The default, else the first allowed name that is none for many; None: a usual one."""
    return default or next((name for name in allowed if "*" not in name), None)


def curl(url: str, api_key: str, upstream_format: str, model: str | None, certificate: Path | None = None) -> str:
    """A chat request in the upstream's format; `model` None takes a usual one.

    certificate: what curl has to trust, but for the system's authorities.
    """
    options: list[str] = []
    if certificate is not None:
        from mitmgate.services.curl_trust import curl_to  # 30 ms, where the gateway speaks TLS only

        options, url = curl_to(url, certificate)
    body: dict[str, Any] = {"model": model or _DEFAULT_MODELS.get(upstream_format, "gpt-6-luna")}
    path, credential = "/v1/chat/completions", f"Authorization: Bearer {api_key}"
    if upstream_format == "anthropic":
        path, credential = "/v1/messages", f"x-api-key: {api_key}"
        body["max_tokens"] = 100
    body["messages"] = [{"role": "user", "content": "What is 2+2?"}]
    lines = [
        shlex.join(["curl", *options, url + path]),
        f"-H {shlex.quote(credential)}",
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps(body))}",
    ]
    return " \\\n  ".join(lines)
