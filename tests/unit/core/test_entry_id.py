from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.asked import MAX_CHARACTERS, asked, shortened
from mitmgate.core.entry_id import entry_id, read_entry_id

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=())),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["role", "content", "text", "type", "messages", "input"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_name_is_read_back(tenant_id: int, fingerprint: bytes) -> None:
    name = entry_id(tenant_id, fingerprint)
    assert read_entry_id(name) == (tenant_id, fingerprint) and len(name) <= 63


@given(st.text() | st.from_regex(r"\A[0-9]{1,3}\.[A-Za-z0-9_=-]{40,45}\n?\Z"))
def test_an_entry_has_one_name(text: str) -> None:
    named = read_entry_id(text)
    assert named is None or entry_id(*named) == text


@pytest.mark.parametrize("text", ["", "1", "1.", "0." + "A" * 43, "01." + "A" * 43, "9" * 20 + "." + "A" * 43])
def test_what_is_no_name(text: str) -> None:
    assert read_entry_id(text) is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, "a"),
        (
            {
                "messages": [
                    {"role": "user", "content": "a"},
                    {"role": "user", "content": [{"text": "b"}, {"text": "c"}]},
                ]
            },
            "b\nc",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}], "prompt": "p"}, "p"),
        ({"messages": [{"role": "system", "content": "s"}]}, ""),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "q"}]}]}, "q"),
        ({"input": ["one", "two"]}, "one\ntwo"),
        ({"prompt": "p" * (MAX_CHARACTERS + 1)}, "p" * MAX_CHARACTERS),
        ({"prompt": "\ud800"}, "?"),
        ({}, ""),
    ],
)
def test_what_was_asked(body: dict[str, object], text: str) -> None:
    assert asked(body) == text


@given(st.dictionaries(st.sampled_from(["messages", "input", "prompt"]), JSON))
def test_any_body_has_a_bounded_text(body: dict[str, object]) -> None:
    text = asked(body)
    text.encode()
    assert len(text) <= MAX_CHARACTERS and len(shortened(text, 50)) <= 50


def test_shortened_is_one_line() -> None:
    assert shortened(" a\n\n b\tc ", 200) == "a b c"
    assert shortened("x" * 201, 200) == "x" * 199 + "…"
    assert shortened(" " * 900 + "x", 200) == "…"
