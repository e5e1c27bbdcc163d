"""The one text of a request that is compared by meaning, and the rest of it, which must be equal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mitmgate.core.text.language import plain_form
from mitmgate.core.text.unfit import unfit

ENDPOINTS: Final = frozenset({"/v1/chat/completions", "/openai/deployments/chat/completions", "/v1/messages"})


def take_text(endpoint: str, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | str | None:
    """The last user turn's text, and the body with nothing in its place.

    Else why only its exact words are compared, fit for a header; None for an endpoint without turns.

    The turn is a plain string or exactly one text part: beside an image or a file, words mean what those show. What
    stays of the turn (its name, the part's other members) counts like all else.
    """
    messages = body.get("messages")
    if endpoint not in ENDPOINTS:
        return None
    if not isinstance(messages, list) or not messages:
        return "no user turn last"
    last = messages[-1]
    if not isinstance(last, dict) or last.get("role") != "user":
        return "no user turn last"
    content = last.get("content")
    rest: str | list[dict[str, Any]]
    if isinstance(content, str):
        text, rest = content, ""
    elif isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        part = content[0]
        if part.get("type") != "text" or not isinstance(part.get("text"), str):
            return "parts"
        text, rest = part["text"], [{**part, "text": ""}]
    else:
        return "parts"
    if (why := unfit(text)) is not None:
        return why
    return text, {**body, "messages": [*messages[:-1], {**last, "content": rest}]}


def last_text(body: Mapping[str, Any]) -> str:
    """The last turn's text. For a body of which `take_text` found the text unfit."""
    content = body["messages"][-1]["content"]
    return str(content if isinstance(content, str) else content[0]["text"])


def in_plain_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with its last turn's text in its plain form. For a body of which `take_text` found the text unfit."""
    messages = body["messages"]
    content = messages[-1]["content"]
    if isinstance(content, str):
        content = plain_form(content)
    else:
        content = [{**content[0], "text": plain_form(content[0]["text"])}]
    return {**body, "messages": [*messages[:-1], {**messages[-1], "content": content}]}
