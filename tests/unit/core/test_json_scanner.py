"""The scanner finds what a parser finds, wherever the text is cut, and in what a parser refuses, at a bound cost."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.json_scanner import JsonScanner, Wanted
from mitmgate.core.usage_shapes import COUNTERS, PLACES, Counts
from tests.unit.core.test_usage_shapes import SHAPES

WANTED = Wanted(PLACES, COUNTERS)
PIECE = 64 << 10


def scanned(text: bytes, cuts: list[int] | None = None) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    scanner = JsonScanner(WANTED, lambda name, value: found.append((name, value)))
    edges = [0, *sorted(cuts or []), len(text)]
    for begin, end in pairwise(edges):
        scanner.feed(text[begin:end])
    return found


def walked(value: Any, place: Any = PLACES) -> list[tuple[str, Any]]:
    """The same out of a tree."""
    found = []
    for one in value if isinstance(value, list) else [value]:
        for name, inner in one.items() if isinstance(one, dict) else ():
            if name in place and place[name] is None and isinstance(inner, dict | list):
                found.append((name, inner))
            elif place is PLACES and name in COUNTERS and not isinstance(inner, dict | list):
                if inner is not None:
                    found.append((name, inner))
            elif place.get(name) is not None:
                found += walked(inner, place[name])
    return found


names = st.sampled_from([*PLACES, *COUNTERS, "prompt_tokens", "usage_", 'u"sage', "\\", "x"]) | st.text(max_size=4)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 60), 1 << 60)
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(['{"usage":{}}', '"usage":', "\\", '\\"', "]}"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(names, values, max_size=6) | st.lists(st.dictionaries(names, values)), st.data())
def test_finds_what_a_parser_finds(value: Any, data: st.DataObject) -> None:
    spaced = data.draw(st.booleans())
    text = json.dumps(value, indent=1).encode() if spaced else json.dumps(value, ensure_ascii=False).encode()
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    assert scanned(text, cuts) == scanned(text) == walked(json.loads(text))


def test_a_string_is_read_as_it_is_meant() -> None:
    assert scanned(b'{"prompt_eval_count": "1\\u0032"}') == [("prompt_eval_count", "12")]


@given(st.binary() | st.text('{}[]",:\\ usage1').map(str.encode), st.data())
def test_any_bytes_are_read_without_an_error_and_alike_wherever_they_are_cut(text: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    assert scanned(text, cuts) == scanned(text)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("form", ["one line", "indented", "list", "byte by byte"])
def test_every_vendors_shape(name: str, form: str) -> None:
    answers, tokens = SHAPES[name]
    if form == "list":
        text = b"[" + b",\r\n".join(map(orjson.dumps, answers)) + b"]"
    else:
        text = b"\n".join(json.dumps(each, indent=2 if form == "indented" else None).encode() for each in answers)
    counts = Counts()
    scanner = JsonScanner(
        WANTED, lambda name, value: counts.read_answer({name: value} if name in COUNTERS else {"usage": value})
    )
    for piece in [text] if form != "byte by byte" else [bytes([byte]) for byte in text]:
        scanner.feed(piece)
    assert counts.tokens() == tokens


USAGE = b'"usage":{"prompt_tokens":3,"completion_tokens":4}'


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf{%s}",
        b'{"a":NaN,"b":[Infinity,-Infinity],%s}',
        b'{"a":"\\ud83d",%s}',
        b'{"a":"\xff\xfe",%s}',
        b'{"a":[1,2,],"b":{"c":1,},%s,}',
        b'data: {"a":1,%s}\n\ndata: [DONE]\n\n',
        b'\x1e{"a":1}\n\x1e{%s}\n',
        b'{"a":"' + b"\\\\" * 50 + b'",%s}',
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b",%s}",
        b'{"b64_json":"' + b"QUJD" * 300_000 + b'",%s}',
    ],
)
def test_what_a_strict_parser_refuses(text: bytes) -> None:
    whole = text.replace(b"%s", USAGE)
    assert scanned(whole) == [("usage", {"prompt_tokens": 3, "completion_tokens": 4})]
    lenient = whole.replace(b'"prompt_tokens":3', b'"x":NaN,"y":"\\ud83d","prompt_tokens":3,').replace(b"4}", b"4,}")
    found = scanned(lenient.replace(b",,", b","))
    assert found[0][1]["prompt_tokens"] == 3


SIZE = 1 << 20
HOSTILE = {
    "lists": b'{"a":[' + b"[]," * (SIZE // 3),
    "deep lists": b'{"a":[' + b"[[[[[]]]]]" * (SIZE // 10),
    "documents": b"{}" * (SIZE // 2),
    "lists as documents": b"[]" * (SIZE // 2),
    "choices": b'{"choices":[' + b"{}," * (SIZE // 3),
    "choices with usage": b'{"choices":[' + b'{"usage":{}},' * (SIZE // 13),
    "members": b"{" + b'"a":1,' * (SIZE // 6),
    "names": b"{" + b'""' * (SIZE // 2),
    "wanted names": b"{" + b'"usage":{"a":1},' * (SIZE // 16),
    "wanted names as values": b'{"a":[' + b'"usage",' * (SIZE // 8),
    "quotes": b'{"a":"' + b'\\"' * (SIZE // 2),
    "backslashes": b'{"a":"' + b"\\" * SIZE,
    "a value without an end": b'{"usage":{' + b'"a":1,' * (SIZE // 6),
    "open brackets": b"{[" * (SIZE // 2),
    "open brackets and text": b'{"a":' + b"[ x " * (SIZE // 4),
    "closing brackets": b"}]" * (SIZE // 2),
    "colons": b'{"usage"' + b":" * SIZE,
    "long scalar": b'{"eval_count":' + b"1" * SIZE,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_holds_the_loop(name: str) -> None:
    """A turn of the event loop brings 64 KiB; 250 ms is the most that a turn may take, and 20 is common here."""
    scanner = JsonScanner(WANTED, lambda name, value: None)
    text, most = HOSTILE[name], 0.0
    for begin in range(0, len(text), PIECE):
        before = time.thread_time()
        scanner.feed(text[begin : begin + PIECE])
        most = max(most, time.thread_time() - before)
    assert most < 0.25
    assert len(scanner._text) <= 1 << 15 and len(scanner._stack) <= 8
