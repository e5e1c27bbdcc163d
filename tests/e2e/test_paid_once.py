"""A paid request is sent once, streams break off readably, redirects stay: seen by the official clients."""

from __future__ import annotations

import json

import anthropic
import httpx
import openai
import pytest

from tests.e2e.clients import anthropic_of, openai_of
from tests.e2e.harness import Gateway, Tenant, error_of, wait_until
from tests.e2e.upstream import Asked, Upstream, message_events, piece

CHAT = "/v1/chat/completions"
QUESTION = [{"role": "user", "content": "hi"}]
ANTHROPIC_HALF = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"de'


async def busy(asked: Asked) -> None:
    await asked.answer({"error": {"message": "busy"}}, "503 Busy")


def breaks_off(first: bytes, half: bytes) -> object:
    async def script(asked: Asked) -> None:
        await asked.begin()
        await asked.chunk(first)
        if half:
            await asked.chunk(half)
        asked.break_off()

    return script


@pytest.mark.parametrize("half", [b"", b'data: {"choices":[{"del', b"data: {}\n", b"event: x\n", b": ping"])
def test_openais_package_raises_its_own_error(ask_openai: openai.OpenAI, upstream: Upstream, half: bytes) -> None:
    upstream.script = breaks_off(piece("hi"), half)  # type: ignore[assignment]
    with pytest.raises(openai.APIError) as raised:
        for _ in ask_openai.chat.completions.create(model="m", messages=QUESTION, stream=True):
            pass
    assert raised.value.code == "upstream_reset"


@pytest.mark.parametrize("half", [b"", b'event: response.output_text.delta\ndata: {"type":"resp'])
def test_and_so_it_does_for_responses(ask_openai: openai.OpenAI, upstream: Upstream, half: bytes) -> None:
    told = {"type": "response.created", "response": {"id": "resp_1"}, "sequence_number": 0}
    upstream.script = breaks_off(b"event: response.created\ndata: %s\n\n" % json.dumps(told).encode(), half)  # type: ignore[assignment]
    with pytest.raises(openai.APIError) as raised:
        for _ in ask_openai.responses.create(model="m", input="hi", stream=True):
            pass
    assert raised.value.code == "upstream_reset"


@pytest.mark.parametrize("half", [b"", ANTHROPIC_HALF, b"event: content_block_delta\n"])
def test_anthropics_package_raises_its_own(ask_anthropic: anthropic.Anthropic, upstream: Upstream, half: bytes) -> None:
    upstream.script = breaks_off(message_events("hi")[0], half)  # type: ignore[assignment]
    with pytest.raises(anthropic.APIStatusError) as raised:
        for _ in ask_anthropic.messages.create(model="m", max_tokens=9, messages=QUESTION, stream=True):
            pass
    assert "upstream" in str(raised.value)


def test_streams_ask_a_reverse_proxy_not_to_hold_them(tenant: Tenant) -> None:
    body = {"model": "m", "messages": QUESTION, "temperature": 0}
    for _ in range(2):  # a miss, then a hit
        answer = tenant.post(CHAT, json={**body, "stream": True})
        assert answer.headers.get_list("x-accel-buffering") == ["no"]
    assert answer.headers["x-cache-status"] == "HIT"
    answer = tenant.post(CHAT, json=body)
    assert "x-accel-buffering" not in answer.headers and answer.headers["x-cache-status"] == "HIT"


def test_retries_by_tenant_and_by_request(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, upstream_retries=1)
    upstream.script = busy
    for value, attempts in ((None, "2"), ("7", "2"), ("1", "2"), ("0", "1")):
        headers = {} if value is None else {"X-Max-Retries": value}
        upstream.asked.clear()
        answer = tenant.chat(headers=headers)
        assert (answer.status_code, answer.headers["x-upstream-attempts"]) == (503, attempts)
        assert len(upstream.asked) == int(attempts) and not any(one.values("x-max-retries") for one in upstream.asked)
    assert tenant.admin("PATCH", body={"upstream_retries": 0}).status_code == 200
    wait_until(lambda: tenant.chat().headers["x-upstream-attempts"] == "1")
    for bad in ("-1", "two", "1.5"):
        answer = tenant.chat(headers={"X-Max-Retries": bad})
        assert (answer.status_code, error_of(answer)["param"]) == (400, "X-Max-Retries")


def test_a_slow_vendor_gets_one_post(strict: Gateway, upstream: Upstream) -> None:
    tenant = strict.tenant(upstream.url)

    async def slow(asked: Asked) -> None:
        await asked.until_gone()

    upstream.script = slow
    for path in (CHAT, "/v1/responses", "/v1/batches", "/v1/messages"):
        upstream.asked.clear()
        headers = {"Idempotency-Key": "k", "X-Cache-Mode": "off"}
        answer = tenant.post(path, json={"model": "m", "input": "x", "messages": QUESTION}, headers=headers)
        assert (answer.status_code, len(upstream.asked)) == (504, 1), path
        assert answer.headers["x-upstream-attempts"] == "1"


def test_packages_do_not_leave_past_the_gateway(gateway: Gateway, tenant: Tenant, upstream: Upstream) -> None:
    async def moved(asked: Asked) -> None:
        if asked.target.endswith("/"):
            await asked.answer()
        else:
            place = f"{upstream.url}{asked.target}/" if b"near" in asked.body else "https://api.evil.org/v1"
            await asked.answer(b"", "307 Moved", [("Location", place), ("Refresh", f"0; url={place}")])

    upstream.script = moved
    with openai_of(gateway, tenant.key) as client:
        near = [{"role": "user", "content": "near"}]
        assert client.chat.completions.create(model="m", messages=near).choices[0].message.content == "fine"
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model="m", messages=QUESTION)
    assert all(("host", f"127.0.0.1:{upstream.port}") in asked.headers for asked in upstream.asked)
    with anthropic_of(gateway, tenant.key) as other, pytest.raises(anthropic.InternalServerError):
        other.messages.create(model="m", max_tokens=9, messages=QUESTION)
    with gateway.new_client(follow_redirects=False) as plain:
        answer = plain.get("/v1/files/f/content", headers={"Authorization": f"Bearer {tenant.key}"})
    assert isinstance(answer, httpx.Response) and answer.headers["location"] == "https://api.evil.org/v1"
    assert "refresh" not in answer.headers
