from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.model_list import only_allowed

ALLOWED = {"a", "c"}


def kept(told: Any) -> Any:
    found = only_allowed(json.dumps(told).encode(), ALLOWED.__contains__)
    return None if found is None else json.loads(found)


def openai(*ids: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": id, "object": "model", "owned_by": "x"} for id in ids]}


def anthropic(*ids: str, has_more: bool = False) -> dict[str, Any]:
    data = [{"type": "model", "id": id, "display_name": id.upper()} for id in ids]
    return {"data": data, "has_more": has_more, "first_id": ids[0], "last_id": ids[-1]}


def test_what_is_allowed_stays() -> None:
    assert kept(openai("a", "b", "c", "d")) == openai("a", "c")
    assert kept(openai("b")) == openai()
    assert kept({"models": [{"name": "models/a"}, {"name": "models/b"}]}) == {"models": [{"name": "models/a"}]}
    assert kept({"models": [{"name": "a", "model": "b"}, {"name": "c", "model": "c"}]})["models"][0]["name"] == "c"


def test_ends_of_a_page_are_those_of_what_is_left() -> None:
    assert kept(anthropic("b", "a", "c", "d")) == anthropic("a", "c")
    nothing = kept(anthropic("b", "d"))
    assert (nothing["data"], nothing["first_id"], nothing["last_id"]) == ([], None, None)
    # The next page begins behind last_id, whether or not that one may be used.
    assert kept(anthropic("b", "a", "d", has_more=True))["last_id"] == "d"


def test_a_list_of_allowed_models_keeps_every_byte() -> None:
    body = b'{ "object":"list",\n "data":[ {"id":"a"} ] }'
    assert only_allowed(body, ALLOWED.__contains__) is body


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": {}}', b"7", b"{"])
def test_what_is_no_list_is_none(body: bytes) -> None:
    assert only_allowed(body, ALLOWED.__contains__) is None


@pytest.mark.parametrize("odd", ["b", None, 7, ["a"], {}, {"id": 7}, {"id": "a", "name": "b"}, {"label": "a"}])
def test_what_cannot_be_judged_does_not_stay(odd: Any) -> None:
    assert kept({"data": [odd, {"id": "a"}]}) == {"data": [{"id": "a"}]}


@given(st.recursive(st.none() | st.integers() | st.text("abcd", max_size=2), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "name", "model", "data", "models"]), inner)))  # fmt: skip  # noqa: E501
def test_nothing_but_what_is_allowed_comes_through(told: Any) -> None:
    found = kept(told)
    if found is not None:
        for model in [*(found.get("data") or ()), *(found.get("models") or ())]:
            assert {model[name] for name in ("id", "name", "model") if name in model} <= ALLOWED
