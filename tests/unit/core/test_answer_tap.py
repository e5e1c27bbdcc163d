"""The right tap for an answer, and what each costs the event loop at most."""

from __future__ import annotations

import gzip
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.answer_tap import tap_for
from mitmgate.core.recording import Recording, RecordingRoom
from mitmgate.core.usage_shapes import Tokens
from tests.unit.core.test_json_scanner import HOSTILE, PIECE

USAGE = b'"usage":{"prompt_tokens":3,"completion_tokens":4}'
JSON = b'{"choices":[{"message":{"content":"Hi."}}],%s}' % USAGE
LINES = b'{"message":{"content":"Hi."}}\n{"done":true,"prompt_eval_count":3,"eval_count":4}\n'
EVENTS = b'data: {"choices":[{"delta":{"content":"Hi."}}]}\n\ndata: {%s}\n\ndata: [DONE]\n\n' % USAGE
FOUND = Tokens(prompt=3, completion=4)


@pytest.mark.parametrize(
    "text", [JSON, b"\xef\xbb\xbf \n" + JSON, b"[" + JSON + b"]", LINES, EVENTS, b": ping\n\n" + EVENTS]
)
@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/json",
        "application/problem+json",
        "application/x-ndjson",
        "text/plain",
        "application/octet-stream",
    ],
)
@pytest.mark.parametrize("coding", ["", "identity", "gzip"])
@pytest.mark.parametrize("streamed", [True, False])
def test_the_text_decides_where_the_media_type_does_not(
    text: bytes, media_type: str, coding: str, streamed: bool
) -> None:
    tap = tap_for("openai", media_type, coding, streamed)
    sent = gzip.compress(text) if coding == "gzip" else text
    out = b""
    for byte in sent:
        out += b"".join(tap.split_terminal(bytes([byte])))
    assert out == sent and tap.tokens == FOUND and tap.has_read


@given(st.lists(st.integers(0, 200)))
def test_a_coded_stream_is_held_from_where_its_terminal_event_has_come(cuts: list[int]) -> None:
    sent = gzip.compress(EVENTS)
    tap = tap_for("openai", "text/event-stream", "gzip", True, recording := Recording(RecordingRoom()))
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    parts = [tap.split_terminal(sent[begin:end]) for begin, end in pairwise(edges)]
    assert b"".join(now + held for now, held in parts) == sent
    assert tap.terminal_seen and any(held for _, held in parts)
    assert recording.kept and recording.kept.startswith(b"\x1f\x8b")


@pytest.mark.parametrize("media_type", ["audio/mpeg", "image/png", "video/mp4", "multipart/mixed"])
def test_what_is_no_text_is_not_looked_into(media_type: str) -> None:
    tap = tap_for("openai", media_type, "", True)
    assert tap.split_terminal(EVENTS) == (EVENTS, b"") and tap.tokens == Tokens()


@pytest.mark.parametrize("text", [b"ID3\x04" + EVENTS, b"\x89PNG" + JSON, b"<html>" + JSON])
def test_other_bytes_pass_unread(text: bytes) -> None:
    tap = tap_for("openai", "application/octet-stream", "", False)
    assert tap.split_terminal(text) == (text, b"") and tap.tokens == Tokens()


SIZE = 512 << 10
FLOODS = {
    **{f"JSON: {name}": text[:SIZE] for name, text in HOSTILE.items()},
    **{f"event: {name}": b"data: " + text[:SIZE] for name, text in HOSTILE.items()},
    "empty data": b"data:\n" * (SIZE // 6),
    "data lines": b'data: {"usage":\n' * (SIZE // 16),
    "small events": b"data: {}\n\n" * (SIZE // 10),
    "small events with usage": b'data: {"usage":{"a":1}}\n\n' * (SIZE // 25),
    "events of no JSON": b'data: "okens"\n\n' * (SIZE // 15),
    "events just below the bound": (b'data: {"_tokens":' + b"[]" * 32_000 + b"\n\n") * (SIZE // 64_020),
    "names": b"event: e\n" * (SIZE // 9),
    "names and data": b"event: e\ndata: x\n" * (SIZE // 17),
    "comments": b":\n" * (SIZE // 2),
    "comments and data": b"data:\n:\n" * (SIZE // 8),
    "blank lines": b"\n" * SIZE,
    "blank lines of CRLF": b"\r\n" * (SIZE // 2),
    "CR": b"data: x\r" * (SIZE // 8),
    "one line": b"data: " + b"x" * SIZE,
}


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("client_format", ["openai", "anthropic"])
def test_no_flood_holds_the_loop(name: str, client_format: str) -> None:
    """A turn brings 64 KiB at most."""
    tap = tap_for(client_format, "" if name.startswith("JSON") else "text/event-stream", "", False)
    text, most = FLOODS[name], 0.0
    for begin in range(0, len(text), PIECE):
        before = time.thread_time()
        tap.split_terminal(text[begin : begin + PIECE])
        most = max(most, time.thread_time() - before)
    assert most < 0.25, most


def test_a_byte_at_a_time_costs_what_it_is_long() -> None:
    """Were an event that has come so far joined or parsed again with each chunk, this would take minutes."""
    tap = tap_for("openai", "text/event-stream", "", True)
    before = time.thread_time()
    for begin in range(0, 300_000, 3):
        tap.split_terminal(b"data:\n"[begin % 6 : begin % 6 + 3])
    for _ in range(100_000):
        tap.split_terminal(b"x")
    assert time.thread_time() - before < 5
