"""Tokens out of whole answers and of streams, wherever their chunks are cut; and the terminal event held back."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.sse import MAX_EVENT_BYTES
from mitmgate.core.token_usage import JsonTap, StreamTap, Tap, Tokens, tokens_of_json
from mitmgate.core.usage_shapes import COUNTERS

USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 20,
    "total_tokens": 30,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 5},
}


def sse(*events: Any, names: bool = False) -> bytes:
    text = b""
    for event in events:
        if isinstance(event, bytes):
            text += event
            continue
        text += b"event: %s\n" % event["type"].encode() if names else b""
        text += b"data: %s\n\n" % orjson.dumps(event)
    return text


OPENAI = sse(
    {
        "model": "gpt",
        "choices": [{"index": 0, "delta": {"content": "Hi [DONE] \n"}, "finish_reason": None}],
        "usage": None,
    },
    b": keep-alive\n\n",
    {"model": "gpt", "choices": [{"index": 0, "delta": {"content": 'data: "_tokens"'}, "finish_reason": None}]},
    {"model": "gpt", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"model": "gpt", "choices": [], "usage": USAGE},
    b"data: [DONE]\n\n",
)
ANTHROPIC = sse(
    {
        "type": "message_start",
        "message": {
            "model": "claude",
            "usage": {
                "input_tokens": 7,
                "cache_read_input_tokens": 2,
                "cache_creation_input_tokens": 3,
                "output_tokens": 1,
            },
        },
    },
    {"type": "ping"},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "event: message_stop\n\n"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
    names=True,
)
RESPONSES = sse(
    {"type": "response.created", "response": {"model": "o4", "usage": None}},
    {"type": "response.output_text.delta", "delta": "response.completed"},
    {
        "type": "response.completed",
        "response": {
            "model": "o4",
            "usage": {
                "input_tokens": 6,
                "input_tokens_details": {"cached_tokens": 1},
                "output_tokens": 8,
                "output_tokens_details": {"reasoning_tokens": 2},
            },
        },
    },
    names=True,
)
STREAMS = {
    "openai": ("openai", OPENAI, b"data: [DONE]", Tokens(10, 4, None, 20, 5), "stop", "gpt"),
    "anthropic": ("anthropic", ANTHROPIC, b"event: message_stop", Tokens(12, 2, 3, 9, None), "end_turn", "claude"),
    "responses": ("openai", RESPONSES, b"event: response.completed", Tokens(6, 1, None, 8, 2), None, "o4"),
}


def pump(tap: StreamTap, chunks: list[bytes]) -> tuple[bytes, bytes]:
    """-> what went out before the terminal event, and what was held from it on."""
    sent, held = b"", b""
    for chunk in chunks:
        now, later = tap.split_terminal(chunk)
        assert now + later == chunk
        assert not (held and now)
        sent, held = sent + now, held + later
    return sent, held


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@given(data=st.data())
def test_wherever_a_stream_is_cut(name: str, line_end: bytes, bom: bytes, data: st.DataObject) -> None:
    client_format, text, terminal, tokens, finish, model = STREAMS[name]
    text = bom + text.replace(b"\n", line_end)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=30))
    edges = [0, *sorted(cuts), len(text)]
    tap = StreamTap(client_format)
    sent, held = pump(tap, [text[a:b] for a, b in pairwise(edges)])
    assert sent + held == text
    assert tap.terminal_seen and held
    assert (tap.tokens, tap.finish_reason, tap.model) == (tokens, finish, model)
    # What went out has no line on which a client could take the stream for ended.
    whole_lines = re.split(rb"\r\n|\n|\r", sent)[:-1]
    assert not any(line.startswith(terminal) for line in whole_lines[:-1] if name != "responses")
    assert b"data: [DONE]" not in whole_lines
    if b'"type":"response.completed"' in sent:
        assert not sent.endswith((b"\r", b"\n"))
    if not cuts:
        assert held.startswith(terminal)


@pytest.mark.parametrize("name", STREAMS)
def test_byte_by_byte(name: str) -> None:
    client_format, text, _, tokens, finish, _ = STREAMS[name]
    tap = StreamTap(client_format)
    sent, held = pump(tap, [bytes([byte]) for byte in text])
    assert sent + held == text and held
    assert (tap.tokens, tap.finish_reason) == (tokens, finish)


def test_event_by_event_the_terminal_one_is_held_whole() -> None:
    events = [event + b"\n\n" for event in OPENAI.split(b"\n\n")[:-1]]
    tap = StreamTap("openai")
    assert pump(tap, events) == (b"".join(events[:-1]), events[-1])
    assert tap.split_terminal(b": more\n\n") == (b"", b": more\n\n")


def test_a_done_without_a_line_end_is_one() -> None:
    tap = StreamTap("openai")
    assert tap.split_terminal(b"data: {}\n\ndata: [DONE]") == (b"data: {}\n\n", b"data: [DONE]")
    assert tap.terminal_seen


@pytest.mark.parametrize(
    "text", [b"data: [DONE] \n\n", b"data: x[DONE]\n\n", b"[DONE]\n\n", b'data: "[DONE]"\n\n', b""]
)
def test_what_only_looks_like_the_end(text: bytes) -> None:
    tap = StreamTap("openai")
    assert tap.split_terminal(text) == (text, b"")
    assert not tap.terminal_seen


def test_the_other_formats_end_is_none() -> None:
    assert StreamTap("anthropic").split_terminal(b"data: [DONE]\n\n")[1] == b""
    assert StreamTap("openai").split_terminal(ANTHROPIC)[1] == b""


def test_a_json_over_several_data_lines() -> None:
    text = b'event: x\ndata: {"type":\ndata: "message_stop"}\n\n'
    tap = StreamTap("anthropic")
    assert tap.split_terminal(b"data: {}\n\n" + text) == (b"data: {}\n\n", text)


def test_an_event_too_large_is_passed_over_and_the_next_one_read() -> None:
    tap = StreamTap("openai")
    piece = b"x" * 70_000
    large = [b'data: {"a":"', *[piece] * 40, b'"}\n', b"data: event\n", b"\n"]
    _, held = pump(tap, [*large, OPENAI])
    assert held == b"data: [DONE]\n\n"
    assert tap.tokens == Tokens(10, 4, None, 20, 5)
    assert len(tap._reader._line) <= MAX_EVENT_BYTES


def test_a_terminal_event_too_large_to_read_is_still_known_by_its_name() -> None:
    tap = StreamTap("openai")
    large = b'event: response.completed\ndata: {"a":"' + b"x" * (2 << 20) + b'"}\n'
    assert tap.split_terminal(large) == (large, b"")
    assert tap.split_terminal(b"\n") == (b"", b"\n")
    assert tap.terminal_seen


@pytest.mark.parametrize(
    "text", [b"data:\n" * 300_000, b"\n" * 600_000, b":\r" * 600_000, b"data: {\n" * 200_000, b"event: e\n" * 200_000]
)
def test_hostile_streams_take_no_more_than_their_length(text: bytes) -> None:
    """Were any step's cost to grow with what came before it, this would not end."""
    tap = StreamTap("openai")
    for _ in range(2):
        assert tap.split_terminal(text) == (text, b"")
    assert len(tap._reader._line) + sum(map(len, tap._reader._data)) <= MAX_EVENT_BYTES


@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([b"\r", b"\n", b"data: ", b"[DONE]", b"event: message_stop", b"{}"])
    )
)
def test_any_bytes_pass_unaltered(chunks: list[bytes]) -> None:
    for client_format in ("openai", "anthropic"):
        sent, held = pump(StreamTap(client_format), chunks)
        assert sent + held == b"".join(chunks)


# ---- whole answers


def test_usage_of_whole_answers() -> None:
    assert tokens_of_json({"usage": USAGE}) == Tokens(10, 4, None, 20, 5)
    assert tokens_of_json({"usage": {"prompt_tokens": 8, "total_tokens": 8}}) == Tokens(prompt=8)
    anthropic = {"input_tokens": 7, "cache_read_input_tokens": None, "output_tokens": 2}
    assert tokens_of_json({"usage": anthropic}) == Tokens(prompt=7, completion=2)


@pytest.mark.parametrize("wrong", [None, "5", -1, 1.5, True, 1 << 60, [], {}])
def test_what_is_no_count_is_not_counted(wrong: object) -> None:
    assert tokens_of_json({"usage": {"prompt_tokens": wrong}}) == Tokens()
    assert tokens_of_json({"usage": {"input_tokens": wrong}}) == Tokens()
    assert tokens_of_json({"usage": wrong}) == Tokens()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["usage", "type", "message", "response", "delta", "choices", "model", "prompt_tokens"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_event_is_read_without_an_error(value: object) -> None:
    try:
        text = b"data: %s\n\n" % orjson.dumps(value)
    except TypeError:
        return
    for client_format in ("openai", "anthropic"):
        StreamTap(client_format).split_terminal(text)


@pytest.mark.parametrize("name", sorted(COUNTERS))
def test_no_report_is_passed_over_for_its_name(name: str) -> None:
    event = {"content": "", "stop": True, name: 7}
    stream, lines = StreamTap("openai"), JsonTap(by_lines=True)
    taps: tuple[tuple[Tap, bytes], ...] = ((stream, sse(event)), (lines, orjson.dumps(event) + b"\n"))
    for tap, text in taps:
        for _ in range(2):
            tap.split_terminal(text.replace(b"7", b"0"))
        tap.split_terminal(text)
        assert 7 in (tap.tokens.prompt, tap.tokens.completion)
