"""A head comes out the same however its bytes were cut; bare line feeds are for upstreams alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.proxy.http1_head import MAX_BLANK_LINES, BadHead, Head

PIECES = st.lists(st.sampled_from([b"a", b": b", b"\r", b"\n", b"\r\n", b" ", b"\r\n\r\n"]), max_size=14).map(b"".join)


def read(data: bytes, *cuts: int, lenient: bool = False) -> object:
    head, buffer, begun = Head(lenient=lenient), bytearray(), 0
    try:
        for end in [*sorted(cuts), len(data)]:
            buffer += data[begun : max(begun, end)]
            begun = max(begun, end)
            if (lines := head.read(buffer)) is not None:
                return lines, bytes(buffer) + data[begun:]
    except BadHead:
        return BadHead
    return None


@given(PIECES, st.lists(st.integers(0, 40), max_size=8), st.booleans())
def test_it_does_not_matter_how_a_head_was_cut(data: bytes, cuts: list[int], lenient: bool) -> None:
    whole, cut = read(data, lenient=lenient), read(data, *cuts, lenient=lenient)
    # A line feed behind the head's end may be judged with the next one: only a head that is whole must be the same.
    assert cut == whole


@pytest.mark.parametrize("blank", [0, 1, MAX_BLANK_LINES])
def test_blank_lines_before_a_request_are_ignored(blank: int) -> None:
    assert read(b"\r\n" * blank + b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest") == ([b"GET / HTTP/1.1", b"A: b"], b"rest")
    assert read(b"\r\n" * (MAX_BLANK_LINES + 1) + b"GET / HTTP/1.1\r\n\r\n") is BadHead


@pytest.mark.parametrize(
    "data",
    [b"\nGET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\nA: b\r\n\r\n", b"GET / HTTP/1.1\r\nA: b\n\n", b"GET / HTTP/1.1\n"],
)
def test_a_bare_line_feed_is_refused_at_once_of_clients(data: bytes) -> None:
    assert read(data) is BadHead


def test_a_bare_line_feed_behind_a_blank_line_that_came_in_two_parts_is_refused() -> None:
    assert read(b"\r\n\n", 1) is read(b"\r\n\n") is BadHead


def test_a_bare_line_feed_ends_an_upstreams_line() -> None:
    assert read(b"HTTP/1.1 200 OK\nA: b\n\nrest", lenient=True) == ([b"HTTP/1.1 200 OK", b"A: b"], b"rest")
