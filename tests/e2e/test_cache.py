"""The exact cache: what is a hit and how it looks, what is another question, what is never kept, how it is bounded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, error_of, wait_until
from tests.e2e.upstream import Asked, Script, Upstream, completion, message

MESSAGES = [{"role": "user", "content": "Name a prime above ten"}]
BASE: dict[str, Any] = {"model": "m", "messages": MESSAGES, "temperature": 0.5}


def outcome(answer: httpx.Response) -> str | None:
    assert answer.status_code == 200, answer.text
    return answer.headers.get("x-cache-status")


def ask(tenant: Tenant, body: dict[str, Any], path: str = "/v1/chat/completions", **headers: str) -> httpx.Response:
    return tenant.post(path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def warm(tenant: Tenant, body: dict[str, Any], **more: Any) -> httpx.Response:
    """Asks until it is a hit. Storing is given up where it takes too long, and then the next answer is stored."""
    answers: list[httpx.Response] = []

    def hit() -> bool:
        answers.append(ask(tenant, body, **more))
        return outcome(answers[-1]) == "HIT"

    wait_until(hit)
    return answers[-1]


# ---- a hit


def test_a_hit_is_byte_equal_and_says_what_it_is(tenant: Tenant, upstream: Upstream) -> None:
    odd = json.dumps(completion("é\u2028"), indent=3).encode() + b"\n"

    async def answer_oddly(asked: Asked) -> None:
        theirs = [("Set-Cookie", "a=b"), ("X-Request-Id", "req_1"), ("openai-processing-ms", "9"), ("X-Vendor", "v")]
        await asked.answer(odd, headers=theirs, kind="application/json; charset=utf-8")

    upstream.script = answer_oddly
    first = ask(tenant, BASE)
    assert outcome(first) == "MISS" and first.headers["cache-status"] == 'mitmgate; fwd=miss; detail="scope empty"'
    assert first.headers["x-upstream-attempts"] == "1"
    hit = warm(tenant, BASE)
    assert hit.content == first.content == odd
    assert hit.headers["content-type"] == "application/json; charset=utf-8"
    assert hit.headers["x-cache-kind"] == "exact" and float(hit.headers["x-cache-similarity"]) == 1.0
    assert hit.headers["x-cache-entry"] and 0 <= int(hit.headers["age"]) < 100
    assert re.match(r"mitmgate; hit(;|$)", hit.headers["cache-status"])
    assert hit.headers["x-request-id"] != first.headers["x-request-id"]
    for name in ("set-cookie", "openai-processing-ms", "x-vendor", "x-upstream", "x-upstream-attempts"):
        assert name not in hit.headers
    assert "req_1" not in str(hit.headers)


def test_a_hit_answers_from_every_worker(tenant: Tenant, upstream: Upstream) -> None:
    warm(tenant, BASE)
    asked = len(upstream.asked)
    for _ in range(12):
        with tenant.gateway.new_client() as client:
            assert outcome(client.post("/v1/chat/completions", json=BASE, headers=bearer(tenant.key))) == "HIT"
    assert len(upstream.asked) == asked


def test_embeddings_completions_and_messages_are_cached(tenant: Tenant, upstream: Upstream) -> None:
    async def text(asked: Asked) -> None:
        choice = {"index": 0, "text": "eleven", "finish_reason": "stop"}
        await asked.answer({"id": "c", "object": "text_completion", "choices": [choice]})

    warm(tenant, {"model": "m", "input": ["a", "b"]}, path="/v1/embeddings")
    warm(tenant, {**BASE, "max_tokens": 9}, path="/v1/messages")
    upstream.script = text
    warm(tenant, {"model": "m", "prompt": "Name a prime"}, path="/v1/completions")


def test_the_two_spellings_of_a_path_are_one_question(tenant: Tenant) -> None:
    warm(tenant, BASE)
    assert outcome(ask(tenant, BASE, path="/api/v1/chat/completions")) == "HIT"


def test_another_key_and_a_token_of_the_tenant_share_its_entries(tenant: Tenant) -> None:
    warm(tenant, BASE)
    token = tenant.gateway.client.post("/auth/token", json={"api_key": tenant.key}).json()["token"]
    for credential in (tenant.new_key()["api_key"], token):
        assert outcome(ask(tenant, BASE, Authorization=f"Bearer {credential}")) == "HIT"


def test_order_and_spacing_of_the_json_do_not_matter(tenant: Tenant) -> None:
    warm(tenant, BASE)
    turned = json.dumps(dict(reversed(BASE.items())), indent=2).encode()
    answer = tenant.post("/v1/chat/completions", content=turned, headers={"Content-Type": "application/json"})
    assert outcome(answer) == "HIT"


# ---- another tenant


def test_another_tenant_asks_for_itself(gateway: Gateway, upstream: Upstream) -> None:
    one, two = gateway.tenant(upstream.url), gateway.tenant(upstream.url)
    mine = warm(one, BASE)
    first = ask(two, BASE)
    assert outcome(first) == "MISS" and first.content != mine.content
    theirs = warm(two, BASE)
    assert theirs.headers["x-cache-entry"] != mine.headers["x-cache-entry"]
    assert warm(one, BASE).content == mine.content


# ---- another question

CHANGES: dict[str, dict[str, Any]] = {
    "model": {"model": "n"},
    "message": {"messages": [{"role": "user", "content": "Name a prime above ten "}]},
    "role": {"messages": [{"role": "assistant", "content": "Name a prime above ten"}]},
    "another turn before": {"messages": [{"role": "user", "content": "hi"}, *MESSAGES]},
    "system": {"messages": [{"role": "system", "content": "French"}, *MESSAGES]},
    "name": {"messages": [{**MESSAGES[0], "name": "bob"}]},
    "content as parts": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Name a prime above ten"}]}]
    },
    "temperature": {"temperature": 0.4},
    "temperature as text": {"temperature": None},
    "top_p": {"top_p": 0.9},
    "max_tokens": {"max_tokens": 5},
    "max_completion_tokens": {"max_completion_tokens": 5},
    "n": {"n": 1},
    "seed": {"seed": 1},
    "seed beyond 64 bits": {"seed": 2**65},
    "stop": {"stop": ["x"]},
    "tools": {"tools": [{"type": "function", "function": {"name": "f"}}]},
    "tool_choice": {"tool_choice": "none"},
    "response_format": {"response_format": {"type": "json_object"}},
    "logit_bias": {"logit_bias": {"1": 1}},
    "logprobs": {"logprobs": True},
    "presence_penalty": {"presence_penalty": 0.1},
    "frequency_penalty": {"frequency_penalty": 0.1},
    "reasoning_effort": {"reasoning_effort": "low"},
    "service_tier": {"service_tier": "flex"},
    "verbosity": {"verbosity": "low"},
    "modalities": {"modalities": ["text"]},
    "a field of tomorrow": {"field_of_tomorrow": 1},
    "a nested field of tomorrow": {"extra_body": {"deep": [1, {"deeper": True}]}},
    "null is not absent": {"top_k": None},
}


@pytest.fixture(scope="module")
def shared(gateway: Gateway, loop_thread: Any) -> Any:
    """A tenant whose base question is in the cache, for all that asks another one."""
    server = Upstream(loop_thread)
    tenant = gateway.tenant(server.url)
    warm(tenant, BASE)
    yield tenant
    server.close()


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_field_is_another_question(shared: Tenant, name: str) -> None:
    assert outcome(ask(shared, BASE)) == "HIT"
    # in other words it may be a hit: tests of that are in test_semantic.py
    assert outcome(ask(shared, {**BASE, **CHANGES[name]}, X_Cache_Mode="exact")) != "HIT"
    assert outcome(ask(shared, BASE)) == "HIT"


def test_numbers_of_another_kind_are_another_question(tenant: Tenant, upstream: Upstream) -> None:
    for seed in (1, 1.0, True, "1", [1], {"1": 1}):
        assert outcome(ask(tenant, {**BASE, "seed": seed})) == "MISS"
    assert len(upstream.asked) == 6


@pytest.mark.parametrize(
    "extra",
    [
        {"user": "alice"},
        {"metadata": {"a": "b"}},
        {"safety_identifier": "x"},
        {"prompt_cache_key": "x"},
        {"store": False},
        {"stream": False},
        {"stream_options": None},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_a_field_of_the_short_list_is_the_same_question(shared: Tenant, extra: dict[str, Any]) -> None:
    assert outcome(ask(shared, {**BASE, **extra})) == "HIT"


@pytest.mark.parametrize(
    "name",
    ["OpenAI-Beta", "OpenAI-Organization", "OpenAI-Project", "anthropic-beta", "anthropic-version", "Accept-Language"],
)
def test_a_header_that_changes_the_answer_is_another_question(shared: Tenant, name: str) -> None:
    assert outcome(ask(shared, BASE, **{name: "other"})) == "MISS"


def test_the_query_and_the_endpoint_are_part_of_the_question(shared: Tenant) -> None:
    assert outcome(ask(shared, BASE, path="/v1/chat/completions?api-version=2")) == "MISS"
    assert outcome(ask(shared, BASE, path=f"/v1/chat/completions?key={shared.key}")) == "HIT"
    assert outcome(ask(shared, BASE, path="/v1/messages")) == "MISS"


def test_a_repeated_name_in_the_json_is_never_a_hit(shared: Tenant) -> None:
    """Two readers may take either value, so such a text must not meet another one in the cache."""
    raw = json.dumps(BASE)[:-1].encode() + b', "temperature": 0.5}'
    for _ in range(2):
        answer = shared.post("/v1/chat/completions", content=raw, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400 or outcome(answer) == "BYPASS"


def test_another_backend_is_another_question(tenant: Tenant, upstream: Upstream) -> None:
    warm(tenant, BASE)
    assert tenant.admin("PATCH", body={"backend_url": f"{upstream.url}/other"}).status_code == 200
    assert outcome(ask(tenant, BASE)) == "MISS"


# ---- what the client may ask for


def test_no_cache_asks_anew_and_stores(tenant: Tenant) -> None:
    before = warm(tenant, BASE)
    fresh = ask(tenant, BASE, Cache_Control="no-cache")
    assert outcome(fresh) == "REFRESH" and fresh.content != before.content
    wait_until(lambda: ask(tenant, BASE).content != before.content)
    assert outcome(ask(tenant, BASE)) == "HIT"


def test_no_store_neither_reads_nor_keeps(tenant: Tenant, upstream: Upstream) -> None:
    for _ in range(3):
        answer = ask(tenant, BASE, Cache_Control="no-store")
        assert outcome(answer) == "BYPASS" and answer.headers["cache-status"].startswith("mitmgate; fwd=bypass")
    assert outcome(ask(tenant, BASE)) == "MISS"
    assert len(upstream.asked) == 4


def test_only_if_cached(tenant: Tenant, upstream: Upstream) -> None:
    for path in ("/v1/chat/completions", "/v1/messages"):
        answer = ask(tenant, BASE, path=path, Cache_Control="only-if-cached")
        assert answer.status_code == 504 and "cached" in error_of(answer)["message"]
    assert not upstream.asked
    warm(tenant, BASE)
    assert outcome(ask(tenant, BASE, Cache_Control="only-if-cached")) == "HIT"


def test_only_if_cached_never_asks_the_upstream_for_what_cannot_be_cached(tenant: Tenant, upstream: Upstream) -> None:
    for body in ({**BASE, "stream": True}, {**BASE, "temperature": 1.9}):
        assert ask(tenant, body, Cache_Control="only-if-cached").status_code == 504
    assert not upstream.asked


def test_max_age(tenant: Tenant) -> None:
    hit = warm(tenant, BASE)
    assert outcome(ask(tenant, BASE, Cache_Control="max-age=100")) == "HIT"
    wait_until(lambda: int(ask(tenant, BASE).headers["age"]) >= 2)
    fresh = ask(tenant, BASE, Cache_Control="max-age=1")
    assert outcome(fresh) == "MISS" and fresh.content != hit.content


def test_a_ttl_ends_an_entry(tenant: Tenant) -> None:
    hit = warm(tenant, BASE, X_Cache_TTL="1")
    wait_until(lambda: ask(tenant, BASE, Cache_Control="only-if-cached").status_code == 504)
    fresh = ask(tenant, BASE)
    assert outcome(fresh) == "MISS" and fresh.content != hit.content


def test_a_tenants_ttl_ends_an_entry_and_cannot_be_raised(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, cache={"ttl_s": 1})
    warm(tenant, BASE, X_Cache_TTL="1000")
    wait_until(lambda: ask(tenant, BASE, Cache_Control="only-if-cached").status_code == 504)


def test_the_mode_can_only_be_weakened(gateway: Gateway, tenant: Tenant, upstream: Upstream) -> None:
    warm(tenant, BASE)
    assert outcome(ask(tenant, BASE, X_Cache_Mode="off")) == "BYPASS"
    for mode in ("exact", "semantic", "EXACT"):
        assert outcome(ask(tenant, BASE, X_Cache_Mode=mode)) == "HIT"
    without = gateway.tenant(upstream.url, cache={"mode": "off"})
    for _ in range(3):
        assert outcome(ask(without, BASE, X_Cache_Mode="exact")) == "BYPASS"


def test_namespaces_keep_apart(tenant: Tenant) -> None:
    warm(tenant, BASE)
    assert outcome(ask(tenant, BASE, X_Cache_Namespace="a")) == "MISS"
    warm(tenant, BASE, X_Cache_Namespace="a")
    assert outcome(ask(tenant, BASE, X_Cache_Namespace="A")) == "MISS"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Cache-Namespace", "a/b"),
        ("X-Cache-Namespace", ""),
        ("X-Cache-Namespace", "a" * 65),
        ("X-Cache-TTL", "-1"),
        ("X-Cache-TTL", "soon"),
        ("X-Cache-Mode", "wild"),
        ("Cache-Control", "max-age=x"),
    ],
)
def test_a_malformed_cache_header_is_a_400_that_names_it(
    tenant: Tenant, upstream: Upstream, name: str, value: str
) -> None:
    answer = ask(tenant, BASE, **{name: value})
    assert answer.status_code == 400
    assert error_of(answer)["param"] == ("max-age" if name == "Cache-Control" else name)
    assert not upstream.asked


# ---- never kept


def answers(body: object, status: str = "200 OK", kind: str = "application/json") -> Script:
    async def answer(asked: Asked) -> None:
        await asked.answer(body, status, kind=kind)

    return answer


def without_text(**more: Any) -> dict[str, Any]:
    body = completion("x")
    body["choices"][0]["message"] = {"role": "assistant", "content": None, **more}
    return body


NEVER_KEPT: dict[str, tuple[str, Script]] = {
    "tool call": ("chat/completions", answers(without_text(tool_calls=[{"id": "1", "type": "function"}]))),
    "tool call, other finish": ("chat/completions", answers(completion("x", "tool_calls"))),
    "function call": ("chat/completions", answers(without_text(function_call={"name": "f", "arguments": ""}))),
    "truncated": ("chat/completions", answers(completion("x", "length"))),
    "filtered": ("chat/completions", answers(completion("x", "content_filter"))),
    "refusal": ("chat/completions", answers(without_text(refusal="no"))),
    "empty": ("chat/completions", answers(completion(""))),
    "blank": ("chat/completions", answers(completion(" \n"))),
    "no choices": ("chat/completions", answers({**completion("x"), "choices": []})),
    "error in a 200": ("chat/completions", answers({"error": {"message": "x"}})),
    "not JSON": ("chat/completions", answers(b"<html>", kind="text/html")),
    "not JSON by its bytes": ("chat/completions", answers(b"{nope")),
    "400": ("chat/completions", answers({"error": {"message": "x"}}, "400 Bad Request")),
    "404": ("chat/completions", answers({"error": {"message": "x"}}, "404 Not Found")),
    "message, tool use": (
        "messages",
        answers({**message("x", "tool_use"), "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]}),
    ),
    "message, truncated": ("messages", answers(message("x", "max_tokens"))),
    "message, refused": ("messages", answers(message("x", "refusal"))),
    "message, empty": ("messages", answers({**message("x"), "content": []})),
    "embeddings, empty": ("embeddings", answers({"object": "list", "data": []})),
}


@pytest.mark.parametrize("name", NEVER_KEPT)
def test_such_an_answer_is_never_kept(tenant: Tenant, upstream: Upstream, name: str) -> None:
    path, upstream.script = NEVER_KEPT[name]
    seen = [ask(tenant, {**BASE, "input": "x"}, path=f"/v1/{path}") for _ in range(3)]
    assert len(upstream.asked) == 3
    assert {answer.headers["x-cache-status"] for answer in seen} <= {"MISS", "BYPASS"}
    if name not in ("400", "404", "not JSON"):  # errors say for themselves; what is not JSON is not waited for
        assert {answer.headers["cache-status"].partition(" detail=")[2][:14] for answer in seen} == {'"uncacheable: '}


QUESTIONS_NEVER_KEPT: dict[str, dict[str, Any]] = {
    "time-dependent": {"messages": [{"role": "user", "content": "What is the weather in Bern today?"}]},
    "personal": {"messages": [{"role": "user", "content": "What is my account balance?"}]},
    "an address": {"messages": [{"role": "user", "content": "Write to bob@example.org"}]},
    "hot": {"temperature": 1.1},
    "conversation": {"conversation": "c"},
    "previous_response_id": {"previous_response_id": "r"},
    "web search": {"web_search_options": {}},
}


@pytest.mark.parametrize("name", QUESTIONS_NEVER_KEPT)
def test_such_a_question_is_never_kept(tenant: Tenant, upstream: Upstream, name: str) -> None:
    for _ in range(3):
        answer = ask(tenant, {**BASE, **QUESTIONS_NEVER_KEPT[name]})
        assert outcome(answer) == "BYPASS" and 'detail="uncacheable: ' in answer.headers["cache-status"]
    assert len(upstream.asked) == 3


def test_responses_and_unknown_endpoints_are_never_kept(tenant: Tenant, upstream: Upstream) -> None:
    for path in ("/v1/responses", "/v1/moderations", "/v1/other"):
        for _ in range(2):
            assert ask(tenant, {"model": "m", "input": "x", "store": True}, path=path).status_code == 200
    assert len(upstream.asked) == 6


def test_the_tenants_own_highest_temperature(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, cache={"max_temperature": 0.2})
    assert outcome(ask(tenant, {**BASE, "temperature": 0.3})) == "BYPASS"
    warm(tenant, {**BASE, "temperature": 0.2})


def test_an_answer_that_broke_off_or_came_too_late_is_never_kept(tenant: Tenant, upstream: Upstream) -> None:
    async def cut(asked: Asked) -> None:
        await asked.send(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"id":')
        asked.break_off()

    upstream.script = cut
    assert ask(tenant, BASE).status_code == 502
    upstream.reset()
    assert outcome(ask(tenant, BASE)) == "MISS"


# ---- bounded


def test_the_bytes_of_a_tenant_are_bounded_and_the_least_used_goes_first(strict: Gateway, upstream: Upstream) -> None:
    async def large(asked: Asked) -> None:
        await asked.answer(completion(f"{asked.number} " + "x" * 12_500))

    upstream.script = large
    small, roomy = strict.tenant(upstream.url), strict.tenant(upstream.url, cache={"max_bytes": 10_000_000})
    for tenant in (small, roomy):
        for number in range(8):
            warm(tenant, {**BASE, "seed": number})

    def kept(tenant: Tenant) -> list[int]:
        look = {"Cache_Control": "only-if-cached"}
        return [number for number in range(8) if ask(tenant, {**BASE, "seed": number}, **look).status_code == 200]

    assert kept(small) == [4, 5, 6, 7]  # four of 12.5 kB fit 64 KiB, with questions and vectors
    assert kept(roomy) == list(range(8))


def test_what_is_larger_than_the_tenants_bytes_is_not_kept_and_evicts_nothing(
    gateway: Gateway, upstream: Upstream
) -> None:
    tenant = gateway.tenant(upstream.url, cache={"max_bytes": 20_000})
    warm(tenant, BASE)

    async def large(asked: Asked) -> None:
        await asked.answer(completion("x" * 50_000))

    upstream.script = large
    for _ in range(2):
        assert outcome(ask(tenant, {**BASE, "seed": 1})) == "MISS"
    assert outcome(ask(tenant, BASE)) == "HIT"


def test_a_restart_forgets_neither_entries_nor_quotas_nor_keys(folder: Path, upstream: Upstream) -> None:
    data_dir = folder / "restarted"
    data_dir.mkdir(mode=0o711)
    with Gateway(data_dir, "--no-demo", workers=1) as first:
        first.wait_ready()
        tenant = first.tenant(upstream.url, rate_limit_per_hour=50)
        hit = warm(tenant, BASE)
        used = 50 - int(hit.headers["x-ratelimit-remaining-requests"])
        assert first.end() == 0
    with Gateway(data_dir, "--no-demo", workers=1) as second:
        second.wait_ready()
        again = Tenant(second, tenant.id, tenant.key)
        answer = ask(again, BASE)
        assert outcome(answer) == "HIT" and answer.content == hit.content
        assert answer.headers["x-cache-entry"] == hit.headers["x-cache-entry"]
        assert answer.headers["x-ratelimit-remaining-requests"] == str(50 - used - 1)
        assert len(again.wait_rows(used + 1)) == used + 1
        assert second.end() == 0
