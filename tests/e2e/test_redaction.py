"""An upstream that echoes its own credential: neither the client nor the cache gets it, and nothing else is changed."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Awaitable, Callable

import brotli
import pytest

from tests.e2e.harness import Gateway, Tenant
from tests.e2e.upstream import DONE, Asked, Upstream, completion, piece

SECRET = 'sk-odd"vendor/Zq3vT9xLw2'
COVER = "*" * len(SECRET)


@pytest.fixture
def tenant(gateway: Gateway, upstream: Upstream) -> Tenant:
    return gateway.tenant(upstream.url, upstream_auth={"header": "x-api-key", "value": SECRET})


def echoed(asked: Asked) -> str:
    (secret,) = asked.values("x-api-key")
    assert secret == SECRET
    return secret


async def json_answer(asked: Asked) -> None:
    await asked.answer(completion(f"your key is {echoed(asked)}"))


async def refused(asked: Asked) -> None:
    await asked.answer({"error": {"message": f"Incorrect API key: {echoed(asked)}"}}, status="401 Unauthorized")


async def always_busy(asked: Asked) -> None:
    await asked.answer({"error": {"message": f"busy, {echoed(asked)}"}}, status="429 Too Many Requests")


async def encoded(asked: Asked) -> None:
    body = gzip.compress(json.dumps(completion(echoed(asked))).encode())
    await asked.answer(body, headers=[("Content-Encoding", "gzip")])


async def encoded_stream(asked: Asked) -> None:
    body = brotli.compress(piece(f"your key is {echoed(asked)}") + piece(None, "stop") + DONE)
    await asked.begin(headers=[("Content-Encoding", "br")])
    await asked.chunk(body[:20])
    await asked.chunk(body[20:])
    await asked.end()


async def encoded_but_unsaid(asked: Asked) -> None:
    body = gzip.compress(json.dumps(completion(echoed(asked))).encode())
    await asked.answer(body, headers=[("Content-Encoding", "gzip"), ("Connection", "content-encoding")])


async def plain_text(asked: Asked) -> None:
    await asked.answer(f"key {echoed(asked)}".encode(), kind="text/plain")


async def reason(asked: Asked) -> None:
    await asked.answer(completion("x"), status=f"200 {echoed(asked)}")


async def in_pieces(asked: Asked) -> None:
    await asked.begin("text/plain")
    for letter in f"key {echoed(asked)} and {echoed(asked)[:5]}":
        await asked.chunk(letter.encode())
    await asked.end()


async def stream(asked: Asked) -> None:
    await asked.begin()
    event = piece(f"your key is {echoed(asked)}")
    await asked.chunk(event[:-30])
    await asked.chunk(event[-30:])
    await asked.chunk(piece(None, "stop") + DONE)
    await asked.end()


Script = Callable[[Asked], Awaitable[None]]
SCRIPTS = [
    json_answer,
    refused,
    always_busy,
    encoded,
    plain_text,
    reason,
    in_pieces,
    stream,
    encoded_stream,
    encoded_but_unsaid,
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_upstreams_credential_never_reaches_the_client(tenant: Tenant, upstream: Upstream, script: Script) -> None:
    upstream.script = script
    fields = {"stream": True} if script in (stream, encoded_stream) else {}
    for _ in range(2):  # asked anew or from the cache
        answer = tenant.chat("What does the word lucid mean?", **fields)
        text = answer.text + str(answer.headers.multi_items()) + answer.reason_phrase
        for spelled in (SECRET, json.dumps(SECRET)[1:-1], SECRET.replace("/", "\\/"), "Zq3vT9xLw2"):
            assert spelled not in text
        assert (COVER in answer.text) is (script is not reason)
    if script is in_pieces:
        assert answer.text == f"key {COVER} and {SECRET[:5]}"
    if script in (json_answer, encoded):
        assert json.loads(answer.content)["choices"][0]["message"]["content"].endswith("*" * (len(SECRET) + 1))
        assert answer.headers["x-cache-status"] == "HIT"


@pytest.mark.parametrize("fields", [{}, {"stream": True}], ids=["plain", "stream"])
def test_what_cannot_be_looked_into_is_not_passed_on(
    tenant: Tenant, upstream: Upstream, fields: dict[str, bool]
) -> None:
    async def in_an_unknown_coding(asked: Asked) -> None:
        await asked.answer(echoed(asked).encode(), headers=[("Content-Encoding", "rot13")])

    upstream.script = in_an_unknown_coding
    answer = tenant.chat("What does the word lucid mean?", **fields)
    assert answer.status_code == 502 and answer.json()["error"]["code"] == "upstream_malformed"
    assert SECRET not in answer.text and "content-encoding" not in answer.headers
    row = tenant.only_row()
    assert (row["status"], row["error"]) == (502, "upstream_malformed")


def test_a_coding_below_the_chunks_is_malformed(tenant: Tenant, upstream: Upstream) -> None:
    async def coded(asked: Asked) -> None:
        body = gzip.compress(echoed(asked).encode())
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
        await asked.send(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    upstream.script = coded
    answer = tenant.chat("What does the word lucid mean?")
    assert answer.status_code == 502 and answer.json()["error"]["code"] == "upstream_malformed"


def test_an_answer_without_it_is_not_touched(tenant: Tenant, upstream: Upstream) -> None:
    body = gzip.compress(b'{"choices":[]}')

    async def fine(asked: Asked) -> None:
        await asked.answer(body, headers=[("Content-Encoding", "gzip")])

    upstream.script = fine
    with tenant.gateway.client.stream(
        "POST", "/v1/moderations", json={"input": "x"}, headers={"Authorization": f"Bearer {tenant.key}"}
    ) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert b"".join(answer.iter_raw()) == body


@pytest.mark.parametrize("coding", [None, "none", "identity", "utf-8"])
def test_a_stream_is_passed_on_event_by_event_whatever_coding_says_nothing(
    tenant: Tenant, upstream: Upstream, coding: str | None
) -> None:
    seen = threading.Event()

    async def slow(asked: Asked) -> None:
        await asked.begin(headers=[("Content-Encoding", coding)] if coding else [])
        await asked.chunk(piece("sk-odd"))
        await asked.when(seen)
        await asked.chunk(DONE)
        await asked.end()

    upstream.script = slow
    body = {"model": "m", "messages": [], "stream": True}
    headers = {"Authorization": f"Bearer {tenant.key}"}
    with tenant.gateway.client.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
        parts = answer.iter_raw()
        assert next(parts) == piece("sk-odd")
        seen.set()
        assert b"".join(parts) == DONE
