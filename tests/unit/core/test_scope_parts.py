"""Two scopes are told apart by the parts in which they differ, and no prompt is in what is kept."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given

from mitmgate.core import scope_parts
from mitmgate.core.remembered import Remembered
from mitmgate.core.scope_parts import LARGEST_BYTES, NAMES, SCOPE, differing
from tests.unit.core.test_question import BODY, FIRST, asked, requests, with_text

SECRET = "the colour of the vault is mauve"


def parts(body: Any = BODY, **more: Any) -> dict[str, str]:
    found = asked(body, **more).parts
    assert found is not None
    return dict(found)


PLAIN = parts()


def test_the_words_make_no_difference() -> None:
    assert parts(with_text("Who wrote Hamlet?")) == PLAIN
    assert parts({**BODY, "stream": True, "user": "u"}) == PLAIN


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("model", parts({**BODY, "model": "n"})),
        ("system", parts({**BODY, "messages": BODY["messages"][1:]})),
        ("turns", parts({**BODY, "messages": [FIRST, {"role": "assistant", "content": "Hi"}, BODY["messages"][-1]]})),
        ("tools", parts({**BODY, "tools": [{"type": "function"}]})),
        ("sampling", parts({**BODY, "temperature": 0.2})),
        ("format", parts({**BODY, "response_format": {"type": "json_object"}})),
        ("other fields", parts({**BODY, "of_tomorrow": 1})),
        ("headers", parts(headers={"accept-language": "de"})),
        ("namespace", parts(headers={"x-cache-namespace": "n"})),
        ("partition", parts(partition=b"p")),
        ("path", parts(query="v=2")),
        ("upstream", parts(backend="https://b.example")),
    ],
)
def test_a_part_that_differs_is_named(name: str, other: dict[str, str]) -> None:
    assert other[SCOPE] != PLAIN[SCOPE]
    assert differing(PLAIN, other) == differing(other, PLAIN) == (name,)


def test_the_anthropic_system_prompt_is_one() -> None:
    one, other = ({**BODY, "messages": BODY["messages"][1:], "system": text} for text in ("Be brief", "Be long"))
    found = [parts(body, path="/v1/messages") for body in (one, other)]
    assert differing(*found) == ("system",)


def test_no_prompt_and_no_large_request() -> None:
    found = parts({**BODY, "messages": [{"role": "system", "content": SECRET}, BODY["messages"][-1]]})
    assert found.keys() <= {SCOPE, *NAMES}
    assert all(len(digest) <= 16 and set(digest) <= set("0123456789abcdef") for digest in found.values())
    assert len(str(found)) < 400
    large = {**BODY, "messages": [{"role": "system", "content": "x" * LARGEST_BYTES}, BODY["messages"][-1]]}
    assert asked(large).scope is not None and asked(large).parts is None


@given(one=requests, other=requests)
def test_parts_are_those_of_the_scope_whoever_asked_first(one: dict[str, Any], other: dict[str, Any]) -> None:
    """They are remembered by the scope, which must therefore tell apart all that has another part."""
    found = []
    for request in (one, other):
        fresh = Remembered[bytes, Any](1)
        with patch.object(scope_parts, "_remembered", fresh):
            found.append(asked(**request))
    if found[0].scope is not None and found[0].scope == found[1].scope:
        assert found[0].parts == found[1].parts
    assert asked(**one).parts == found[0].parts and asked(**other).parts == found[1].parts


def test_tenants_share_no_digest() -> None:
    other = parts(id=2)
    assert not set(other.values()) & set(PLAIN.values())


def test_only_what_is_compared_has_parts() -> None:
    assert asked(mode="exact").parts is None
    assert asked(with_text("see https://example.com/a")).parts is None
