"""Anthropic's messages: events to a whole message and back. Pure.

https://docs.anthropic.com/en/api/messages-streaming
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from mitmgate.core.replay.events import NotReplayable, StreamEvent, render_event

_TEXT_OF: Final = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
_OF_DELTAS: Final = frozenset({"type", "delta", "usage"})
STOP: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def assemble(events: Iterable[StreamEvent]) -> dict[str, Any]:
    """The whole message, as the vendor would have sent it. Raises NotReplayable."""
    message: dict[str, Any] | None = None
    blocks: dict[int, dict[str, Any]] = {}
    for event in events:
        body = event.parsed()
        kind = body.get("type")
        try:
            if kind == "message_start":
                message = {**body["message"], "usage": {**(body["message"].get("usage") or {})}}
            elif message is None and kind != "ping":
                raise NotReplayable("error" if kind == "error" else "unknown shape")
            elif kind == "content_block_start":
                blocks[body["index"]] = {**body["content_block"]}
            elif kind == "content_block_delta":
                _grow(blocks[body["index"]], body["delta"])
            elif kind == "message_delta" and message is not None:
                message |= {name: value for name, value in body.items() if name not in _OF_DELTAS}
                message |= body.get("delta") or {}
                message["usage"] |= {name: n for name, n in (body.get("usage") or {}).items() if n is not None}
            elif kind == "message_stop":
                break
            elif kind not in ("content_block_stop", "ping"):
                raise NotReplayable("error" if kind == "error" else "unknown shape")
        except (KeyError, TypeError, AttributeError):
            raise NotReplayable("unknown shape") from None
    if message is None:
        raise NotReplayable("empty")
    if not message["usage"]:
        del message["usage"]
    message["content"] = [block for _, block in sorted(blocks.items())]
    return message


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    kind = delta["type"]
    if kind in _TEXT_OF:
        name = _TEXT_OF[kind]
        block[name] = (block.get(name) or "") + delta[name]
    elif kind == "citations_delta":
        block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
    elif kind == "input_json_delta":
        raise NotReplayable("tools")
    else:
        raise NotReplayable("unknown shape")


def render_stream(message: dict[str, Any]) -> bytes:
    """The message's events. Raises NotReplayable."""
    content, usage = message.get("content"), message.get("usage") or {}
    if not isinstance(content, list):
        raise NotReplayable("unknown shape")
    ending = {"stop_reason": message.get("stop_reason"), "stop_sequence": message.get("stop_sequence")}
    begun = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    if "usage" in message:
        begun["usage"] = {**usage, "output_tokens": min(1, usage.get("output_tokens") or 0)}
    lines = [render_event({"type": "message_start", "message": begun}, "message_start")]
    for index, block in enumerate(content):
        start, deltas = _pieces(block)
        named = {"index": index, "content_block": start}
        lines.append(render_event({"type": "content_block_start", **named}, "content_block_start"))
        for delta in deltas:
            told = {"type": "content_block_delta", "index": index, "delta": delta}
            lines.append(render_event(told, "content_block_delta"))
        lines.append(render_event({"type": "content_block_stop", "index": index}, "content_block_stop"))
    lines.append(render_event({"type": "message_delta", "delta": ending, "usage": usage}, "message_delta"))
    return b"".join([*lines, STOP])


def _pieces(block: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as it begins, and what is added to it."""
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "text":
        start = {name: value for name, value in block.items() if name != "citations"} | {"text": ""}
        cited = block.get("citations")
        if "citations" in block and not cited:
            start["citations"] = cited
        deltas: list[dict[str, Any]] = [{"type": "citations_delta", "citation": each} for each in cited or ()]
        return start, [*deltas, {"type": "text_delta", "text": block.get("text") or ""}]
    if kind == "thinking":
        start = {**block, "thinking": "", "signature": ""}
        said = [{"type": "thinking_delta", "thinking": block.get("thinking") or ""}]
        return start, [*said, {"type": "signature_delta", "signature": block.get("signature") or ""}]
    if kind == "redacted_thinking":
        return block, []
    raise NotReplayable("unknown shape")


def has_stopped(last: StreamEvent) -> bool:
    """Whether that event, which lacks its blank line, is a whole `message_stop`."""
    try:
        return last.parsed().get("type") == "message_stop"
    except NotReplayable:
        return False
