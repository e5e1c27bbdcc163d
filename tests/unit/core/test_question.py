"""What may be compared by meaning, and that everything else keeps two requests apart."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.directory import Tenant, TenantId
from mitmgate.core.errors import Refused
from mitmgate.core.partition import partition
from mitmgate.core.question import Question, judge_request

CHAT = "/v1/chat/completions"
FIRST = {"role": "system", "content": "Be brief"}
BODY: dict[str, Any] = {"model": "m", "messages": [FIRST, {"role": "user", "content": "Why is the sky blue?"}]}


def asked(
    body: Any = BODY, *, id: int = 1, mode: str | None = None, default: str = "semantic", path: str = CHAT, **more: Any
) -> Question:
    tenant = Tenant(TenantId(id), "t", 1, "active", more.pop("backend", "https://a.example"), 1, (), cache_mode=mode)
    given: dict[str, Any] = {
        "headers": {},
        "client_format": "anthropic" if path == "/v1/messages" else "openai",
        "query": "",
        **more,
    }
    return judge_request(
        tenant=tenant,
        default_mode=default,
        default_ttl_s=60,
        endpoint=path,
        path=path,
        raw=orjson.dumps(body),
        body=body,
        **given,
    )


def with_text(text: str, **more: Any) -> dict[str, Any]:
    return {**BODY, "messages": [FIRST, {"role": "user", "content": text}], **more}


# ---- what separates

words = st.sampled_from(["Why rain?", "How deep is it?", "Who won?", "why rain?", ""])
contents = st.one_of(
    words,
    words.map(lambda text: [{"type": "text", "text": text}]),
    words.map(lambda text: [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]),
    words.map(lambda text: [{"type": "text", "text": text}] * 2),
)
turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": contents},
    optional={"name": st.sampled_from(["a", "b"])},
)
bodies = st.fixed_dictionaries(
    {"model": st.sampled_from(["m", "n"]), "messages": st.lists(turns, min_size=1, max_size=3)},
    optional={"temperature": st.sampled_from([0, 0.0, 1]), "seed": st.integers(0, 2), "unheard_of": st.booleans()},
)
requests = st.fixed_dictionaries(
    {"body": bodies},
    optional={
        "id": st.integers(1, 2),
        "backend": st.sampled_from(["https://a.example", "https://b.example"]),
        "query": st.sampled_from(["", "v=1"]),
        "headers": st.fixed_dictionaries(
            {}, optional={"x-cache-namespace": st.sampled_from(["a", "b"]), "accept-language": st.just("de")}
        ),
    },
)


@given(requests, requests)
def test_only_the_last_users_words_may_differ_within_a_scope(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = asked(**one), asked(**other)
    if first.scope is None or second.scope is None:
        return
    same = first.fingerprint == second.fingerprint
    assert same == (first.scope == second.scope and first.text == second.text)
    if first.scope == second.scope:
        assert {**one, "body": worded(one["body"])} == {**other, "body": worded(other["body"])} or same_by_default(
            one, other
        )


def same_by_default(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Equal but for what one of them says and the other leaves to the default."""
    default = {"id": 1, "backend": "https://a.example", "query": "", "headers": {}}
    return {**default, **one, "body": worded(one["body"])} == {**default, **other, "body": worded(other["body"])}


def worded(body: dict[str, Any]) -> dict[str, Any]:
    """The body with one text for all in its last turn."""
    last = body["messages"][-1]
    content = last["content"]
    same = "." if isinstance(content, str) else [{**part, "text": "."} for part in content]
    return {**body, "messages": [*body["messages"][:-1], {**last, "content": same}]}


@given(requests)
def test_other_words_stay_in_the_scope(request: dict[str, Any]) -> None:
    body = request["body"]
    last = {"role": "user", "content": "Where do eels live?"}
    first = asked(**{**request, "body": {**body, "messages": [*body["messages"], last]}})
    second = asked(
        **{**request, "body": {**body, "messages": [*body["messages"], {**last, "content": "Whence do eels come?"}]}}
    )
    assert first.scope is not None and first.scope == second.scope
    assert (first.text, second.text) == ("Where do eels live?", "Whence do eels come?")
    assert len({first.scope, first.fingerprint, second.fingerprint}) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"id": 2},
        {"backend": "https://b.example"},
        {"query": "v=1"},
        {"headers": {"x-cache-namespace": "other"}},
        {"headers": {"openai-project": "p"}},
        {"body": {**BODY, "model": "n"}},
        {"body": {**BODY, "unheard_of": None}},
        {"body": {**BODY, "messages": [{**FIRST, "content": "Be long"}, BODY["messages"][1]]}},
        {"body": {**BODY, "messages": [FIRST, FIRST, BODY["messages"][1]]}},
        {"body": {**BODY, "messages": [FIRST, {**BODY["messages"][1], "name": "n"}]}},
        {"body": {**BODY, "messages": [FIRST, {"role": "user", "content": [{"type": "text", "text": "Why rain?"}]}]}},
        {"path": "/v1/messages"},
    ],
)
def test_everything_else_separates(other: dict[str, Any]) -> None:
    found = asked(**other).scope
    assert found is not None and found != asked().scope


# ---- parts of a tenant's cache

users = st.sampled_from([{}, {"user": "a"}, {"user": "b"}, {"user": ""}, {"user": None}, {"safety_identifier": "a"}])
parts = st.sampled_from([None, "user", "header:x-user"])
sent = st.sampled_from([{}, {"x-user": "a"}, {"x-user": "b"}, {"x-user": ""}])


@given(requests, requests, parts, users, users, sent, sent)
def test_no_answer_crosses_partitions(
    one: dict[str, Any],
    other: dict[str, Any],
    by: str | None,
    user: dict[str, Any],
    user2: dict[str, Any],
    headers: dict[str, str],
    headers2: dict[str, str],
) -> None:
    found = []
    for request, who, names in ((one, user, headers), (other, user2, headers2)):
        body = {**request["body"], **who}
        found.append(asked(**{**request, "body": body}, partition=partition(by, "openai", names, body)))
    plain, plain2 = asked(**one), asked(**other)
    told = ({"user": None, "safety_identifier": None, **user}, {"user": None, "safety_identifier": None, **user2})
    together = by is None or (told[0] == told[1] if by == "user" else headers == headers2)
    assert (found[0].fingerprint == found[1].fingerprint) == (together and plain.fingerprint == plain2.fingerprint)
    if plain.scope is not None and plain2.scope is not None:
        assert (found[0].scope == found[1].scope) == (together and plain.scope == plain2.scope)


def test_a_part_is_told_in_each_formats_own_way() -> None:
    by = "user"
    assert partition(None, "openai", {}, {"user": "a"}) is None
    assert partition(by, "openai", {}, {"user": "a"}) != partition(by, "openai", {}, {"user": "b"})
    assert partition(by, "openai", {}, {"user": "a"}) == partition(by, "openai", {"x": "y"}, {"user": "a", "n": 1})
    ids = [{"metadata": {"user_id": "a"}}, {"metadata": {"user_id": "b"}}, {"metadata": None}, {}, {"user": "a"}]
    found = [partition(by, "anthropic", {}, body) for body in ids]
    assert len(set(found)) == 3 and found[2] == found[3] == found[4]
    part = partition("header:x-user", "openai", {}, {})
    assert part is not None and asked(partition=part).fingerprint != asked().fingerprint


# ---- what is compared at all


def test_a_single_text_part_is_compared() -> None:
    part = {"type": "text", "text": "Why is the sky blue?", "cache_control": {"type": "ephemeral"}}
    found = asked({"model": "m", "messages": [{"role": "user", "content": [part]}]}, path="/v1/messages")
    assert found.text == "Why is the sky blue?" and found.scope is not None


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ({"role": "assistant", "content": "Because"}, "no user turn last"),
        ({"role": "user"}, "parts"),
        ({"role": "user", "content": ""}, "empty"),
        ({"role": "user", "content": []}, "parts"),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "parts"),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}, "parts"),
        ({"role": "user", "content": [{"type": "text", "text": 1}]}, "parts"),
        ({"role": "user", "content": "See https://example.com/a"}, "link"),
        ({"role": "user", "content": "```\nx = 1\n```"}, "code"),
        ({"role": "tool", "tool_call_id": "1", "content": "4"}, "no user turn last"),
    ],
)
def test_what_is_looked_up_by_its_very_words_only(last: dict[str, Any], why: str) -> None:
    found = asked({"model": "m", "messages": [last]})
    assert found.scope is None and found.text is None and found.exact_only == f"exact only: {why}"
    assert found.fingerprint is not None and found.decision.lookup and found.decision.reason is None


def test_what_the_client_wants_by_exact_words_is_looked_at_all_the_same() -> None:
    """Whether it may be shared; where the tenant's own mode is `exact`, the rules are all there is."""
    wish = {"headers": {"x-cache-mode": "exact"}}
    for question, text in (
        (asked(**wish), "Why is the sky blue?"),
        (asked(**wish, mode="shadow"), "Why is the sky blue?"),
        (asked(**wish, mode="exact"), None),
        (asked(mode="exact"), None),
        (asked(default="exact"), None),
        (asked(with_text("```x```"), **wish), None),
    ):
        assert question.decision.mode == "exact" and question.text == text
        assert question.scope is None and question.exact_only is None
    assert asked(**wish).fingerprint == asked().fingerprint


def test_another_language_is_found_whatever_its_spacing_and_final_punctuation() -> None:
    def of(text: str, headers: dict[str, str] | None = None) -> Question:
        return asked({"model": "m", "messages": [{"role": "user", "content": text}]}, headers=headers or {})

    one = of("Какая столица Франции?")
    assert one.exact_only == "exact only: language" and one.scope is None
    assert of(" Какая  столица Франции").fingerprint == one.fingerprint
    assert of("какая столица Франции?").fingerprint != one.fingerprint
    assert of("Какая столица Италии?").fingerprint != one.fingerprint
    part = [{"type": "text", "text": "Какая столица Франции"}]
    assert asked({"model": "m", "messages": [{"role": "user", "content": part}]}).text == "Какая столица Франции"
    strict = {"x-cache-mode": "exact"}
    shadow = {"x-cache-mode": "shadow"}
    assert (
        one.text == of("Какая столица Франции?", strict).text == of("Какая столица Франции?", shadow).text is not None
    )
    assert of("Какая столица Франции", strict).fingerprint != of("Какая столица Франции?", strict).fingerprint


def test_other_endpoints_are_not_compared() -> None:
    for path, body in (("/v1/embeddings", {"model": "m", "input": "a"}), ("/v1/completions", {"prompt": "a"})):
        found = asked(body, path=path)
        assert found.fingerprint is not None and found.scope is None and found.exact_only is None


@pytest.mark.parametrize(
    ("default", "tenant", "header", "mode"),
    [
        ("semantic", None, None, "semantic"),
        ("semantic", "exact", None, "exact"),
        ("semantic", "exact", "semantic", "exact"),
        ("semantic", "semantic", "exact", "exact"),
        ("semantic", None, "shadow", "shadow"),
        ("semantic", "shadow", "semantic", "shadow"),
        ("semantic", "shadow", "exact", "exact"),
        ("shadow", "semantic", None, "shadow"),
        ("exact", None, "shadow", "exact"),
        ("off", "shadow", "shadow", "off"),
        ("semantic", None, "off", "off"),
        ("exact", None, None, "exact"),
        ("exact", "semantic", "semantic", "exact"),
        ("off", "semantic", "semantic", "off"),
    ],
)
def test_the_weakest_mode_counts(default: str, tenant: str | None, header: str | None, mode: str) -> None:
    found = asked(default=default, mode=tenant, headers={"x-cache-mode": header} if header else {})
    assert found.decision.mode == mode
    assert (found.scope is not None) == (mode in ("semantic", "shadow"))
    assert (found.fingerprint is not None) == (mode != "off")


@pytest.mark.parametrize(("given", "bar"), [("0.95", 0.95), ("1", 1.0), ("1.0", 1.0), (".5", 0.5), (" 0 ", 0.0)])
def test_a_bar_of_the_clients(given: str, bar: float) -> None:
    found = asked(headers={"x-cache-threshold": given})
    assert found.decision.threshold == bar
    assert (found.scope, found.fingerprint) == (asked().scope, asked().fingerprint)


@pytest.mark.parametrize("given", ["", "high", "1.1", "-0.1", "nan", "inf", "1e0", "0,9", "90%", "0.9, 0.8"])
def test_a_bar_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(headers={"x-cache-threshold": given})
    assert refused.value.status == 400
