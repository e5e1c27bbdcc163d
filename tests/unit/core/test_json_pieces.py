"""A long JSON text in pieces is valid, and says the same, exactly when the whole is and does; against orjson."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mitmgate.core import json_pieces
from mitmgate.core.json_pieces import NotJson, Pieces

texts = st.text(st.sampled_from('a"\\,[]{}:é😀\n \x7f'), max_size=40)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(-1e9, 1e9), texts)
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts.filter(bool), inner)), max_leaves=40
)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_pieces, "PIECE_BYTES", 24)


def is_valid(raw: bytes) -> bool:
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return True


def read_in_pieces(raw: bytes) -> list[Any]:
    """The pieces' trees, with their names. Raises ValueError."""
    pieces, trees = Pieces(raw), []
    for piece in pieces:
        if piece is not None:
            trees.append(orjson.loads(piece.text))
            own = piece.text[piece.added : piece.added + 1]
            assert raw[piece.added + piece.shift :][:1].startswith(own[:1]) or piece.text.endswith((b"}", b'"'))
            pieces.name_open(trees[-1])
    return trees


def leaves(tree: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every scalar but strings, which are cut, under its names."""
    if isinstance(tree, dict):
        return [leaf for name, value in tree.items() for leaf in leaves(value, (*path, name))]
    if isinstance(tree, list):
        return [leaf for value in tree for leaf in leaves(value, (*path, "[]"))]
    return [] if isinstance(tree, str) else [(path, tree)]


def letters(tree: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(tree, dict):
        return [leaf for name, value in tree.items() for leaf in letters(value, (*path, name))]
    if isinstance(tree, list):
        return [leaf for value in tree for leaf in letters(value, (*path, "[]"))]
    return [(path, letter) for letter in tree] if isinstance(tree, str) else []


@settings(max_examples=200)
@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_the_pieces_hold_what_the_whole_holds(value: Any, ascii_only: bool, indent: int | None) -> None:
    whole = value if isinstance(value, dict | list) else [value]
    raw = json.dumps(whole, ensure_ascii=ascii_only, indent=indent).encode()
    try:
        trees = read_in_pieces(raw)
    except ValueError:
        # Only a name that is longer than a piece is refused.
        assert any(len(json.dumps(name)) > 8 for name in names(value))
        return
    assert [leaf for tree in trees for leaf in leaves(tree)] == leaves(whole)
    assert [leaf for tree in trees for leaf in letters(tree)] == letters(whole)


def names(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [name for key, inner in value.items() for name in (key, *names(inner))]
    return [name for inner in value for name in names(inner)] if isinstance(value, list) else []


broken = st.lists(
    st.sampled_from(["[", "]", "{", "}", ",", ":", '"', '"a"', "1", "null", "\\", '\\"', " ", '"k":', '"k":[1,2],']),
    max_size=30,
).map("".join)


@settings(max_examples=500)
@given(broken)
def test_what_is_no_json_is_none_in_pieces(text: str) -> None:
    raw = text.encode()
    if not is_valid(raw):
        with pytest.raises(ValueError):
            read_unnamed(raw)


@settings(max_examples=200)
@given(values, st.data())
def test_a_text_with_one_byte_changed_is_judged_alike(value: Any, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(value).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from(b'[]{},:"\\ 1x\xff'))
    if not is_valid(bytes(raw)):
        with pytest.raises(ValueError):
            read_unnamed(bytes(raw))


def read_unnamed(raw: bytes) -> None:
    for piece in Pieces(raw):
        if piece is not None:
            orjson.loads(piece.text)


@pytest.mark.parametrize(
    "raw",
    [
        b"{},{}",
        b'{"a":1},{"b":1}',
        b"[1,]",
        b"[,1]",
        b'{"a":1,}',
        b"{,}",
        b"[1,,2]",
        b"[[1]",
        b"[1]]",
        b"{}}",
        b"",
        b" ",
    ],
)
@pytest.mark.parametrize("room", [0, 5, 20, 21, 22, 23, 24, 25, 60])
def test_commas_and_ends_too_many_or_too_few(raw: bytes, room: int) -> None:
    with pytest.raises(ValueError):
        read_unnamed(raw.replace(b"1", b" " * room + b"1" + b" " * room) or b"")


@pytest.mark.parametrize(("depth", "fits"), [(900, True), (999, True), (1002, False), (5001, False)])
@pytest.mark.parametrize("raw", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":[', b"]}]")])
def test_nesting_is_bounded(raw: tuple[bytes, bytes], depth: int, fits: bool) -> None:
    opener, closer = raw
    levels = depth // (opener.count(b"[") + opener.count(b"{"))
    text = b'{"x":' + opener * levels + b"1" + closer * levels + b"}"
    if fits:
        read_unnamed(text)
    else:
        with pytest.raises((NotJson, RecursionError)):
            read_unnamed(text)


@pytest.mark.parametrize("level", [b"[[],", b"[{},[[[[]]]],"])
def test_what_is_closed_again_does_not_count_as_nesting(level: bytes) -> None:
    read_unnamed(level * 995 + b"1" + b"]" * 995)
    with pytest.raises(NotJson):
        read_unnamed(level * 1001 + b"1" + b"]" * 1001)
