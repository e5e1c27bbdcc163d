"""Each row has its tokens: whatever the answer's size, form and coding, and where it broke off."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from typing import Any

import brotli
import httpx
import pytest

from tests.e2e.harness import Tenant, bearer, wait_until
from tests.e2e.load import CHAT
from tests.e2e.upstream import DONE, USAGE, Asked, Upstream, event, message_events, piece

REPORT = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
GEMINI = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"


def counted(tenant: Tenant) -> tuple[int | None, int | None]:
    row = tenant.only_row()
    assert row["usage_estimated"] is False
    return row["prompt_tokens"], row["completion_tokens"]


def answers(upstream: Upstream, body: bytes, kind: str = "application/json", coding: str | None = None) -> None:
    async def script(asked: Asked) -> None:
        await asked.answer(body, kind=kind, headers=[("Content-Encoding", coding)] if coding else [])

    upstream.script = script


@pytest.mark.parametrize("size", [100, 3 << 20, 9 << 20])
def test_an_answer_of_any_size(tenant: Tenant, upstream: Upstream, size: int) -> None:
    body = json.dumps({"data": [{"embedding": "x" * size}], "usage": REPORT}).encode()
    answers(upstream, body)
    asked = {"model": "m", "input": f"{size}"}
    got = tenant.post("/v1/embeddings", json=asked)
    assert got.content == body and counted(tenant) == (3, 4)


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"id":"x","usage":%s}',
        b'{"logprob":NaN,"usage":%s}',
        b'{"text":"\\ud83d","usage":%s}',
        b'{"text":"\xff","usage":%s}',
        b'{"list":[1,],"usage":%s,}',
    ],
)
def test_json_that_is_not_strict(tenant: Tenant, upstream: Upstream, body: bytes) -> None:
    body = body.replace(b"%s", json.dumps(REPORT).encode())
    answers(upstream, body)
    assert tenant.chat().content == body and counted(tenant) == (3, 4)


def test_an_upload(tenant: Tenant, upstream: Upstream) -> None:
    answers(
        upstream,
        json.dumps({"text": "hi", "usage": {"type": "tokens", "input_tokens": 3, "output_tokens": 4}}).encode(),
    )
    got = tenant.post("/v1/audio/transcriptions", files={"file": b"RIFF"}, data={"model": "whisper"})
    assert got.status_code == 200 and counted(tenant) == (3, 4)


CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("cut", [1 << 20, 7])
def test_a_compressed_stream_passes_as_it_is(tenant: Tenant, upstream: Upstream, coding: str, cut: int) -> None:
    coded = CODINGS[coding](piece("one") + event({"choices": [], "usage": REPORT}) + DONE)

    async def script(asked: Asked) -> None:
        await asked.begin(headers=[("Content-Encoding", coding)])
        for begin in range(0, len(coded), cut):
            await asked.chunk(coded[begin : begin + cut])
        await asked.end()

    upstream.script = script
    client, body = tenant.gateway.client, {"model": "m", "messages": [], "stream": True}
    with client.stream("POST", CHAT, json=body, headers=bearer(tenant.key)) as answer:
        assert b"".join(answer.iter_raw()) == coded
    assert counted(tenant) == (3, 4)


def test_a_large_event(tenant: Tenant, upstream: Upstream) -> None:
    large = event({"type": "response.completed", "response": {"output": "x" * (2 << 20), "usage": REPORT}})

    async def script(asked: Asked) -> None:
        await asked.begin()
        await asked.chunk(piece("one") + large)
        await asked.end()

    upstream.script = script
    assert tenant.post("/v1/responses", json={"model": "m", "input": "x", "stream": True}).status_code == 200
    assert counted(tenant) == (3, 4)


@pytest.mark.parametrize(
    ("path", "kind", "parts"),
    [
        (
            GEMINI,
            "application/json",
            [
                b'[{"candidates": [{"content": {"parts": [{"text": "1"}]}}],\n "usageMetadata": {"promptTokenCount": 3}}',  # noqa: E501
                b',\r\n{"candidates": [], "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4}}',
                b"]",
            ],
        ),
        (
            "/api/chat",
            "application/x-ndjson",
            [b'{"message":{"content":"One"},"done":false}\n', b'{"done":true,"prompt_eval_count":3,"eval_count":4}\n'],
        ),
        (
            CHAT,
            "application/json",
            [
                b'{"choices": [{"message": {"content": "One"}}],',
                b'"usage": {"prompt_tokens": 3.0, "completion_tokens": 4}}',
            ],
        ),
    ],
)
@pytest.mark.parametrize("credential", [None, "Bearer sk-a-key-of-the-tenant"])
def test_json_in_pieces_passes_as_it_comes(
    tenant: Tenant, upstream: Upstream, path: str, kind: str, parts: list[bytes], credential: str | None
) -> None:
    seen = threading.Event()
    if credential:
        tenant.admin("PATCH", "", {"upstream_auth": {"header": "Authorization", "value": credential}})

    async def script(asked: Asked) -> None:
        await asked.begin(kind)
        await asked.chunk(parts[0])
        await asked.when(seen)
        for part in parts[1:]:
            await asked.chunk(part)
        await asked.end()

    upstream.script = script
    body = {"model": "m", "messages": [], "stream": True} if path != GEMINI else {"contents": []}
    with tenant.gateway.client.stream("POST", path, json=body, headers=bearer(tenant.key)) as answer:
        got = b""
        for chunk in answer.iter_raw():
            got += chunk
            seen.set()  # the rest comes only when the first part has passed
    assert got == b"".join(parts)
    row = tenant.only_row()
    assert (row["prompt_tokens"], row["completion_tokens"], row["streamed"]) == (3, 4, True)


# ---- where an answer breaks off


@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_tokens_so_far(tenant: Tenant, upstream: Upstream, path: str, leaves: bool) -> None:
    said = "These are about ten tokens of text in all."

    async def script(asked: Asked) -> None:
        await asked.begin()
        for step in [piece(said)] if path == CHAT else message_events(said)[:3]:
            await asked.chunk(step)
        if leaves:
            await asked.until_gone()
        asked.break_off()

    upstream.script = script
    body: dict[str, Any] = {"model": "m", "max_tokens": 99, "stream": True}
    body["messages"] = [{"role": "user", "content": "a question of some eight or nine tokens"}]
    try:
        with (
            tenant.gateway.new_client() as client,
            client.stream("POST", path, json=body, headers=bearer(tenant.key)) as answer,
        ):
            seen = b""
            for chunk in answer.iter_raw():
                seen += chunk
                if said.encode() in seen and leaves:
                    break
    except httpx.RemoteProtocolError:
        assert not leaves
    row = tenant.only_row()
    assert row["status"] == (499 if leaves else 502)
    assert row["usage_estimated"] is True and 8 <= row["completion_tokens"] <= 16
    assert 6 <= row["prompt_tokens"] <= 14


def test_what_the_vendor_has_reported_is_not_estimated(tenant: Tenant, upstream: Upstream) -> None:
    async def script(asked: Asked) -> None:
        await asked.begin()
        await asked.chunk(piece("one"))
        await asked.chunk(USAGE)
        asked.break_off()

    upstream.script = script
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.chat(stream=True)
    row = tenant.only_row()
    assert (row["status"], row["prompt_tokens"], row["completion_tokens"]) == (502, 9, 12)
    assert row["usage_estimated"] is False


# ---- what is no answer of its own


def test_an_answer_that_is_shown_again_is_not_counted_again(tenant: Tenant, upstream: Upstream) -> None:
    answers(upstream, json.dumps({"id": "resp_1", "usage": REPORT}).encode())
    assert tenant.request("GET", "/v1/responses/resp_1").status_code == 200
    assert tenant.only_row()["prompt_tokens"] is None


def test_a_large_answer_is_not_stored(tenant: Tenant, upstream: Upstream) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "x" * (2 << 20)}, "finish_reason": "stop"}
    answers(upstream, json.dumps({"choices": [choice], "usage": REPORT}).encode())
    for _ in range(2):
        assert tenant.chat().status_code == 200
    wait_until(lambda: len(tenant.rows()) == 2)
    rows = tenant.rows()
    assert [row["cache"] for row in rows] == ["miss", "miss"]
    story = tenant.gateway.admin("GET", f"/admin/usage/{rows[0]['request_id']}").json()
    assert story["cache_detail"] == "uncacheable: large"
