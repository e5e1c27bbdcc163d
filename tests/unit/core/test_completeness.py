"""Whether an answer that ends with its connection is all there."""

from __future__ import annotations

import gzip
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.completeness import JsonEnd, UnframedBody

LENIENT = [
    b'{"a": NaN, "b": -Infinity, "c": 1e999}',
    b'{"a": "cut \\ud83d"}',
    b"\xef\xbb\xbf{}",
    b'\xef\xbb\xbf\r\n [1, "]"] \n\n',
    '{"a": "Größe"}'.encode("latin-1"),
    b'{"a": "\\\\", "b": "\\"", "c": "{[\\\\\\""}',
    b"[]",
    b'"text"',
    b"null",
]


def whole(body: bytes, size: int) -> bool:
    end = JsonEnd()
    for at in range(0, len(body), size):
        end.feed(body[at : at + size])
    return end.is_whole


@pytest.mark.parametrize("body", LENIENT)
def test_lenient_json_is_whole_and_cut_json_is_not(body: bytes) -> None:
    for size in (1, 2, 3, 1000):
        assert whole(body, size)
        if body.strip()[-1:] in b']}"':
            for at in range(len(body.rstrip()) - 1, 0, -1):
                assert not whole(body[:at], size)


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(values) | st.dictionaries(st.text(), values), st.booleans(), st.integers(1, 9), st.data())
def test_any_json(value: object, ascii_only: bool, size: int, data: st.DataObject) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert whole(body, size)
    assert not whole(body[: data.draw(st.integers(0, len(body) - 1))], size)


@pytest.mark.parametrize(
    ("content_type", "body", "cut"),
    [
        ("application/json", b"", True),
        ("application/json", b'{"a":1}}', True),
        ("application/vnd.api+json; charset=utf-8", b'{"a":', True),
        ("application/json", b'{"a":1}\n{"b":2}', False),
        (None, b'{"a":', True),
        (None, b"ID3\x04{", False),
        (None, b"", False),
        ("text/plain", b'{"a":', False),
        ("audio/mpeg", b"", False),
    ],
)
def test_by_its_type(content_type: str | None, body: bytes, cut: bool) -> None:
    unframed = UnframedBody(content_type, "")
    unframed.feed(body)
    assert unframed.is_cut(body) is cut


def test_an_encoded_body_shows_it_by_its_coding() -> None:
    packed = gzip.compress(b'{"a": NaN}')
    for body, cut in ((packed, False), (packed[:-4], True), (b"", True)):
        unframed = UnframedBody("application/json", "gzip")
        unframed.feed(body)
        assert unframed.is_cut(body) is cut
    assert not UnframedBody("application/json", "unheard-of").is_cut(b"x")
    assert not UnframedBody("application/json", "gzip").is_cut(None)


@pytest.mark.parametrize("text", [b'""', b"[]", b'\\"', b"\\", b'"\\', b'"'])
def test_no_read_is_slow(text: bytes) -> None:
    end, piece = JsonEnd(), b'"' + text * ((64 << 10) // len(text))
    begun = time.thread_time()
    for _ in range(16):
        end.feed(piece)
    assert time.thread_time() - begun < 4  # of 1 MiB
