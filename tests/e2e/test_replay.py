"""One entry serves streamed and plain requests, as their vendor would have answered each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, wait_until
from tests.e2e.upstream import DONE, USAGE, Asked, Upstream, completion, event, llm, message_events, piece

PATHS = ("/v1/chat/completions", "/v1/messages")
QUESTION = "Name a prime above ten"


def asks(tenant: Tenant, path: str, text: str = QUESTION, **more: Any) -> httpx.Response:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}], **more}
    return tenant.post(path, json=body)


def kind_of(answer: httpx.Response) -> tuple[str, str | None]:
    return answer.headers["x-cache-status"], answer.headers.get("x-cache-kind")


HIT = ("HIT", "exact")


@pytest.mark.parametrize("path", PATHS)
def test_a_stream_is_replayed_byte_for_byte(tenant: Tenant, upstream: Upstream, path: str) -> None:
    first = asks(tenant, path, stream=True)
    again = asks(tenant, path, stream=True)
    assert (kind_of(first), kind_of(again)) == (("MISS", None), HIT)
    assert again.content == first.content and again.headers["content-type"] == first.headers["content-type"]
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("path", PATHS)
def test_the_very_next_request_hits(tenant: Tenant, upstream: Upstream, path: str) -> None:
    """From the moment the terminal event is here, on any worker, while the stream's connection is still open."""
    for number in range(10):
        messages = [{"role": "user", "content": f"How many rooms has house number {number}?"}]
        body = {"model": "m", "max_tokens": 9, "messages": messages, "stream": True}
        with tenant.gateway.client.stream("POST", path, json=body, headers=bearer(tenant.key)) as answer:
            for line in answer.iter_lines():
                if "[DONE]" in line or "message_stop" in line:
                    with tenant.gateway.new_client() as other:
                        again = other.post(path, json=body, headers=bearer(tenant.key))
                    break
        assert kind_of(again) == HIT
    assert len(upstream.asked) == 10


def test_openai_streamed_then_plain(ask_openai: openai.OpenAI, upstream: Upstream) -> None:
    messages: Any = [{"role": "user", "content": QUESTION}]
    chunks = list(ask_openai.chat.completions.create(model="m", messages=messages, stream=True))
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    whole = ask_openai.chat.completions.with_raw_response.create(model="m", messages=messages)
    answer = whole.parse()
    assert (whole.headers["x-cache-status"], whole.headers["content-type"]) == ("HIT", "application/json")
    assert answer.choices[0].message.content == said and answer.choices[0].finish_reason == "stop"
    assert answer.object == "chat.completion" and answer.usage is not None and answer.usage.total_tokens == 21
    assert len(upstream.asked) == 1


def test_openai_plain_then_streamed(ask_openai: openai.OpenAI, upstream: Upstream) -> None:
    messages: Any = [{"role": "user", "content": QUESTION}]
    whole = ask_openai.chat.completions.create(model="m", messages=messages)
    for include in (True, False):
        options: Any = {"include_usage": True} if include else openai.omit
        stream = ask_openai.chat.completions.create(model="m", messages=messages, stream=True, stream_options=options)
        chunks = list(stream)
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert said == whole.choices[0].message.content
        assert chunks[0].choices[0].delta.role == "assistant"
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
        told = [chunk.usage for chunk in chunks if chunk.usage is not None]
        assert told == ([whole.usage] if include else [])
    assert len(upstream.asked) == 1


def test_anthropic_streamed_then_plain_and_back(ask_anthropic: anthropic.Anthropic, upstream: Upstream) -> None:
    messages: Any = [{"role": "user", "content": QUESTION}]
    with ask_anthropic.messages.stream(model="m", max_tokens=9, messages=messages) as events:
        streamed = events.get_final_message()
    plain = ask_anthropic.messages.create(model="m", max_tokens=9, messages=messages)
    assert plain.content[0].text == streamed.content[0].text and plain.usage == streamed.usage
    assert plain.stop_reason == "end_turn" and len(upstream.asked) == 1

    other: Any = [{"role": "user", "content": "Name a river"}]
    plain = ask_anthropic.messages.create(model="m", max_tokens=9, messages=other)
    with ask_anthropic.messages.stream(model="m", max_tokens=9, messages=other) as events:
        streamed = events.get_final_message()
    assert streamed.content[0].text == plain.content[0].text and streamed.usage == plain.usage
    assert len(upstream.asked) == 2


def test_usage_that_is_asked_for_and_not_stored_is_asked_anew(tenant: Tenant, upstream: Upstream) -> None:
    async def when_asked(asked: Asked) -> None:
        include = (asked.json.get("stream_options") or {}).get("include_usage")
        await asked.begin()
        for step in (piece("eleven"), piece(None, "stop"), *([USAGE] if include else []), DONE):
            await asked.chunk(step)
        await asked.end()

    upstream.script = when_asked
    path, usage = PATHS[0], {"stream_options": {"include_usage": True}}
    assert kind_of(asks(tenant, path, stream=True)) == ("MISS", None)
    assert "usage" not in asks(tenant, path).json()
    anew = asks(tenant, path, stream=True, **usage)
    assert kind_of(anew) == ("MISS", None) and 'detail="no usage stored"' in anew.headers["cache-status"]
    assert asks(tenant, path, stream=True, **usage).content == anew.content
    without = asks(tenant, path, stream=True)
    assert kind_of(without) == HIT and b"usage" not in without.content
    assert asks(tenant, path).json()["usage"]["total_tokens"] == 21
    assert len(upstream.asked) == 2
    assert [row["completion_tokens"] for row in tenant.wait_rows(6)] == [None, None, 12, 12, 12, 12]


def test_a_stored_stream_is_found_in_other_words(tenant: Tenant, upstream: Upstream) -> None:
    first = asks(tenant, PATHS[0], "What is 2+2?", stream=True)
    time.sleep(1)
    other = asks(tenant, PATHS[0], "what's 2 plus 2?", stream=True)
    assert (kind_of(other), other.content) == (("HIT", "semantic"), first.content)
    plain = asks(tenant, PATHS[0], "what's 2 plus 2?")
    assert kind_of(plain)[0] == "HIT" and "2+2" in plain.json()["choices"][0]["message"]["content"]
    assert len(upstream.asked) == 1


def test_http2_clients_are_served_streams_from_the_cache(tenant: Tenant) -> None:
    first = asks(tenant, PATHS[0], stream=True)
    with tenant.gateway.new_client(http2=True) as client:
        body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
        again = client.post(PATHS[0], json=body, headers=bearer(tenant.key))
    assert kind_of(again) == HIT and again.content == first.content


TOOL_CALL = {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}
NEVER_KEPT: dict[str, tuple[str, list[bytes]]] = {
    "tool calls": (PATHS[0], [piece(None), event({"choices": [{"index": 0, "delta": TOOL_CALL}]}), DONE]),
    "truncated": (PATHS[0], [piece("a"), piece(None, "length"), DONE]),
    "refused": (PATHS[0], [piece("a"), piece(None, "content_filter"), DONE]),
    "no finish": (PATHS[0], [piece("a"), DONE]),
    "an error": (PATHS[0], [piece("a"), event({"error": {"message": "m"}}), DONE]),
    "not JSON": (PATHS[0], [event("{nope"), piece(None, "stop"), DONE]),
    "Anthropic's error": (PATHS[1], [*message_events("a")[:-2], event(ERROR, "error")]),
    "no message_stop": (PATHS[1], message_events("a")[:-1]),
}


@pytest.mark.parametrize("name", [name for name in NEVER_KEPT if name != "no message_stop"])
def test_such_a_stream_is_never_kept(tenant: Tenant, upstream: Upstream, name: str) -> None:
    path, steps = NEVER_KEPT[name]

    async def script(asked: Asked) -> None:
        await asked.begin()
        for step in steps:
            await asked.chunk(step)
        await asked.end()

    upstream.script = script
    assert [kind_of(asks(tenant, path, stream=True))[0] for _ in range(2)] == ["MISS", "MISS"]
    assert len(upstream.asked) == 2


def broken_off(steps: list[bytes]) -> Callable[[Asked], Any]:
    async def script(asked: Asked) -> None:
        await asked.begin()
        for step in steps:
            await asked.chunk(step)
        asked.break_off()

    return script


@pytest.mark.parametrize("path", PATHS)
def test_a_stream_that_broke_off_is_never_kept(tenant: Tenant, upstream: Upstream, path: str) -> None:
    whole = message_events("a") if path == PATHS[1] else [piece("a"), piece(None, "stop")]
    upstream.script = broken_off(whole[:-1])
    with pytest.raises(httpx.RemoteProtocolError):
        asks(tenant, path, stream=True)
    upstream.script = llm
    assert kind_of(asks(tenant, path, stream=True)) == ("MISS", None)
    assert kind_of(asks(tenant, path)) == HIT


def test_a_client_that_leaves_before_the_end_leaves_nothing(tenant: Tenant, upstream: Upstream) -> None:
    async def slow(asked: Asked) -> None:
        await asked.begin()
        await asked.chunk(piece("a"))
        await asked.until_gone()

    upstream.script = slow
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    with tenant.gateway.new_client() as client:
        with client.stream("POST", PATHS[0], json=body, headers=bearer(tenant.key)) as answer:
            next(answer.iter_raw())
    wait_until(lambda: upstream.asked[0].gone.is_set())
    upstream.script = llm
    assert kind_of(asks(tenant, PATHS[0], stream=True)) == ("MISS", None)


def test_a_client_that_leaves_after_the_end_leaves_an_entry(tenant: Tenant, upstream: Upstream) -> None:
    async def never_ends(asked: Asked) -> None:
        await asked.begin()
        for step in (piece("a"), piece(None, "stop"), DONE):
            await asked.chunk(step)
        await asked.until_gone()

    upstream.script = never_ends
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    with tenant.gateway.new_client() as client:
        with client.stream("POST", PATHS[0], json=body, headers=bearer(tenant.key)) as answer:
            seen = b""
            for part in answer.iter_raw():
                seen += part
                if b"[DONE]" in seen:
                    break
    assert kind_of(asks(tenant, PATHS[0], stream=True)) == HIT
    assert [(row["status"], row["error"]) for row in tenant.wait_rows(2)] == [(200, None)] * 2


def test_a_stream_without_a_terminal_event_is_kept_when_its_body_ends(tenant: Tenant, upstream: Upstream) -> None:
    async def without_done(asked: Asked) -> None:
        await asked.begin()
        for step in (piece("a"), piece(None, "stop")):
            await asked.chunk(step)
        await asked.end()

    upstream.script = without_done
    first, again = (asks(tenant, PATHS[0], stream=True) for _ in range(2))
    assert kind_of(again) == HIT and again.content == first.content


def test_an_upstream_that_does_not_stream_is_passed_on(tenant: Tenant, upstream: Upstream) -> None:
    async def whole(asked: Asked) -> None:
        await asked.answer(completion("all at once"))

    upstream.script = whole
    answers = [asks(tenant, PATHS[0], stream=True) for _ in range(2)]
    assert [json.loads(each.content)["choices"][0]["message"]["content"] for each in answers] == ["all at once"] * 2


def test_streams_end_while_the_store_is_away(rough: Gateway, upstream: Upstream) -> None:
    tenant = rough.tenant(upstream.url)
    rough.kill("valkey-server")
    for number in range(5):
        answer = asks(tenant, PATHS[0], f"q{number}", stream=True)
        assert answer.status_code == 200 and answer.text.endswith("data: [DONE]\n\n")
    rough.wait_healthy()
    wait_until(lambda: kind_of(asks(tenant, PATHS[0], "q0", stream=True)) == HIT)
