"""Whole events pass at once, the unfinished one waits."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.event_hold import MAX_HELD_BYTES, EventHold, Hold, LineHold, StreamKind, hold_for, stream_kind

END = ["\n", "\r\n", "\r"]


def fed(hold: Hold, *chunks: bytes) -> list[bytes]:
    return [hold.pass_on(chunk) for chunk in chunks]


@pytest.mark.parametrize("end", END)
@pytest.mark.parametrize(
    "half",
    [
        "data: {",
        "data: {}",
        "data: {}E",
        "event: x",
        "event: xE",
        "event: xEdata: {",
        ": pin",
        "id: 7E",
        "retry: 1E",
        "d",
    ],
)
def test_half_an_event_waits_and_whole_ones_pass(end: str, half: str) -> None:
    whole = "data: 1EE: pingEEevent: aEdata: 2EE".replace("E", end).encode()
    rest = half.replace("E", end).encode()
    hold = EventHold()
    assert hold.pass_on(whole + rest) == whole and hold.may_append
    assert hold.pass_on(f"{end}{end}".encode()) != b""
    hold = EventHold()
    hold.pass_on(whole + rest)
    assert hold.rest() == rest


@pytest.mark.parametrize("end", END)
def test_a_chunks_border_delays_no_event(end: str) -> None:
    """Also where the last byte is a CR, behind which an LF may come."""
    hold = EventHold()
    for _ in range(3):
        event = "data: 1EE".replace("E", end).encode()
        assert hold.pass_on(event) == event
        assert hold.pass_on(event[:-1]) in (b"", event[:-1])
        hold.pass_on(event[-1:])
        assert hold.rest() == b""


def test_the_second_half_of_a_line_end_is_no_blank_line() -> None:
    hold = EventHold()
    assert fed(hold, b"data: 1\r", b"\ndata: 2\r", b"\n", b"\r", b"\n", b"data: 3") == [
        b"", b"", b"", b"data: 1\r\ndata: 2\r\n\r", b"\n", b"",
    ]  # fmt: skip


def test_comments_between_events_pass_with_their_line() -> None:
    hold = EventHold()
    assert fed(hold, b": pi", b"ng\n", b":\n", b"\n\n", b"data: 1\n: in it\n", b"\n") == [
        b"", b": ping\n", b":\n", b"\n\n", b"", b"data: 1\n: in it\n\n",
    ]  # fmt: skip


def test_a_byte_order_mark() -> None:
    assert fed(EventHold(), b"\xef\xbb\xbf: ping\n", b"data: 1\n\n") == [b"\xef\xbb\xbf: ping\n", b"data: 1\n\n"]
    assert fed(EventHold(), b"\xef\xbb\xbf", b"data: 1\n\n") == [b"", b"\xef\xbb\xbfdata: 1\n\n"]
    assert fed(EventHold(), b"\xef\xbb\xbfdata: 1", b"\n\n") == [b"", b"\xef\xbb\xbfdata: 1\n\n"]
    assert fed(EventHold(), b"\xef", b"\xbb\xbfdata: 1\n", b"\n")[2] == b"\xef\xbb\xbfdata: 1\n\n"


pieces = st.lists(st.sampled_from(["data: 1", "event: a", ": c", "E", "E", "EE", "\ufeff", "x"]), max_size=12)


@given(pieces, st.sampled_from(END), st.lists(st.integers(1, 5), max_size=60))
def test_however_it_is_cut_the_same_passes(texts: list[str], end: str, sizes: list[int]) -> None:
    stream = "".join(texts).replace("E", end).encode()
    once = EventHold()
    passed = once.pass_on(stream)
    hold, out, at = EventHold(), b"", 0
    for size in [*sizes, len(stream)]:
        out += hold.pass_on(stream[at : at + size])
        at += size
    assert out + hold.rest() == stream and passed + once.rest() == stream
    assert out == passed or stream.startswith(b"\xef\xbb\xbf")  # a mark that is cut waits for a blank line
    # What passed ends between events: one of ours behind it is read as it is.
    text = out.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    last = text.rsplit("\n\n", 1)[-1].removeprefix("\n")
    assert not last or (all(not line or line.startswith(":") for line in last.split("\n")) and text.endswith("\n"))


def test_a_long_event_passes_and_nothing_may_follow_until_it_is_whole() -> None:
    hold = EventHold()
    first = b"data: " + b"x" * (MAX_HELD_BYTES - 6)
    assert hold.pass_on(first) == b"" and hold.may_append
    assert hold.pass_on(b"y") == first + b"y" and not hold.may_append
    assert hold.pass_on(b"z") == b"z"
    assert hold.pass_on(b"\n\ndata: 1") == b"\n\n" and hold.may_append
    assert hold.rest() == b"data: 1"


def test_lines() -> None:
    hold = LineHold()
    assert fed(hold, b'{"a":', b"1}\n{", b"}\r\n", b"\n") == [b"", b'{"a":1}\n', b"{}\r\n", b"\n"]
    assert hold.pass_on(b'{"b"') == b"" and not hold.held_is_whole()
    hold.pass_on(b":1}")
    assert hold.held_is_whole()


@pytest.mark.parametrize(
    ("rest", "whole"),
    [(b"", True), (b"data: [DONE]", True), (b"data: {}\n", True), (b"event: a\ndata: {}", True), (b": pi", True),
     (b"data: {", False), (b"event: a\ndata: {\n", False), (b"dat", True)],
)  # fmt: skip
def test_what_lacks_only_its_line_ends(rest: bytes, whole: bool) -> None:
    hold = EventHold()
    hold.pass_on(b"data: 1\n\n" + rest)
    assert hold.held_is_whole() is whole


def test_the_number_of_the_next_event() -> None:
    hold = EventHold()
    assert hold.next_number() == 0
    hold.pass_on(
        b'data: {"sequence_number":7}\n\ndata: {"delta":"\\"sequence_number\\": 99","sequence_number": 8}\n\nda'
    )
    assert hold.next_number() == 9


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("text/event-stream", StreamKind.EVENTS),
        ("Text/Event-Stream; charset=UTF-8", StreamKind.EVENTS),
        ("application/x-ndjson", StreamKind.LINES),
        ("application/ndjson", StreamKind.LINES),
        ("application/jsonl", StreamKind.LINES),
        ("application/x-jsonlines", StreamKind.LINES),
        ("application/json-lines", StreamKind.LINES),
        ("application/stream+json", StreamKind.LINES),
        ("application/json", None),
        ("audio/mpeg", None),
        ("image/png", None),
        ("text/plain", None),
        ("text/event-streams", None),
        ("", None),
    ],
)
def test_which_bodies_take_an_error(content_type: str, kind: StreamKind | None) -> None:
    assert stream_kind(content_type) is kind
    hold = hold_for(content_type, "")
    assert (hold.kind if hold else None) is kind
    assert hold_for(content_type, "gzip") is None


@pytest.mark.parametrize(
    "text", [b"data:x\n", b":\n", b"\n", b"\r", b"\r\n", b"x", b"data: " + json.dumps({}).encode()]
)
def test_bytes_one_by_one_cost_the_same_each(text: bytes) -> None:
    stream = text * (400_000 // len(text))
    hold = EventHold()
    begun = time.thread_time()
    for at in range(len(stream)):
        hold.pass_on(stream[at : at + 1])
    assert time.thread_time() - begun < 8
