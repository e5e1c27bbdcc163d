"""Two requests share a fingerprint exactly when they ask the same: nothing brings together what differs."""

from __future__ import annotations

import copy
import json
import math
import random
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mitmgate.core.canonical import MAX_JUDGED_BYTES, ambiguity, canonical_json
from mitmgate.core.fingerprint import LEFT_OUT, cache_headers, fingerprint

BODY: dict[str, Any] = {
    "model": "gpt-4o",
    "temperature": 0.5,
    "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Why?"}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "n": 1,
}
SCOPE: dict[str, Any] = {
    "tenant_id": 1,
    "namespace": "default",
    "backend": "https://api.example/v1",
    "client_format": "openai",
    "method": "POST",
    "path": "/v1/chat/completions",
    "query": "",
    "headers": {},
}
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=15
)
bodies = st.dictionaries(st.text(), json_values, max_size=6)


def of(body: Any = BODY, **scope: Any) -> bytes:
    return fingerprint(**{**SCOPE, **scope}, body=body)


def same(one: Any, other: Any) -> bool:
    """Equal, and of equal types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


def shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: shuffled(value[name], chance) for name in names}
    return [shuffled(one, chance) for one in value] if isinstance(value, list) else value


@given(bodies, st.randoms(use_true_random=False), st.integers(0, 4))
def test_order_of_members_and_whitespace_do_not_count(body: dict[str, Any], chance: Any, indent: int) -> None:
    again = json.loads(json.dumps(shuffled(body, chance), indent=indent))
    assert of(again) == of(body)


@given(bodies, bodies)
def test_bodies_that_differ_do_not_meet(one: dict[str, Any], other: dict[str, Any]) -> None:
    one = {name: value for name, value in one.items() if name not in LEFT_OUT}
    other = {name: value for name, value in other.items() if name not in LEFT_OUT}
    assert (of(one) == of(other)) == same(one, other)


@given(json_values, json_values)
def test_canonical_json_tells_apart_what_differs(one: Any, other: Any) -> None:
    assert (canonical_json(one) == canonical_json(other)) == same(one, other)


@given(bodies, st.text(), json_values)
def test_any_unknown_field_separates(body: dict[str, Any], name: str, value: Any) -> None:
    assume(name not in LEFT_OUT and name not in body)
    assert of({**body, name: value}) != of(body)


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
@given(value=json_values)
def test_the_short_list_does_not_count(name: str, value: Any) -> None:
    assert of({**BODY, name: value}) == of(BODY)


def test_the_short_list_is_left_out_at_the_top_only() -> None:
    deep = copy.deepcopy(BODY)
    deep["messages"][1]["user"] = "x"
    assert of(deep) != of(BODY)


def test_each_spelling_of_a_value_is_its_own() -> None:
    values = [1, 1.0, "1", True, [1], {"1": 1}, None, "null", 0, 0.0, -0.0, False, "", [], {}, [[]], [{}], "[]", 2**64]
    assert len({of({"n": value}) for value in values}) == len(values)
    assert of({}) not in {of({"n": value}) for value in values}


def test_order_in_lists_counts() -> None:
    turned = {**BODY, "messages": BODY["messages"][::-1]}
    assert of(turned) != of(BODY)


@pytest.mark.parametrize("large", [2**63, 2**64, 2**64 + 1, -(2**63) - 1, 10**400])
def test_integers_of_any_size(large: int) -> None:
    assert of({"seed": large, "a": 1}) == of({"a": 1, "seed": large})
    assert len({of({"seed": each}) for each in (large, large + 1, large - 1, str(large))}) == 4


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_json_number_has_no_fingerprint(value: float) -> None:
    for body in ({"n": value}, {"n": [{"a": value, "b": 2**70}]}, {"n": None, "m": (value,)}):
        with pytest.raises(ValueError):
            of(body)
    with pytest.raises(ValueError):
        of({"n": {1, 2}})


# ---- the scope


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("tenant_id", 2),
        ("namespace", "other"),
        ("backend", "https://api.example"),
        ("client_format", "anthropic"),
        ("method", "PUT"),
        ("path", "/v1/completions"),
        ("query", "api-version=1"),
    ],
)
def test_every_part_of_the_scope_separates(part: str, other: Any) -> None:
    assert of(**{part: other}) != of()


@pytest.mark.parametrize("name", ["accept-language", "anthropic-version", "openai-project", "x-unknown"])
def test_listed_headers_separate(name: str) -> None:
    digests = {of(), of(headers={name: ""}), of(headers={name: "a"}), of(headers={name: "b"})}
    assert len(digests) == 4


def test_other_headers_do_not() -> None:
    assert of(headers={"user-agent": "x", "authorization": "y", "cookie": "z"}) == of()


scopes = st.fixed_dictionaries(
    dict.fromkeys(("namespace", "backend", "path", "query"), st.text(alphabet="ab/?=&:0", max_size=6))
)


@given(scopes, scopes)
def test_no_byte_moves_from_one_part_to_the_next(one: dict[str, str], other: dict[str, str]) -> None:
    assert (of(**one) == of(**other)) == (one == other)


@pytest.mark.parametrize("query", ["key=a", "key=b", "KEY=a", "%6Bey=a", "key=a&key=b"])
def test_a_key_in_the_query_does_not_count(query: str) -> None:
    assert of(query=query) == of()
    assert of(query=f"v=1&{query}") == of(query="v=1")


def test_the_headers_that_count_are_picked() -> None:
    fields = [(b"OpenAI-Beta", b"a"), (b"User-Agent", b"x"), (b"openai-beta", b"b"), (b"Cache-Control", b"no-cache")]
    assert cache_headers(fields) == {"openai-beta": "a, b", "cache-control": "no-cache"}
    assert cache_headers([(b"ACCEPT-LANGUAGE", b"\xff")]) == {"accept-language": "\xff"}


def test_a_fingerprint_is_the_same_in_every_process_and_version() -> None:
    assert of().hex() == "5367a8cf2da63b9e32cdb9a3ca0ed13bff6c386f3132e2f3724963dbde1949f4"


# ---- ambiguous texts


@given(
    json_values, st.sampled_from([None, 1]), st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",", "\n:\t")])
)
def test_plain_json_is_not_ambiguous(value: Any, indent: int | None, separators: tuple[str, str]) -> None:
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False)
    try:
        raw = text.encode()
        parsed = orjson.loads(raw)
    except (UnicodeEncodeError, orjson.JSONDecodeError):
        return
    assume(not _holds_large(parsed))
    assert ambiguity(raw, parsed) is None


def _holds_large(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_large, value.values()))
    if isinstance(value, list):
        return any(map(_holds_large, value))
    return isinstance(value, float) and abs(value) >= 2**63


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a" :2}',
        b'{"a" :1,"a":2}',
        b'{"a"\n:1,"a"\t:2}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":[{"a":1},{"b":1,"b":2}]}',
        b'{"a":"\\":","a":2}',
        b'{"a" : 1, "b": "x\\":", "a": 2}',
        b'{"a\\\\":1,"a\\\\":2}',
    ],
)
def test_repeated_names_are_seen_however_they_are_written(raw: bytes) -> None:
    assert ambiguity(raw, orjson.loads(raw)) == "repeated name"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(['"a"', '"b"', '"a\\\\"', '"\\u0061"', '"\\":"', '"a" ']),
            st.sampled_from(["1", '"\\":"', '"\\" :"', '{"a":1}']),
        )
    )
)
def test_repetition_is_found_exactly(pairs: list[tuple[str, str]]) -> None:
    raw = ("{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}").encode()
    names = [json.loads(name) for name, _ in pairs]
    expected = "repeated name" if len(set(names)) < len(names) else None
    assert ambiguity(raw, orjson.loads(raw)) == expected


@pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809", "1e30", "-1e300"])
def test_numbers_that_readers_may_take_differently(number: str) -> None:
    raw = f'{{"seed": [{number}]}}'.encode()
    assert ambiguity(raw, orjson.loads(raw)) == "number beyond 64 bits"


def test_a_body_too_large_is_not_judged() -> None:
    raw = b'{"a":"' + b"x" * MAX_JUDGED_BYTES + b'"}'
    assert ambiguity(raw, {"a": "x"}) == "too large"


def test_a_header_that_connection_names_is_not_forwarded_and_does_not_count() -> None:
    """Else an answer given without the header would be kept under the question with it."""
    fields = [(b"OpenAI-Beta", b"v9"), (b"Connection", b"close, OPENAI-beta"), (b"X-Cache-Mode", b"off")]
    assert cache_headers(fields) == {"x-cache-mode": "off"}
    assert cache_headers(fields[:1]) == {"openai-beta": "v9"}
    assert cache_headers([*fields, (b"connection", b"x-cache-mode")]) == {"x-cache-mode": "off"}
