"""Finding and changing one member of a JSON text, against Python's own reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.members import members, repeats_decisive_name, with_member

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.one_of(st.sampled_from(["model", "stream", "modelx", 'mo"del', "mo\\del"]), texts)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts)
values = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(names, inner)), max_leaves=12)
spaces = st.text(st.sampled_from(" \t\r\n"), max_size=3)


def spelled(pairs: list[tuple[str, Any]], ascii_only: bool, draw: Any) -> str:
    """An object's text with white space wherever it may be."""

    def one(value: Any) -> str:
        indent = draw(st.sampled_from([None, 1]))
        return json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    parts = [
        f"{draw(spaces)}{one(name)}{draw(spaces)}:{draw(spaces)}{one(value)}{draw(spaces)}" for name, value in pairs
    ]
    return draw(spaces) + "{" + (",".join(parts) or draw(spaces)) + "}" + draw(spaces)


@given(st.lists(st.tuples(names, values), max_size=5), st.booleans(), st.data())
def test_members_are_those_that_python_reads_repeated_ones_too(
    pairs: list[tuple[str, Any]], ascii_only: bool, data: st.DataObject
) -> None:
    raw = spelled(pairs, ascii_only, data.draw).encode()
    found = [(member.name, json.loads(raw[member.begins_at : member.ends_at])) for member in members(raw)]
    assert found == pairs
    repeated = any([name for name, _ in pairs].count(name) > 1 for name in ("model", "stream"))
    assert repeats_decisive_name(raw) is repeated


@given(st.dictionaries(names, values, max_size=5), texts, st.booleans(), st.data())
def test_one_member_changes_and_every_other_byte_stays(
    body: dict[str, Any], model: str, ascii_only: bool, data: st.DataObject
) -> None:
    raw = spelled(list(body.items()), ascii_only, data.draw).encode()
    changed = with_member(raw, "model", model)
    assert json.loads(changed) == {**body, "model": model}
    if "model" in body:
        (old,) = [member for member in members(raw) if member.name == "model"]
        assert changed[: old.begins_at] == raw[: old.begins_at]
        assert changed.endswith(raw[old.ends_at :])
    else:
        assert changed.startswith(raw[: raw.index(b"{") + 1])
        assert changed.endswith(raw[raw.index(b"{") + 1 :])


@pytest.mark.parametrize(
    ("raw", "repeated"),
    [
        (b'{"model":"a","model":"b"}', True),
        (b'{"model":"a","mod\\u0065l":"b"}', True),
        (b'{"model" : "a", "x": {"model": 1, "stream": 2}, "y": "\\"model\\":"}', False),
        (b'{"x":[{"stream":1},{"stream":2}],"stream":true}', False),
        (b'{"stream":true,"x":[],"stream"\n:false}', True),
        (b'{"a":"model","b":"model"}', False),
    ],
)
def test_a_repeated_name_is_found_however_it_is_spelled(raw: bytes, repeated: bool) -> None:
    assert repeats_decisive_name(raw) is repeated


def test_numbers_beyond_64_bits_and_depth_survive() -> None:
    raw = b'{ "n": 123456789012345678901234567890, "f": 1.0e+02, "d": ' + b"[" * 900 + b"]" * 900 + b' , "model":"a"}'
    assert with_member(raw, "model", "b") == raw.replace(b'"a"', b'"b"')


def test_a_large_body_is_read_in_one_go() -> None:
    raw = b'{"a":"' + b"\\\\x" * 3_000_000 + b'","model":"m"}'
    assert with_member(raw, "model", "n") == raw.replace(b'"m"', b'"n"')
