"""What the cache may do for a request, and which answers may be kept."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.cache_policy import Decision, answer_cacheable, decide_request, weaker
from mitmgate.core.errors import Refused

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "What is the capital of France?"}]}


def decide(
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    *,
    endpoint: str = CHAT,
    client_format: str = "openai",
    **more: Any,
) -> Decision:
    arguments: dict[str, Any] = {"tenant_mode": "exact", "max_temperature": 1.0, "ttl_s": 3600, **more}
    return decide_request(
        headers=headers or {},
        body=BODY if body is None else body,
        client_format=client_format,
        endpoint=endpoint,
        **arguments,
    )


def test_a_plain_question_is_looked_up_and_stored() -> None:
    assert decide() == Decision(mode="exact", lookup=True, store=True, ttl_s=3600)


@pytest.mark.parametrize(
    ("endpoint", "client_format"),
    [
        ("/v1/completions", "openai"),
        ("/v1/embeddings", "openai"),
        ("/v1/messages", "anthropic"),
        ("/openai/deployments/chat/completions", "openai"),
    ],
)
def test_the_other_paths_that_are_cached(endpoint: str, client_format: str) -> None:
    assert decide(endpoint=endpoint, client_format=client_format).lookup


@pytest.mark.parametrize(
    ("endpoint", "client_format"),
    [
        ("/v1/models", "openai"),
        ("other", "openai"),
        ("/v1/images/generations", "openai"),
        ("/v1/messages", "openai"),
        (CHAT, "anthropic"),
        ("/v1/messages/count_tokens", "anthropic"),
        ("/v1/feedback", "openai"),
    ],
)
def test_other_paths_are_not(endpoint: str, client_format: str) -> None:
    decision = decide(endpoint=endpoint, client_format=client_format)
    assert (decision.lookup, decision.store, decision.reason) == (False, False, "uncacheable: path")


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"stream": 1.5}, "stream"),
        ({"stream": "true"}, "stream"),
        ({"previous_response_id": "x"}, "stateful"),
        ({"conversation": {"id": "x"}}, "stateful"),
        ({"background": True}, "stateful"),
        ({"container": "x"}, "stateful"),
        ({"audio": {"voice": "x"}}, "stateful"),
        ({"temperature": 1.1}, "temperature"),
        ({"temperature": "0"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"web_search_options": {}}, "time-dependent: web search"),
        ({"messages": [{"role": "user", "content": "What day is it today?"}]}, "time-dependent: today"),
        ({"messages": [{"role": "user", "content": "My name is Bob"}]}, "personal"),
    ],
)
def test_uncacheable_requests(field: dict[str, Any], reason: str) -> None:
    decision = decide({**BODY, **field})
    assert (decision.lookup, decision.store, decision.reason) == (False, False, f"uncacheable: {reason}")


def test_responses_name_what_only_the_vendor_keeps() -> None:
    for body in ({"store": False, "input": "x"}, {"input": "x"}):
        assert decide(body, endpoint="/v1/responses").reason == "uncacheable: stateful"


@pytest.mark.parametrize(
    "field",
    [
        {"stream": False},
        {"stream": True},
        {"stream": None},
        {"temperature": 1},
        {"temperature": 0},
        {"temperature": None},
        {"tools": [{"type": "function"}], "tool_choice": "auto"},
        {"n": 3, "logprobs": True},
        {"response_format": {"type": "json_object"}},
        {"background": False},
        {"store": True},
    ],
)
def test_what_a_cacheable_request_may_say(field: dict[str, Any]) -> None:
    assert decide({**BODY, **field}).reason is None


def test_embeddings_depend_on_no_day_and_no_person() -> None:
    assert decide({"input": "My name today", "prompt": "today"}, endpoint="/v1/embeddings").lookup


def test_the_tenants_temperature_bound() -> None:
    assert decide({**BODY, "temperature": 0.3}, max_temperature=0.2).reason == "uncacheable: temperature"
    assert decide({**BODY, "temperature": 1.5}, max_temperature=2.0).lookup
    assert decide(max_temperature=0.0).lookup


# ---- headers


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("no-cache", {"lookup": False, "store": True, "refresh": True}),
        ("No-Cache , max-age=5", {"lookup": False, "store": True, "refresh": True, "max_age_s": 5}),
        ("no-store", {"lookup": False, "store": False, "refresh": False, "reason": "no-store"}),
        ("no-store, no-cache", {"lookup": False, "store": False, "refresh": False}),
        ("max-age=60", {"lookup": True, "store": True, "max_age_s": 60}),
        ('max-age="60"', {"max_age_s": 60}),
        ("max-age=9, max-age=4", {"max_age_s": 4}),
        ("max-age=0", {"lookup": False, "store": True, "refresh": True}),
        ("only-if-cached", {"lookup": True, "only_if_cached": True}),
        ("max-stale=5, no-transform, x", {"lookup": True, "store": True, "reason": None}),
        ("", {"lookup": True, "store": True}),
    ],
)
def test_cache_control(header: str, expected: dict[str, Any]) -> None:
    decision = decide(headers={"cache-control": header})
    assert {name: getattr(decision, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"cache-control": "max-age=x"}, "invalid_cache_header"),
        ({"cache-control": "max-age=-1"}, "invalid_cache_header"),
        ({"cache-control": "max-age"}, "invalid_cache_header"),
        ({"x-cache-ttl": "1.5"}, "invalid_cache_header"),
        ({"x-cache-ttl": ""}, "invalid_cache_header"),
        ({"x-cache-ttl": "٣"}, "invalid_cache_header"),
        ({"x-cache-ttl": "9" * 11}, "invalid_cache_header"),
        ({"x-cache-namespace": ""}, "invalid_cache_namespace"),
        ({"x-cache-namespace": "a b"}, "invalid_cache_namespace"),
        ({"x-cache-namespace": "a\n"}, "invalid_cache_namespace"),
        ({"x-cache-namespace": "é"}, "invalid_cache_namespace"),
        ({"x-cache-namespace": "a" * 65}, "invalid_cache_namespace"),
        ({"x-cache-mode": "fast"}, "invalid_cache_mode"),
    ],
)
def test_malformed_headers_are_refused_also_where_nothing_is_cached(headers: dict[str, str], code: str) -> None:
    for endpoint in (CHAT, "other"):
        with pytest.raises(Refused) as refusal:
            decide(headers=headers, endpoint=endpoint)
        assert (refusal.value.status, refusal.value.code) == (400, code)
        assert refusal.value.param is not None


def test_a_ttl_may_only_be_lowered() -> None:
    assert decide(headers={"x-cache-ttl": "60"}).ttl_s == 60
    assert decide(headers={"x-cache-ttl": "99999"}).ttl_s == 3600
    none = decide(headers={"x-cache-ttl": "0"})
    assert none.lookup and not none.store


MODES = ("off", "exact", "shadow", "semantic")  # the weakest first


@given(tenant=st.sampled_from(MODES), asked=st.sampled_from(MODES), upper=st.booleans(), spaces=st.integers(0, 2))
def test_a_mode_may_only_be_weakened(tenant: str, asked: str, upper: bool, spaces: int) -> None:
    got = MODES[min(MODES.index(tenant), MODES.index(asked))]
    header = " " * spaces + (asked.upper() if upper else asked)
    decision = decide(headers={"x-cache-mode": header}, tenant_mode=tenant)
    assert decision.mode == got
    assert decision.lookup == decision.store == (got != "off")
    assert decision.reason == ("mode off" if got == "off" else None)


@given(st.sampled_from(MODES), st.sampled_from(MODES), st.sampled_from(MODES))
def test_modes_are_a_chain(one: str, two: str, three: str) -> None:
    assert weaker(one, two) == weaker(two, one) and weaker(one, one) == one
    assert weaker(weaker(one, two), three) == weaker(one, weaker(two, three))
    assert (weaker(one, "semantic"), weaker(one, "off")) == (one, "off")


def test_namespaces() -> None:
    assert decide(headers={"x-cache-namespace": "Team-1_a.b"}).namespace == "Team-1_a.b"
    assert decide().namespace == "default"


# ---- answers

COMPLETION: dict[str, Any] = {
    "id": "x",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris"}, "finish_reason": "stop"}],
    "usage": {},
}
TEXT: dict[str, Any] = {
    "object": "text_completion",
    "choices": [{"index": 0, "text": "Paris", "finish_reason": "stop"}],
}
MESSAGE: dict[str, Any] = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "Paris"}],
    "stop_reason": "end_turn",
}
VECTORS: dict[str, Any] = {"object": "list", "data": [{"embedding": [0.1], "index": 0}, {"embedding": "AAAA"}]}
JSON = {"content-type": "application/json; charset=utf-8"}


def judge(body: Any, client_format: str = "openai", status: int = 200) -> str | None:
    return answer_cacheable(client_format, status, JSON, body if isinstance(body, bytes) else orjson.dumps(body))


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at a path such as "choices.0.message.content"."""
    result = copy.deepcopy(body)
    place: Any = result
    *way, last = path.split(".")
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    return result


@pytest.mark.parametrize(
    ("body", "client_format"), [(COMPLETION, "openai"), (TEXT, "openai"), (VECTORS, "openai"), (MESSAGE, "anthropic")]
)
def test_whole_answers_may_be_kept(body: dict[str, Any], client_format: str) -> None:
    assert judge(body, client_format) is None
    assert answer_cacheable(client_format, 200, {}, body) is None
    for status in (199, 202, 204, 206, 304, 400, 401, 429, 500):
        assert judge(body, client_format, status) == "status"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("choices.0.message.tool_calls", [{"id": "x"}], "tools"),
        ("choices.0.message.function_call", {"name": "x"}, "tools"),
        ("choices.0.message.refusal", "No.", "refused"),
        ("choices.0.message.audio", {"id": "x"}, "stateful"),
        ("choices.0.message.content", "", "empty"),
        ("choices.0.message.content", " \n", "empty"),
        ("choices.0.message.content", None, "empty"),
        ("choices.0.message.content", [], "empty"),
        ("choices.0.finish_reason", "length", "truncated"),
        ("choices.0.finish_reason", None, "truncated"),
        ("choices.0.finish_reason", "content_filter", "refused"),
        ("choices.0.finish_reason", "tool_calls", "tools"),
        ("choices.0.finish_reason", "novel", "truncated"),
        ("choices.0", "x", "error"),
        ("choices", [], "empty"),
        ("choices", None, "empty"),
        ("error", {"message": "x"}, "error"),
    ],
)
def test_completions_that_may_not(path: str, value: Any, why: str) -> None:
    assert judge(changed(COMPLETION, path, value)) == why


FAILURES: list[dict[str, Any]] = [
    {"error": {"message": "overloaded"}},
    {"error": "overloaded"},
    {"errors": ["x"]},
    {"error_code": 336003, "error_msg": "busy"},
    {"errorMessage": "busy"},
    {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}},
    {"header": {"code": 10013, "message": "refused"}},
    {"code": "InvalidParameter"},
    {"code": 500, "msg": "x"},
    {"success": False},
    {"status": "failed"},
    {"status": "in_progress"},
    {"status": 429},
]
FINE: list[dict[str, Any]] = [
    {"error": None},
    {"errors": []},
    {"error_code": 0, "error_msg": ""},
    {"base_resp": {"status_code": 0, "status_msg": ""}},
    {"base_resp": None},
    {"code": 0},
    {"code": "200"},
    {"success": True},
    {"status": "completed"},
    {"incomplete_details": None},
    {"encoding": "x", "barcode": "y", "errand": "z"},
]


@pytest.mark.parametrize("said", FAILURES)
def test_an_answer_that_says_that_it_failed_may_not(said: dict[str, Any]) -> None:
    assert judge({**COMPLETION, **said}) == "error"
    assert judge(changed(COMPLETION, "choices.0", {**COMPLETION["choices"][0], **said})) == "error"
    assert judge({**MESSAGE, **said}, "anthropic") == "error"
    assert judge({**VECTORS, **said}) == "error"
    assert judge({**VECTORS, "data": [{**VECTORS["data"][0], **said}]}) == "error"


@pytest.mark.parametrize("said", FINE)
def test_an_answer_that_says_that_nothing_failed_may(said: dict[str, Any]) -> None:
    assert judge({**COMPLETION, **said}) is None
    assert judge(changed(COMPLETION, "choices.0", {**COMPLETION["choices"][0], **said})) is None
    assert judge({**VECTORS, **said}) is None


def test_an_answer_that_is_not_complete_may_not() -> None:
    assert judge({**COMPLETION, "incomplete_details": {"reason": "max_output_tokens"}}) == "truncated"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("choices.0.message.tool_calls", []),
        ("choices.0.message.tool_calls", None),
        ("choices.0.message.refusal", None),
        ("choices.0.message.content", [{"type": "text", "text": "x"}]),
        ("error", None),
    ],
)
def test_completions_that_say_nothing_more_may(path: str, value: Any) -> None:
    assert judge(changed(COMPLETION, path, value)) is None


def test_of_several_choices_each_must_be_whole() -> None:
    three = {**COMPLETION, "choices": COMPLETION["choices"] * 3}
    assert judge(three) is None
    assert judge(changed(copy.deepcopy(three), "choices.2", {"text": "x", "finish_reason": "length"})) == "truncated"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("stop_reason", "max_tokens", "truncated"),
        ("stop_reason", "tool_use", "tools"),
        ("stop_reason", "pause_turn", "truncated"),
        ("stop_reason", "refusal", "refused"),
        ("stop_reason", None, "truncated"),
        ("content", [], "empty"),
        ("content", [{"type": "text", "text": ""}], "empty"),
        ("content", [{"type": "thinking", "thinking": "x"}], "empty"),
        ("content", [{"type": "text", "text": "x"}, {"type": "tool_use"}], "tools"),
        ("content", [{"type": "server_tool_use"}, {"type": "text", "text": "x"}], "tools"),
        ("content", "x", "error"),
        ("content", ["x"], "error"),
        ("container", {"id": "x"}, "stateful"),
        ("type", "error", "error"),
    ],
)
def test_messages_that_may_not(path: str, value: Any, why: str) -> None:
    assert judge(changed(MESSAGE, path, value), "anthropic") == why


def test_messages_that_may() -> None:
    assert judge(changed(MESSAGE, "stop_reason", "stop_sequence"), "anthropic") is None
    thought = [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "Paris"}]
    assert judge(changed(MESSAGE, "content", thought), "anthropic") is None


@pytest.mark.parametrize(
    "data", [[], None, [{"embedding": []}], [{}], ["x"], [{"embedding": [1]}, {"embedding": None}]]
)
def test_vectors_that_may_not(data: Any) -> None:
    assert judge({**VECTORS, "data": data}) == "empty"


def test_what_is_no_json_may_not() -> None:
    assert judge(b"{") == judge(b"") == "not JSON"
    assert judge(b"[]") == judge(b"null") == "error"
    assert (
        answer_cacheable("openai", 200, {"content-type": "text/event-stream"}, orjson.dumps(COMPLETION)) == "not JSON"
    )


names = st.sampled_from(
    ["choices", "message", "content", "text", "finish_reason", "type", "stop_reason", "data", "embedding", "error"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["stop", "message", "end_turn", "text", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_any_answer_is_judged_without_an_error(body: Any) -> None:
    for client_format in ("openai", "anthropic"):
        why = judge(body, client_format)
        assert why is None or why.isascii()


@given(st.dictionaries(st.sampled_from(["messages", "stream", "temperature", "prompt", "audio"]), json_values))
def test_any_request_is_judged_without_an_error(body: dict[str, Any]) -> None:
    assert decide(body).ttl_s == 3600
