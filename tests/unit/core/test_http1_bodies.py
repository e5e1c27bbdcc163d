"""Bodies come out the same however their bytes were cut, and what llhttp's strict mode refuses is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.http1_bodies import MAX_CHUNKS, MAX_SIZE_LINE, MAX_TRAILERS, BadBody, ByLength, Chunked, ToTheEnd

TOKEN = st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,6}", fullmatch=True)
QUOTED = st.from_regex(rb'"([ !#-\[\]-~]|\\[ -~]){0,6}"', fullmatch=True)
EXTENSION = st.tuples(TOKEN, st.none() | TOKEN | QUOTED).map(lambda e: b";" + e[0] + (b"=" + e[1] if e[1] else b""))
CHUNK = st.tuples(st.binary(min_size=1, max_size=40), st.lists(EXTENSION, max_size=2).map(b"".join), st.booleans())
TRAILER = st.tuples(TOKEN, st.from_regex(rb"[ -~]{0,8}", fullmatch=True)).map(b":".join)


def read(data: bytes, *cuts: int, strict: bool = True) -> tuple[bytes, bytes]:
    """-> the body, and what is behind it. Raises BadBody, also for a body that does not end."""
    reader, buffer, body, begun = Chunked(strict=strict), bytearray(), b"", 0
    for end in [*sorted(cuts), len(data)]:
        buffer += data[begun : max(begun, end)]
        begun = max(begun, end)
        while not reader.ended:
            body += reader.read(buffer)
            if not reader.more:
                break
    reader.end()
    return body, bytes(buffer)


@given(
    st.lists(CHUNK, max_size=5), st.lists(TRAILER, max_size=2), st.lists(st.integers(0, 300), max_size=8), st.booleans()
)
def test_a_body_is_the_same_however_it_was_cut(
    chunks: list[tuple[bytes, bytes, bool]], trailers: list[bytes], cuts: list[int], strict: bool
) -> None:
    framed = b"".join(
        (b"%X" if upper else b"00%x") % len(data) + extensions + b"\r\n" + data + b"\r\n"
        for data, extensions, upper in chunks
    )
    framed += b"0\r\n" + b"".join(line + b"\r\n" for line in trailers) + b"\r\n"
    assert read(framed + b"next", *cuts, strict=strict) == (b"".join(data for data, _, _ in chunks), b"next")


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=8), st.booleans())
def test_rubbish_is_judged_the_same_however_it_was_cut(data: bytes, cuts: list[int], strict: bool) -> None:
    def outcome(*cuts: int) -> object:
        try:
            return read(b"5\r\nhello\r\n" + data, *cuts, strict=strict)
        except BadBody:
            return BadBody

    assert outcome() == outcome(*cuts)


@pytest.mark.parametrize("count", [1, MAX_CHUNKS - 1, MAX_CHUNKS, MAX_CHUNKS + 1, 3 * MAX_CHUNKS])
def test_small_chunks_of_one_step_come_as_one_piece(count: int) -> None:
    reader, buffer = Chunked(strict=True), bytearray(b"1\r\na\r\n" * count + b"0\r\n\r\n")
    pieces = []
    while not reader.ended:
        pieces.append(reader.read(buffer))
        assert reader.more or reader.ended
    assert b"".join(pieces) == b"a" * count and len(pieces) == count // MAX_CHUNKS + 1


REFUSED = {
    "a line feed alone behind a size": b"2\n{}\r\n0\r\n\r\n",
    "a line feed alone behind a chunk": b"2\r\n{}\n0\r\n\r\n",
    "a line feed alone at the end": b"2\r\n{}\r\n0\n\n",
    "a line feed alone behind the last size": b"2\r\n{}\r\n0\n\r\n",
    "a line feed alone behind a trailer": b"0\r\nA: b\n\r\n",
    "a carriage return alone": b"2\r{}\r\n0\r\n\r\n",
    "no end of line behind a chunk": b"2\r\n{}0\r\n\r\n",
    "more than the size": b"2\r\n{}}\r\n0\r\n\r\n",
    "a sign": b"+2\r\n{}\r\n0\r\n\r\n",
    "a minus": b"-2\r\n{}\r\n0\r\n\r\n",
    "an underscore": b"0_2\r\n{}\r\n0\r\n\r\n",
    "0x": b"0x2\r\n{}\r\n0\r\n\r\n",
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "a size of 17 digits": b"00000000000000002\r\n{}\r\n0\r\n\r\n",
    "white space before a size": b" 2\r\n{}\r\n0\r\n\r\n",
    "a control character in an extension": b"2;a\x01\r\n{}\r\n0\r\n\r\n",
    "a carriage return in an extension": b"2;a\rb\r\n{}\r\n0\r\n\r\n",
    "a trailer that is none": b"0\r\nnonsense\r\n\r\n",
    "a trailer with white space before its colon": b"0\r\nA : b\r\n\r\n",
    "a folded trailer": b"0\r\nA: b\r\n c\r\n\r\n",
    "an endless extension": b"2;" + b"a" * MAX_SIZE_LINE + b"\r\n{}\r\n0\r\n\r\n",
    "endless trailers": b"0\r\n" + b"A: b\r\n" * (MAX_TRAILERS // 6 + 1) + b"\r\n",
}
REFUSED_OF_CLIENTS = {
    "a space behind a size": b"2 \r\n{}\r\n0\r\n\r\n",
    "a tab behind a size": b"2\t\r\n{}\r\n0\r\n\r\n",
    "an empty extension": b"2;\r\n{}\r\n0\r\n\r\n",
    "an empty extension before one": b"2;;a\r\n{}\r\n0\r\n\r\n",
    "an extension without a value": b"2;a=\r\n{}\r\n0\r\n\r\n",
    "a quote without its end": b'2;a="b\r\n{}\r\n0\r\n\r\n',
    "a quote with something behind it": b'2;a="b"c\r\n{}\r\n0\r\n\r\n',
    "a quote that ends with its escape": b'2;a="b\\"\r\n{}\r\n0\r\n\r\n',
    "white space in an extension": b"2; a=b\r\n{}\r\n0\r\n\r\n",
    "an extension of the last chunk": b"2\r\n{}\r\n0;\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("strict", [True, False])
def test_bad_framing_is_refused(name: str, strict: bool) -> None:
    with pytest.raises(BadBody):
        read(REFUSED[name], strict=strict)


@pytest.mark.parametrize("name", REFUSED_OF_CLIENTS)
def test_what_servers_read_differently_is_refused_of_clients_only(name: str) -> None:
    with pytest.raises(BadBody):
        read(REFUSED_OF_CLIENTS[name])
    assert read(REFUSED_OF_CLIENTS[name], strict=False) == (b"{}", b"")


@given(st.binary(max_size=20), st.integers(0, 25), st.integers(0, 25))
def test_a_body_of_known_length_ends_there(data: bytes, length: int, cut: int) -> None:
    reader, buffer = ByLength(length), bytearray(data[:cut])
    body = reader.read(buffer)
    buffer += data[cut:]
    body += reader.read(buffer)
    assert body == data[:length] and buffer == data[length:] and reader.ended is (len(data) >= length)
    if not reader.ended:
        with pytest.raises(BadBody):
            reader.end()


def test_a_body_without_framing_ends_with_the_connection() -> None:
    reader, buffer = ToTheEnd(), bytearray(b"all")
    assert reader.read(buffer) == b"all" and not buffer and not reader.ended
    reader.end()
    assert reader.ended
