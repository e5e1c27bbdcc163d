"""The official openai and anthropic packages, with nothing changed but base_url and api_key."""

from __future__ import annotations

import asyncio
import threading

import anthropic
import httpx
import openai
import pytest

from tests.e2e.clients import anthropic_of, openai_of
from tests.e2e.harness import Gateway, Tenant, bearer, wait_until
from tests.e2e.upstream import DONE, VECTOR, Asked, Upstream, completion, message_events, piece

QUESTION = [{"role": "user", "content": "Name a prime above ten"}]
ANSWER = "answer 1 to: Name a prime above ten"
STATUSES = {
    400: (openai.BadRequestError, anthropic.BadRequestError),
    401: (openai.AuthenticationError, anthropic.AuthenticationError),
    403: (openai.PermissionDeniedError, anthropic.PermissionDeniedError),
    404: (openai.NotFoundError, anthropic.NotFoundError),
    422: (openai.UnprocessableEntityError, anthropic.UnprocessableEntityError),
    429: (openai.RateLimitError, anthropic.RateLimitError),
    500: (openai.InternalServerError, anthropic.InternalServerError),
}


# ---- openai


def test_openai_chat(ask_openai: openai.OpenAI) -> None:
    answer = ask_openai.chat.completions.create(model="m", messages=QUESTION)
    assert answer.choices[0].message.content == ANSWER
    assert answer.usage is not None and answer.usage.total_tokens == 21


def test_a_repeat_of_either_package_hits_the_cache(
    ask_openai: openai.OpenAI, ask_anthropic: anthropic.Anthropic
) -> None:
    question = [{"role": "user", "content": "Name a prime above two hundred"}]

    def is_hit(answer: httpx.Response) -> bool:
        return answer.headers["x-cache-status"] == "HIT"

    def openai_hits() -> bool:
        answer = ask_openai.chat.completions.with_raw_response.create(model="m", messages=question)
        return is_hit(answer.http_response)

    def anthropic_hits() -> bool:
        answer = ask_anthropic.messages.with_raw_response.create(model="m", max_tokens=9, messages=question)
        return is_hit(answer.http_response)

    wait_until(openai_hits)
    wait_until(anthropic_hits)


def test_openai_embeddings(ask_openai: openai.OpenAI) -> None:
    answer = ask_openai.embeddings.create(model="m", input="hi", encoding_format="float")
    assert answer.data[0].embedding == VECTOR


def test_openai_models_list(ask_openai: openai.OpenAI) -> None:
    assert [model.id for model in ask_openai.models.list()] == ["m"]


def test_openai_stream_ends_with_its_usage(ask_openai: openai.OpenAI) -> None:
    chunks = list(
        ask_openai.chat.completions.create(
            model="m", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.strip() == ANSWER
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens == 12


def test_openai_stream_passes_each_chunk_before_the_next_is_made(ask_openai: openai.OpenAI, upstream: Upstream) -> None:
    received = [threading.Event() for _ in range(5)]

    async def one_by_one(asked: Asked) -> None:
        await asked.begin()
        for number, seen in enumerate(received):
            await asked.chunk(piece(str(number)))
            await asked.when(seen)
        await asked.chunk(DONE)
        await asked.end()

    upstream.script = one_by_one
    texts = []
    for chunk, seen in zip(
        ask_openai.chat.completions.create(model="m", messages=QUESTION, stream=True), received, strict=True
    ):
        texts.append(chunk.choices[0].delta.content)
        seen.set()
    assert texts == ["0", "1", "2", "3", "4"]


async def test_openai_async_client_streams_many_at_once(tenant: Tenant) -> None:
    async def ask(client: openai.AsyncOpenAI, number: int) -> str:
        question = [{"role": "user", "content": f"number {number}"}]
        stream = await client.chat.completions.create(model="m", messages=question, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]).strip()

    async with openai.AsyncOpenAI(base_url=f"{tenant.gateway.url}/v1", api_key=tenant.key) as client:
        texts = await asyncio.gather(*(ask(client, number) for number in range(40)))
    assert all(text.endswith(f"to: number {number}") for number, text in enumerate(texts))


def test_openai_takes_a_token_for_its_key(tenant: Tenant) -> None:
    token = tenant.gateway.client.post("/auth/token", json={"api_key": tenant.key}).json()["token"]
    with openai_of(tenant.gateway, token) as client:
        assert client.chat.completions.create(model="m", messages=QUESTION).choices[0].message.content == ANSWER


def test_openai_takes_the_path_of_the_seed(tenant: Tenant) -> None:
    with openai.OpenAI(base_url=f"{tenant.gateway.url}/api/v1", api_key=tenant.key) as client:
        assert client.chat.completions.create(model="m", messages=QUESTION).choices[0].message.content == ANSWER


def test_azure_openai_client(tenant: Tenant, upstream: Upstream) -> None:
    with openai.AzureOpenAI(azure_endpoint=tenant.gateway.url, api_key=tenant.key, api_version="2024-10-21") as client:
        client.chat.completions.create(model="m", messages=QUESTION)
    assert upstream.asked[0].target == "/openai/deployments/m/chat/completions?api-version=2024-10-21"
    assert not upstream.asked[0].values("api-key")


def test_openai_client_over_tls(strict: Gateway, upstream: Upstream) -> None:
    tenant = strict.tenant(upstream.url)
    with openai_of(strict, tenant.key, http_client=openai.DefaultHttpxClient(verify=strict.tls)) as client:
        assert client.chat.completions.create(model="m", messages=QUESTION).choices[0].message.content == ANSWER
        other = [{"role": "user", "content": "Name another"}]
        chunks = list(client.chat.completions.create(model="m", messages=other, stream=True))
        assert chunks[-1].usage is not None


def test_tls_listener_refuses_plain_http(strict: Gateway) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{strict.port}/health/live")
    assert strict.get("/health/live") == 200


# ---- anthropic


def test_anthropic_message(ask_anthropic: anthropic.Anthropic) -> None:
    answer = ask_anthropic.messages.create(model="m", max_tokens=9, messages=QUESTION)
    assert answer.content[0].text == ANSWER
    assert answer.usage.output_tokens == 12


def test_anthropic_stream(ask_anthropic: anthropic.Anthropic) -> None:
    with ask_anthropic.messages.stream(model="m", max_tokens=9, messages=QUESTION) as events:
        assert events.get_final_text() == ANSWER
        assert events.get_final_message().usage.output_tokens == 12


def test_anthropic_stream_passes_each_event_before_the_next_is_made(
    ask_anthropic: anthropic.Anthropic, upstream: Upstream
) -> None:
    steps = message_events("hi")
    received = [threading.Event() for _ in steps]

    async def one_by_one(asked: Asked) -> None:
        await asked.begin()
        for step, seen in zip(steps, received, strict=True):
            await asked.chunk(step)
            await asked.when(seen)
        await asked.end()

    upstream.script = one_by_one
    kinds = []
    stream = ask_anthropic.messages.create(model="m", max_tokens=9, messages=QUESTION, stream=True)
    for step, seen in zip(stream, received, strict=True):
        kinds.append(step.type)
        seen.set()
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")


async def test_anthropic_async_client(tenant: Tenant) -> None:
    async with anthropic.AsyncAnthropic(base_url=tenant.gateway.url, api_key=tenant.key) as client:
        answer = await client.messages.create(model="m", max_tokens=9, messages=QUESTION)
    assert answer.content[0].text == ANSWER


def test_anthropic_takes_a_bearer_token(tenant: Tenant, upstream: Upstream) -> None:
    with anthropic.Anthropic(base_url=tenant.gateway.url, auth_token=tenant.key) as client:
        assert client.messages.create(model="m", max_tokens=9, messages=QUESTION).content[0].text == ANSWER
    assert not upstream.asked[0].values("authorization")


def test_anthropic_client_over_tls(strict: Gateway, upstream: Upstream) -> None:
    tenant = strict.tenant(upstream.url)
    with anthropic_of(strict, tenant.key, http_client=anthropic.DefaultHttpxClient(verify=strict.tls)) as client:
        assert client.messages.create(model="m", max_tokens=9, messages=QUESTION).content[0].text == ANSWER


# ---- errors


@pytest.mark.parametrize("status", STATUSES)
def test_an_upstreams_error_is_the_packages_own_exception(
    ask_openai: openai.OpenAI, ask_anthropic: anthropic.Anthropic, upstream: Upstream, status: int
) -> None:
    async def fail(asked: Asked) -> None:
        error = {"message": "the vendor's words", "type": "x", "param": None, "code": None}
        body = {"type": "error", "error": error} if asked.target == "/v1/messages" else {"error": error}
        await asked.answer(body, f"{status} No")

    upstream.script = fail
    with pytest.raises(STATUSES[status][0]) as of_openai:
        ask_openai.chat.completions.create(model="m", messages=QUESTION)
    with pytest.raises(STATUSES[status][1]) as of_anthropic:
        ask_anthropic.messages.create(model="m", max_tokens=9, messages=QUESTION)
    for problem in (of_openai, of_anthropic):
        assert "the vendor's words" in str(problem.value)


def test_a_wrong_key_is_the_packages_authentication_error(gateway: Gateway) -> None:
    with openai_of(gateway, "nope") as client:
        with pytest.raises(openai.AuthenticationError) as problem:
            client.chat.completions.create(model="m", messages=QUESTION)
        assert problem.value.code == "invalid_api_key"
    with anthropic_of(gateway, "nope") as client:
        with pytest.raises(anthropic.AuthenticationError) as refused:
            client.messages.create(model="m", max_tokens=9, messages=QUESTION)
        assert refused.value.body["error"]["type"] == "authentication_error"  # type: ignore[index]


def test_a_reached_limit_is_the_packages_rate_limit_error(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, rate_limit_per_hour=1)
    assert tenant.chat().status_code == 200
    with openai_of(gateway, tenant.key) as client, pytest.raises(openai.RateLimitError) as of_openai:
        client.chat.completions.create(model="m", messages=QUESTION)
    with anthropic_of(gateway, tenant.key) as client, pytest.raises(anthropic.RateLimitError) as of_anthropic:
        client.messages.create(model="m", max_tokens=9, messages=QUESTION)
    for problem in (of_openai.value, of_anthropic.value):
        assert 0 < int(problem.response.headers["retry-after"]) <= 3600


def test_a_blocked_tenant_gets_the_packages_permission_error(tenant: Tenant) -> None:
    assert tenant.admin("POST", "/block", {"seconds": 60}).status_code == 200
    with openai_of(tenant.gateway, tenant.key) as client, pytest.raises(openai.PermissionDeniedError):
        client.chat.completions.create(model="m", messages=QUESTION)
    with anthropic_of(tenant.gateway, tenant.key) as client, pytest.raises(anthropic.PermissionDeniedError):
        client.messages.create(model="m", max_tokens=9, messages=QUESTION)


def test_a_refused_model_is_the_packages_permission_error(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url, allowed_models=["other"])
    with openai_of(gateway, tenant.key) as client, pytest.raises(openai.PermissionDeniedError) as problem:
        client.chat.completions.create(model="m", messages=QUESTION)
    assert (problem.value.code, problem.value.param) == ("model_not_allowed", "model")
    assert not upstream.asked


@pytest.mark.parametrize("status", [502, 504])
def test_an_upstream_without_an_answer_is_the_packages_server_error(
    tenant: Tenant, upstream: Upstream, status: int
) -> None:
    async def nothing(asked: Asked) -> None:
        await asked.until_gone()

    async def cut(asked: Asked) -> None:
        asked.break_off()

    upstream.script = cut if status == 502 else nothing
    headers = {"X-Timeout-Ms": "700"} if status == 504 else {"X-Max-Retries": "0"}
    with openai_of(tenant.gateway, tenant.key) as client, pytest.raises(openai.InternalServerError) as of_openai:
        client.chat.completions.create(model="m", messages=QUESTION, extra_headers=headers)
    with anthropic_of(tenant.gateway, tenant.key) as client, pytest.raises(anthropic.APIStatusError) as of_anthropic:
        client.messages.create(model="m", max_tokens=9, messages=QUESTION, extra_headers=headers)
    assert (of_openai.value.status_code, of_anthropic.value.status_code) == (status, status)


def test_the_clients_own_timeout_cancels_the_upstream(tenant: Tenant, upstream: Upstream) -> None:
    async def nothing(asked: Asked) -> None:
        await asked.until_gone()

    upstream.script = nothing
    with openai_of(tenant.gateway, tenant.key, timeout=0.5) as client, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="m", messages=QUESTION)
    wait_until(lambda: upstream.asked[0].gone.is_set())


def test_a_stream_that_breaks_off_raises_in_both_packages(
    ask_openai: openai.OpenAI, ask_anthropic: anthropic.Anthropic, upstream: Upstream
) -> None:
    async def cut(asked: Asked) -> None:
        await asked.begin()
        first = message_events("hi")[0] if asked.target == "/v1/messages" else piece("hi")
        await asked.chunk(first)
        asked.break_off()

    upstream.script = cut
    with pytest.raises((openai.APIError, httpx.TransportError)):
        list(ask_openai.chat.completions.create(model="m", messages=QUESTION, stream=True))
    with pytest.raises((anthropic.APIError, httpx.TransportError)):
        list(ask_anthropic.messages.create(model="m", max_tokens=9, messages=QUESTION, stream=True))


def test_the_packages_own_retry_follows_retry_after(gateway: Gateway, upstream: Upstream) -> None:
    """The gateway gives up at once when asked to wait beyond the deadline; the client comes back by itself."""
    tenant = gateway.tenant(upstream.url)

    async def busy_once(asked: Asked) -> None:
        if asked.number == 1:
            await asked.answer({"error": {"message": "busy"}}, "429 Busy", [("Retry-After", "1")])
        else:
            await asked.answer(completion("fine"))

    upstream.script = busy_once
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=tenant.key, max_retries=1) as client:
        answer = client.chat.completions.create(model="m", messages=QUESTION, extra_headers={"X-Timeout-Ms": "900"})
    assert answer.choices[0].message.content == "fine"
    assert len(upstream.asked) == 2
    assert [row["status"] for row in tenant.wait_rows(2)] == [429, 200]


def test_the_models_list_needs_the_scope(tenant: Tenant) -> None:
    key = tenant.new_key(scopes=["chat"])["api_key"]
    assert tenant.gateway.client.get("/v1/models", headers=bearer(key)).status_code == 403
