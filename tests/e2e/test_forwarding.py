"""Forwarding: deadlines, retries, answers that break off, clients that leave, large and encoded bodies."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, both_formats, error_of, in_parallel, wait_until
from tests.e2e.upstream import DONE, Asked, Script, Upstream, completion, llm, message_events, piece

CHAT = "/v1/chat/completions"
STREAM = {"model": "m", "messages": [], "max_tokens": 9, "stream": True}


@pytest.fixture
def tenant(gateway: Gateway, upstream: Upstream) -> Tenant:
    return gateway.tenant(upstream.url, cache={"mode": "off"})


@pytest.fixture
def impatient(strict: Gateway, upstream: Upstream) -> Tenant:
    """Of the gateway whose attempts may last 0.7 s, with one retry."""
    return strict.tenant(upstream.url, cache={"mode": "off"})


async def silent(asked: Asked) -> None:
    await asked.until_gone()


async def cut(asked: Asked) -> None:
    asked.break_off()


def fails(
    times: int, status: str, *headers: tuple[str, str], body: object = None, kind: str = "application/json"
) -> Script:
    async def answer(asked: Asked) -> None:
        if asked.number > times:
            await llm(asked)
        else:
            await asked.answer(body or {"error": {"message": "busy"}}, status, headers, kind)

    return answer


# ---- deadlines


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port where nobody accepts: the queue of connections is full, so that connecting goes on and on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(8):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            waiting.append(client)
        yield port
        for client in waiting:
            client.close()


def test_connecting_has_a_deadline(strict: Gateway, full_port: int) -> None:
    tenant = strict.tenant(f"http://127.0.0.1:{full_port}")
    for answer in both_formats(tenant):
        assert answer.status_code == 504 and "Connecting" in error_of(answer)["message"]
        assert answer.headers["x-upstream-attempts"] == "2"
    assert {row["error"] for row in tenant.wait_rows(2)} == {"upstream_connect_timeout"}


def test_the_first_byte_has_a_deadline(impatient: Tenant, upstream: Upstream) -> None:
    upstream.script = silent
    for answer in both_formats(impatient):
        assert answer.status_code == 504 and "begin to answer" in error_of(answer)["message"]
    wait_until(lambda: all(asked.gone.is_set() for asked in upstream.asked))
    assert len(upstream.asked) == 2  # each once: the upstream has taken it


def test_a_pause_within_an_answer_has_a_deadline(impatient: Tenant, upstream: Upstream) -> None:
    async def stop(asked: Asked) -> None:
        await asked.send(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a":')
        await asked.until_gone()

    upstream.script = stop
    for answer in both_formats(impatient):
        assert answer.status_code == 504 and "middle" in error_of(answer)["message"]


def test_a_slow_stream_is_within_its_deadlines(impatient: Tenant, upstream: Upstream) -> None:
    """The idle deadline is about pauses, not about the whole."""
    passed = threading.Event()

    async def slow(asked: Asked) -> None:
        await asked.begin()
        for number in range(6):
            await asked.chunk(piece(str(number)))
            await asyncio.sleep(0.25)
        passed.set()
        await asked.chunk(DONE)
        await asked.end()

    upstream.script = slow
    answer = impatient.post(CHAT, json=STREAM)
    assert passed.is_set() and answer.content.endswith(DONE)


def test_the_clients_own_deadline_bounds_the_whole(tenant: Tenant, upstream: Upstream) -> None:
    upstream.script = silent
    for answer in both_formats(tenant, {"X-Timeout-Ms": "400"}):
        assert answer.status_code == 504 and "time limit" in error_of(answer)["message"]
        assert answer.headers["x-upstream-attempts"] == "1"
    assert {row["error"] for row in tenant.wait_rows(2)} == {"request_timeout"}


def test_the_clients_own_deadline_ends_a_stream(tenant: Tenant, upstream: Upstream) -> None:
    async def endless(asked: Asked) -> None:
        await asked.begin()
        while not asked.writer.is_closing():
            await asked.chunk(piece("x"))
            await asyncio.sleep(0.05)

    upstream.script = endless
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.post(CHAT, json=STREAM, headers={"X-Timeout-Ms": "600"})
    assert tenant.only_row()["status"] == 504


def test_the_clients_own_deadline_cannot_raise_the_gateways(impatient: Tenant, upstream: Upstream) -> None:
    upstream.script = silent
    answer = impatient.chat(headers={"X-Timeout-Ms": "100000"})
    assert (answer.status_code, error_of(answer)["code"]) == (504, "upstream_first_byte_timeout")


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "soon", "", "99999999999999"])
def test_a_deadline_that_is_none_is_a_400(tenant: Tenant, upstream: Upstream, value: str) -> None:
    answer = tenant.chat(headers={"X-Timeout-Ms": value})
    assert answer.status_code == 400 and error_of(answer)["param"] == "X-Timeout-Ms"
    assert not upstream.asked


# ---- retries


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_such_a_status_is_tried_again(tenant: Tenant, upstream: Upstream, status: int) -> None:
    upstream.script = fails(2, f"{status} Busy")
    answer = tenant.chat()
    assert (answer.status_code, answer.headers["x-upstream-attempts"], len(upstream.asked)) == (200, "3", 3)
    assert len({asked.body for asked in upstream.asked}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 501])
def test_such_a_status_is_the_answer(tenant: Tenant, upstream: Upstream, status: int) -> None:
    upstream.script = fails(9, f"{status} No")
    answer = tenant.chat()
    assert (answer.status_code, answer.headers["x-upstream-attempts"], len(upstream.asked)) == (status, "1", 1)
    assert answer.json() == {"error": {"message": "busy"}}


def test_a_connection_that_breaks_is_tried_again(tenant: Tenant, upstream: Upstream) -> None:
    async def cut_once(asked: Asked) -> None:
        await (cut if asked.number == 1 else llm)(asked)

    upstream.script = cut_once
    answer = tenant.chat()
    assert (answer.status_code, answer.headers["x-upstream-attempts"]) == (200, "2")


def test_a_stream_is_tried_again_before_its_first_byte(tenant: Tenant, upstream: Upstream) -> None:
    upstream.script = fails(2, "503 Busy")
    answer = tenant.post(CHAT, json=STREAM)
    assert answer.status_code == 200 and answer.headers["x-upstream-attempts"] == "3"
    assert answer.content.endswith(DONE)


def test_a_stale_connection_is_no_attempt(tenant: Tenant, upstream: Upstream) -> None:
    """The upstream closes an idle connection while the next request is on its way."""

    async def close_the_second(asked: Asked) -> None:
        if asked.connection == 1 and asked.number == 2:
            asked.break_off()
        else:
            await llm(asked)

    upstream.script = close_the_second
    with tenant.gateway.new_client() as client:
        for _ in range(2):
            answer = client.get("/v1/models", headers=bearer(tenant.key))
            assert (answer.status_code, answer.headers["x-upstream-attempts"]) == (200, "1")
    assert upstream.connections == 2


def test_retry_after_is_waited_for(tenant: Tenant, upstream: Upstream) -> None:
    at: list[float] = []

    async def later(asked: Asked) -> None:
        at.append(time.monotonic())
        await fails(1, "429 Busy", ("Retry-After", "1"))(asked)

    upstream.script = later
    assert tenant.chat().status_code == 200
    assert at[1] - at[0] >= 0.95  # at least what was asked; how much more is nobody's promise


def test_a_retry_after_beyond_the_deadline_gives_up_at_once(tenant: Tenant, upstream: Upstream) -> None:
    upstream.script = fails(9, "429 Busy", ("Retry-After", "5000"))
    answer = tenant.chat()
    assert (answer.status_code, answer.headers["x-upstream-attempts"]) == (429, "1")
    assert answer.headers["retry-after"] == "5000" and answer.json() == {"error": {"message": "busy"}}


def test_the_upstreams_last_error_passes_when_it_is_json(tenant: Tenant, upstream: Upstream) -> None:
    upstream.script = fails(9, "503 Busy")
    answer = tenant.chat()
    assert (answer.status_code, answer.headers["x-upstream-attempts"]) == (503, "3")
    assert answer.json() == {"error": {"message": "busy"}}


def test_a_5xx_that_is_not_json_becomes_our_502_without_a_word_of_it(tenant: Tenant, upstream: Upstream) -> None:
    upstream.script = fails(9, "500 Oops", body=b"<html>Traceback: secret</html>", kind="text/html")
    for answer in both_formats(tenant):
        assert answer.status_code == 502 and "Traceback" not in answer.text and "html" not in answer.text
        assert error_of(answer)["type"] == "api_error"


def test_the_retries_to_an_upstream_are_bounded(tenant: Tenant, upstream: Upstream) -> None:
    """When an upstream is down, retries must not multiply the load: at most ten within ten seconds on each worker."""
    upstream.script = fails(1000, "503 Busy")
    in_parallel(lambda _: tenant.chat(), range(60), threads=20)
    assert 60 < len(upstream.asked) <= 60 + 2 * 10


def test_an_upload_is_never_sent_twice(tenant: Tenant, upstream: Upstream) -> None:
    async def busy(asked: Asked) -> None:
        await asked.answer({"error": {"message": "busy"}}, "503 Busy")

    upstream.script = busy
    answer = tenant.post("/v1/files", files={"file": b"x" * 1000})
    assert (answer.status_code, answer.headers["x-upstream-attempts"], len(upstream.asked)) == (503, "1", 1)


# ---- broken answers

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Type: appl",
    "short": HEAD + b'Content-Length: 9999\r\n\r\n{"a":',
    "short chunks": HEAD + CHUNKED + b'\r\n3\r\n{"a\r\n',
    "bad chunk": HEAD + CHUNKED + b"\r\nzz\r\n{}\r\n",
    "not HTTP": b"SSH-2.0-OpenSSH_9.0\r\n",
    "status of words": b"HTTP/1.1 OK fine\r\n\r\n",
    "status 99": b"HTTP/1.1 99 Low\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "length and chunks": HEAD + CHUNKED + b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "large head": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_a_typed_502(impatient: Tenant, upstream: Upstream, name: str) -> None:
    async def broken(asked: Asked) -> None:
        await asked.send(BROKEN[name])
        asked.break_off()

    upstream.script = broken
    for answer in both_formats(impatient):
        assert answer.status_code == 502, answer.text
        assert error_of(answer)["type"] == "api_error"
        assert answer.headers["x-upstream-attempts"] == ("2" if name == "nothing" else "1")
    assert "OpenSSH" not in impatient.gateway.output()


@pytest.mark.parametrize("kind", ["text/event-stream", "audio/mpeg", "application/octet-stream"])
def test_an_answer_in_pieces_that_breaks_off_is_never_whole(tenant: Tenant, upstream: Upstream, kind: str) -> None:
    async def by_length(asked: Asked) -> None:
        await asked.send(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: 999\r\n\r\nhalf".encode())
        asked.break_off()

    async def by_chunks(asked: Asked) -> None:
        await asked.begin(kind)
        await asked.chunk(b"data: 1\n\n")
        asked.break_off()

    for script in (by_length, by_chunks):
        upstream.script = script
        with pytest.raises(httpx.RemoteProtocolError):
            tenant.request("GET", "/v1/files/1/content")
    assert {row["status"] for row in tenant.wait_rows(2)} == {502}


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_a_stream_that_breaks_off_ends_in_an_error_event_of_its_format(
    tenant: Tenant, upstream: Upstream, path: str
) -> None:
    async def broken(asked: Asked) -> None:
        await asked.begin()
        await asked.chunk(piece("x") if path == CHAT else message_events("x")[0])
        asked.break_off()

    upstream.script = broken
    seen = b""
    with tenant.gateway.new_client() as client, pytest.raises(httpx.RemoteProtocolError):
        with client.stream("POST", path, json=STREAM, headers=bearer(tenant.key)) as answer:
            for chunk in answer.iter_raw():
                seen += chunk
    last = json.loads(seen.rpartition(b"data: ")[2])
    assert last["error"]["message"] and b"[DONE]" not in seen
    assert ("type" in last) == (path == "/v1/messages")


def test_a_late_answer_of_an_abandoned_attempt_reaches_nobody(impatient: Tenant, upstream: Upstream) -> None:
    async def late(asked: Asked) -> None:
        if asked.json["messages"][0]["content"] == "slow":
            await asyncio.sleep(0.9)
        await asked.answer(completion(asked.json["messages"][0]["content"]))

    upstream.script = late
    with impatient.gateway.new_client() as client:
        for number in range(3):
            texts = []
            for text in ("slow", f"quick {number}"):
                body = {"model": "m", "messages": [{"role": "user", "content": text}]}
                answer = client.post(CHAT, json=body, headers={**bearer(impatient.key), "X-Timeout-Ms": "300"})
                texts.append((answer.status_code, answer.text))
            assert texts[0][0] == 504
            assert texts[1][0] == 200 and f"quick {number}" in texts[1][1]


def test_bytes_behind_an_answer_are_not_taken_for_the_next(tenant: Tenant, upstream: Upstream) -> None:
    async def surplus(asked: Asked) -> None:
        if asked.target != "/v1/models":
            await llm(asked)
            return
        await asked.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsmuggl"
        )

    upstream.script = surplus
    with tenant.gateway.new_client() as client:
        for _ in range(3):
            assert client.get("/v1/models", headers=bearer(tenant.key)).text == "{}"
            answer = client.post(CHAT, json={"model": "m", "messages": []}, headers=bearer(tenant.key))
            assert answer.status_code == 200 and "smuggl" not in answer.text


def test_chunked_trailers_of_an_answer_are_dropped_and_the_answer_is_whole(tenant: Tenant, upstream: Upstream) -> None:
    async def trailers(asked: Asked) -> None:
        await asked.begin("application/json")
        await asked.chunk(b'{"ok": true}')
        await asked.send(b"0\r\nX-Checksum: 1\r\n\r\n")

    upstream.script = trailers
    for _ in range(2):
        answer = tenant.chat()
        assert answer.json() == {"ok": True} and "x-checksum" not in answer.headers


# ---- nobody to ask


def test_a_port_where_nobody_listens(gateway: Gateway) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        tenant = gateway.tenant(f"http://127.0.0.1:{unheard.getsockname()[1]}")
        for answer in both_formats(tenant):
            assert answer.status_code == 502 and "reached" in error_of(answer)["message"]
            assert answer.headers["x-upstream-attempts"] == "3"


async def test_more_than_may_be_in_flight_is_a_typed_503(strict: Gateway, upstream: Upstream) -> None:
    tenants = [strict.tenant(upstream.url, cache={"mode": "off"}) for _ in range(3)]
    refused: list[httpx.Response] = []

    async def held(asked: Asked) -> None:
        await asked.begin()
        while len(refused) < 10:
            await asked.chunk(piece("x"))
            await asyncio.sleep(0.1)
        await asked.chunk(DONE)
        await asked.end()

    async def ask(client: httpx.AsyncClient, number: int) -> int:
        answer = await client.post(f"{strict.url}{CHAT}", json=STREAM, headers=bearer(tenants[number % 3].key))
        if answer.status_code == 503:
            refused.append(answer)
        return answer.status_code

    tls = strict.tls
    assert tls is not None
    # One connection, so one worker, which may have 20 in flight, 10 of them a tenant's
    async with httpx.AsyncClient(verify=tls, http1=False, http2=True, timeout=30) as client:
        models = await client.get(f"{strict.url}/v1/models", headers=bearer(tenants[0].key))
        assert models.status_code == 200
        upstream.script = held
        statuses = await asyncio.gather(*(ask(client, number) for number in range(30)))
        assert Counter(statuses) == {200: 20, 503: 10}
        upstream.script = llm
        assert await ask(client, 0) == 200
    for answer in refused:
        assert error_of(answer)["code"] == "gateway_overloaded" and answer.headers["retry-after"] == "1"


# ---- clients that leave


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_cancels_its_upstream_and_no_other(
    tenant: Tenant, upstream: Upstream, stream: bool
) -> None:
    let_go = threading.Event()

    async def held(asked: Asked) -> None:
        if asked.json["messages"] == ["leaves"]:
            await asked.until_gone()
        await asked.when(let_go)
        await llm(asked)

    upstream.script = held
    staying = threading.Thread(target=lambda: kept.append(tenant.chat("stays", stream=stream)))
    kept: list[httpx.Response] = []
    staying.start()
    body = json.dumps({"model": "m", "messages": ["leaves"], "stream": stream}).encode()
    lines = [f"POST {CHAT} HTTP/1.1", "Host: gw", f"Authorization: Bearer {tenant.key}"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    with tenant.gateway.connect() as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        wait_until(lambda: len(upstream.asked) == 2)
    gone = next(asked for asked in upstream.asked if asked.json["messages"] == ["leaves"])
    wait_until(gone.gone.is_set)
    let_go.set()
    staying.join(30)
    assert kept[0].status_code == 200


# ---- large and encoded


@pytest.mark.parametrize("kind", ["application/json", "application/octet-stream"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_answer_of_ten_megabytes(tenant: Tenant, upstream: Upstream, kind: str, framing: str) -> None:
    whole = b'{"data": "' + os.urandom(5_000_000).hex().encode() + b'"}'

    async def large(asked: Asked) -> None:
        if framing == "length":
            await asked.answer(whole, kind=kind)
            return
        await asked.begin(kind)
        for start in range(0, len(whole), 100_000):
            await asked.chunk(whole[start : start + 100_000])
        await asked.end()

    upstream.script = large
    answer = tenant.chat()
    assert answer.status_code == 200 and answer.content == whole
    assert tenant.only_row()["response_bytes"] == len(whole)


def test_a_request_of_ten_megabytes(tenant: Tenant, upstream: Upstream) -> None:
    text = os.urandom(5_000_000).hex()
    assert tenant.chat(text).status_code == 200
    assert upstream.asked[0].json["messages"][0]["content"] == text


@pytest.mark.parametrize("chunked", [False, True])
def test_a_multipart_upload_passes_byte_for_byte(tenant: Tenant, upstream: Upstream, chunked: bool) -> None:
    audio = os.urandom(5_000_000)
    built = httpx.Request("POST", "http://x/", files={"file": ("a.mp3", audio)}, data={"model": "whisper"})
    content = built.read()
    sent: Any = iter([content[:1_000_000], content[1_000_000:]]) if chunked else content
    kind = built.headers["content-type"]
    answer = tenant.post("/v1/audio/transcriptions", content=sent, headers={"Content-Type": kind})
    assert answer.status_code == 200
    (asked,) = upstream.asked
    assert asked.body == content and asked.values("content-type") == [kind]
    assert asked.values("content-length") == ([] if chunked else [str(len(content))])


def test_an_upload_is_passed_on_while_it_comes(tenant: Tenant, upstream: Upstream) -> None:
    """Nothing of it is kept: the upstream has the first part before the client has sent the second."""
    connection = tenant.gateway.connect()
    lines = ["POST /v1/files HTTP/1.1", "Host: gw", f"Authorization: Bearer {tenant.key}", "Content-Length: 200000"]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + b"x" * 100_000)
    wait_until(lambda: upstream.connections == 1)
    connection.sendall(b"y" * 100_000)
    with connection.makefile("rb") as reply:
        assert reply.readline().startswith(b"HTTP/1.1 200 ")
    connection.close()
    assert upstream.asked[0].body == b"x" * 100_000 + b"y" * 100_000


def test_an_upload_that_the_upstream_refuses_early(tenant: Tenant, loop_thread: Any) -> None:
    async def refuse(asked: Asked) -> None:
        await asked.answer({"error": {"message": "too long"}}, "413 Too Large", [("Connection", "close")])
        asked.break_off()

    early = Early(loop_thread, refuse)
    try:
        other = tenant.gateway.tenant(early.url)
        answer = other.post("/v1/files", files={"file": b"x" * 5_000_000})
        assert answer.status_code in (413, 502)
        assert other.only_row()["status"] == answer.status_code
    finally:
        early.close()


class Early(Upstream):
    """Answers before the body is read."""

    async def _serve(self, reader: Any, writer: Any) -> None:
        asked = Asked(1, 1, await reader.readuntil(b"\r\n\r\n"), reader, writer)
        await self.script(asked)


def test_an_upload_over_its_limit_is_413(impatient: Tenant, upstream: Upstream) -> None:
    for content in (b"x" * 7_000_000, iter([b"x" * 3_500_000, b"x" * 3_500_000])):
        answer = impatient.post("/v1/files", content=content, headers={"Content-Type": "application/octet-stream"})
        assert answer.status_code == 413
    assert not [asked for asked in upstream.asked if len(asked.body) > 6 << 20]


def test_a_compressed_answer_that_nobody_asked_for_passes_as_it_is(tenant: Tenant, upstream: Upstream) -> None:
    packed = gzip.compress(json.dumps(completion("packed")).encode())

    async def compressed(asked: Asked) -> None:
        await asked.answer(packed, headers=[("Content-Encoding", "gzip")])

    upstream.script = compressed
    answer = tenant.chat()
    assert answer.json() == completion("packed") and answer.headers["content-encoding"] == "gzip"
    assert upstream.asked[0].values("accept-encoding") == ["identity"]
    assert tenant.only_row()["completion_tokens"] == 12


def test_a_compressed_answer_of_another_kind_passes_byte_for_byte(tenant: Tenant, upstream: Upstream) -> None:
    packed = gzip.compress(b"line\n" * 1000)

    async def compressed(asked: Asked) -> None:
        await asked.answer(packed, headers=[("Content-Encoding", "gzip")], kind="application/jsonl")

    upstream.script = compressed
    answer = tenant.request("GET", "/v1/files/1/content", headers={"Accept-Encoding": "gzip"})
    assert answer.content == b"line\n" * 1000
    assert upstream.asked[0].values("accept-encoding") == ["gzip"]


def test_answers_without_a_body(tenant: Tenant, upstream: Upstream) -> None:
    async def empty(asked: Asked) -> None:
        if asked.method == "HEAD":
            await asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")
        elif asked.method == "DELETE":
            await asked.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        else:
            await asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    upstream.script = empty
    with tenant.gateway.new_client() as client:
        for method, status in (("HEAD", 200), ("DELETE", 204), ("GET", 200), ("DELETE", 204)):
            answer = client.request(method, "/v1/files/1", headers=bearer(tenant.key))
            assert (answer.status_code, answer.content) == (status, b"")


def test_expect_continue_is_answered(tenant: Tenant, upstream: Upstream) -> None:
    body = b'{"model":"m","messages":[]}'
    lines = [f"POST {CHAT} HTTP/1.1", "Host: gw", f"Authorization: Bearer {tenant.key}", "Expect: 100-continue"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    with tenant.gateway.connect() as connection:
        connection.sendall("\r\n".join(lines).encode())
        with connection.makefile("rb") as reply:
            assert reply.readline().startswith(b"HTTP/1.1 100 ")
            while reply.readline().strip():
                pass
            connection.sendall(body)
            assert reply.readline().startswith(b"HTTP/1.1 200 ")
    assert not upstream.asked[0].values("expect")


def test_http2_clients_stream_and_upload(tenant: Tenant, upstream: Upstream) -> None:
    with tenant.gateway.new_client(http2=True) as client:
        answers = [client.post(CHAT, json=STREAM, headers=bearer(tenant.key)) for _ in range(2)]
        assert all(answer.http_version == "HTTP/2" and answer.content.endswith(DONE) for answer in answers)
        upload = client.post("/v1/files", content=os.urandom(2_000_000), headers=bearer(tenant.key))
        assert upload.status_code == 200
    assert len(upstream.asked[-1].body) == 2_000_000
