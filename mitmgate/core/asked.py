"""What a request asks, in the words a person would recognise it by. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MAX_CHARACTERS: Final = 16_384


def asked(body: Mapping[str, Any]) -> str:
    """The text of the last user turn, or of what the endpoint has in its place; '' when there is none.

    Images and files are left out; what is longer than MAX_CHARACTERS is cut.
    """
    for member in ("messages", "input", "prompt"):
        turns = body.get(member)
        if isinstance(turns, list) and any(isinstance(turn, dict) and "role" in turn for turn in turns):
            users = [turn for turn in turns if isinstance(turn, dict) and turn.get("role") == "user"]
            turns = users[-1].get("content") if users else None
        if text := _text(turns):
            return text
    return ""


def gist(body: Mapping[str, Any]) -> dict[str, Any]:
    """The little of a body that is needed after it was sent: the text that it asks, and how it wants its answer."""
    options = body.get("stream_options")
    usage = options.get("include_usage") if isinstance(options, dict) else None
    return {
        "n": n if isinstance(n := body.get("n"), int) else None,
        "stream": body.get("stream") is True,
        "stream_options": {"include_usage": usage is True},
        "messages": [{"role": "user", "content": asked(body)}],
    }


def shortened(text: str, most: int) -> str:
    """On one line, of at most that many characters."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1].rstrip() + "…"


def _text(content: object) -> str:
    """A string, or the strings and text parts of a list."""
    if isinstance(content, str):
        return _sound(content)
    if not isinstance(content, list):
        return ""
    found, left = [], MAX_CHARACTERS
    for part in content:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str) and text:
            found.append(text[:left])
            left -= len(text)
            if left <= 0:
                break
    return _sound("\n".join(found))


def _sound(text: str) -> str:
    """Cut, and without halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    return text[:MAX_CHARACTERS].encode(errors="replace").decode()
