"""What clients should not send, over HTTP/1.1 and HTTP/2: a clear error, nothing forwarded, nothing left behind."""

from __future__ import annotations

import json
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import h2.connection
import pytest

from tests.e2e.harness import ADMIN_TOKEN, Gateway, Tenant, bearer, in_parallel, stranger, wait_until
from tests.e2e.http2 import Http2, error_in
from tests.e2e.upstream import Asked, LoopThread, Upstream

CHAT = "/v1/chat/completions"
JSON = ("Content-Type", "application/json")
MARK = "a-word-that-belongs-in-no-log"
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": MARK}]}).encode()
KEY = "KEY"  # stands for the tenant's key


@dataclass(frozen=True)
class Bad:
    """A request and what may come of it. key: whether it carries the tenant's key."""

    expected: int
    method: str = "POST"
    path: str = CHAT
    headers: tuple[tuple[str, str], ...] = (JSON,)
    body: bytes = BODY
    key: bool = True
    more: dict[str, str] = field(default_factory=dict)


LARGE = b'{"model":"m","messages":["' + b"x" * 50_000_000 + b'"]}'
REQUESTS: dict[str, Bad] = {
    "rubbish JSON": Bad(400, body=b"{nope"),
    "no body": Bad(400, body=b""),
    "NaN": Bad(400, body=b'{"model":"m","temperature":NaN}'),
    "half JSON": Bad(400, body=BODY[:-2]),
    "two values": Bad(400, body=BODY + b"{}"),
    "UTF-16": Bad(400, body=BODY.decode().encode("utf-16")),
    "broken UTF-8": Bad(400, body=b'{"model":"\xff"}'),
    "deep": Bad(400, body=b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "array": Bad(400, body=b"[]"),
    "string": Bad(400, body=b'"x"'),
    "null": Bad(400, body=b"null"),
    "model a number": Bad(400, body=b'{"model":7}'),
    "model a list": Bad(400, body=b'{"model":["m"]}'),
    "model endless": Bad(400, body=b'{"model":"' + b"m" * 10_000 + b'"}'),
    "50 MB": Bad(413, body=LARGE),
    "1 MB header": Bad(431, headers=(JSON, ("X-Big", "a" * 1_000_000))),
    "many headers": Bad(431, headers=(JSON, *((f"X-{number}", "a" * 100) for number in range(1000)))),
    "no content type": Bad(415, headers=()),
    "wrong content type": Bad(415, headers=(("Content-Type", "text/plain"),)),
    "form": Bad(415, headers=(("Content-Type", "application/x-www-form-urlencoded"),)),
    "compressed": Bad(415, headers=(JSON, ("Content-Encoding", "br"))),
    "not compressed": Bad(400, headers=(JSON, ("Content-Encoding", "gzip"))),
    "unknown path": Bad(404, path="/nowhere"),
    "root": Bad(404, path="/"),
    "unknown path of the gateway's": Bad(404, path="/health/deeper"),
    "dot segments": Bad(400, path="/v1/../admin/tenants"),
    "encoded dot segments": Bad(400, path="/v1/%2e%2e/admin/tenants"),
    "one dot": Bad(400, path="/v1/./chat/completions"),
    "double slash": Bad(400, path="//v1/chat/completions"),
    "double slash within": Bad(400, path="/v1//chat/completions"),
    "encoded slash": Bad(400, path="/v1/chat%2fcompletions"),
    "backslash": Bad(400, path="/v1\\chat\\completions"),
    "encoded NUL": Bad(400, path="/v1/chat/completions%00"),
    "fragment": Bad(400, path="/v1/chat/completions#x"),
    "broken escape": Bad(400, path="/v1/chat/completions%zz"),
    "TRACE": Bad(405, method="TRACE", body=b""),
    "no credential": Bad(401, key=False),
    "wrong key": Bad(401, key=False, headers=(JSON, ("x-api-key", "nope"))),
    "forged token": Bad(401, key=False, headers=(JSON, ("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."))),
    "nine credentials": Bad(401, headers=(JSON, *(("x-api-key", f"wrong-{number}") for number in range(9)))),
    "lower-case method": Bad(405, method="post"),
    "made-up method at control": Bad(405, method="BREW", path="/admin/tenants", body=b""),
    "made-up method at metrics": Bad(405, method="M-SEARCHX", path="/metrics", body=b""),
    "TRACE at the dashboard": Bad(405, method="TRACE", path="/dashboard", body=b""),
    "POST of health": Bad(405, path="/health"),
    "GET of a login": Bad(405, method="GET", path="/auth/token", body=b""),
    "login that is no JSON": Bad(400, path="/auth/token", body=b"key"),
    "login with a number": Bad(400, path="/auth/token", body=b'{"api_key":1}'),
    "large login": Bad(413, path="/auth/token", body=b"x" * 100_000),
}


@pytest.fixture(scope="module")
def upstream_of_all(loop_thread: LoopThread) -> Iterator[Upstream]:
    server = Upstream(loop_thread)
    yield server
    server.close()


@pytest.fixture(scope="module")
def tenant(gateway: Gateway, upstream_of_all: Upstream) -> Tenant:
    return gateway.tenant(upstream_of_all.url)


@pytest.fixture
def nothing_forwarded(upstream_of_all: Upstream) -> Iterator[None]:
    upstream_of_all.reset()
    yield
    assert not upstream_of_all.asked


def http1(tenant: Tenant, bad: Bad) -> bytes:
    lines = [f"{bad.method} {bad.path} HTTP/1.1", "Host: gw"]
    if bad.key:
        lines.append(f"Authorization: Bearer {tenant.key}")
    lines += [f"{name}: {value}" for name, value in bad.headers]
    if bad.body or bad.method == "POST":
        lines.append(f"Content-Length: {len(bad.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + bad.body


def sent(gateway: Gateway, request: bytes) -> bytes:
    """The answer to these bytes, though the gateway may not read them all."""
    with gateway.connect(stranger()) as connection:
        connection.settimeout(20)
        with suppress(OSError):
            connection.sendall(request)
        reply = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in reply or len(reply.partition(b"\r\n\r\n")[2]) < length_of(reply):
                if not (data := connection.recv(65536)):
                    break
                reply += data
        return reply


def length_of(reply: bytes) -> int:
    head = reply.partition(b"\r\n\r\n")[0].lower()
    lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return lengths[0] if lengths else 0


def check(status: int, body: bytes, kind: str, expected: int) -> None:
    assert status == expected, body[:300]
    assert kind.startswith("application/json")
    error = error_in(body)
    assert MARK not in str(error) and "Traceback" not in str(error) and "mitmproxy" not in str(error).lower()


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("name", REQUESTS)
def test_over_http1_it_gets_a_clear_error(tenant: Tenant, name: str) -> None:
    bad = REQUESTS[name]
    reply = sent(tenant.gateway, http1(tenant, bad))
    head, _, body = reply.partition(b"\r\n\r\n")
    kinds = [line[13:].strip().decode() for line in head.lower().split(b"\r\n") if line.startswith(b"content-type:")]
    check(int(head[9:12] or b"0"), body, kinds[0] if kinds else "", bad.expected)
    assert (b"www-authenticate:" in head.lower()) == (bad.expected == 401)
    assert (b"\r\nallow: " in head.lower()) == (bad.expected == 405)


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("name", REQUESTS)
def test_over_http2_it_gets_a_clear_error(tenant: Tenant, name: str) -> None:
    bad = REQUESTS[name]
    headers = [(":method", bad.method), (":scheme", "http"), (":authority", "gw"), (":path", bad.path)]
    if bad.key:
        headers.append(("authorization", f"Bearer {tenant.key}"))
    headers += [(each.lower(), value) for each, value in bad.headers]
    with tenant.gateway.connect(stranger()) as connection:
        client = Http2(connection)
        status, answered, body = client.answer(client.send(headers, bad.body or None))
        check(status, body, answered.get("content-type", ""), bad.expected)
        assert ("www-authenticate" in answered) == (bad.expected == 401)
        assert bool(answered.get("allow")) == (bad.expected == 405)


def test_head_says_what_get_would_and_options_needs_a_key_like_all_else(tenant: Tenant) -> None:
    gateway = tenant.gateway
    for path, headers in (("/health", {}), ("/health/live", {}), ("/admin/tenants", bearer(ADMIN_TOKEN))):
        got, head = (gateway.client.request(method, path, headers=headers) for method in ("GET", "HEAD"))
        assert head.status_code == got.status_code == 200 and head.content == b""
        assert head.headers["content-type"] == got.headers["content-type"]
        assert abs(int(head.headers["content-length"]) - len(got.content)) < 100  # ages tick in between
    assert tenant.request("HEAD", "/v1/models").status_code == 200
    with gateway.new_client(address=stranger()) as client:
        for path in (CHAT, "/v1/models", "/admin/tenants"):
            assert client.options(path, headers={"Origin": "http://x"}).status_code == 401
        assert client.options("/health").headers["allow"] == "GET, HEAD"
        assert not [name for name in client.options("/health").headers if name.startswith("access-control")]


@pytest.mark.usefixtures("nothing_forwarded")
def test_the_error_is_in_the_clients_own_format(tenant: Tenant) -> None:
    for bad in ("rubbish JSON", "wrong content type", "no credential", "50 MB"):
        asked = REQUESTS[bad]
        reply = sent(
            tenant.gateway, http1(tenant, Bad(0, "POST", "/v1/messages", asked.headers, asked.body, asked.key))
        )
        body = json.loads(reply.partition(b"\r\n\r\n")[2])
        assert body["type"] == "error" and set(body["error"]) == {"type", "message"}


# ---- below the hooks

SMUGGLED = (
    b"POST /v1/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    b"GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n\r\n"
)
BAD_CHUNK = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer KEY\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
)
BROKEN: dict[str, tuple[int, bytes]] = {
    "request line": (400, b"RUBBISH\r\nHost: x\r\nAuthorization: Bearer KEY\r\n\r\n"),
    "binary": (400, bytes(range(1, 256)) + b"\r\n\r\n"),
    "no version": (400, b"GET /v1/models\r\n\r\n"),
    "version": (400, b"GET /v1/models HTTP/9.9\r\nHost: x\r\nAuthorization: Bearer KEY\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200),
    "length and encoding": (400, SMUGGLED),
    "two lengths": (400, b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"),
    "negative length": (400, b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
    "signed length": (400, b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}"),
    "unknown encoding": (400, b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "encodings": (400, b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    "space before the colon": (400, b"GET /v1/models HTTP/1.1\r\nHost : x\r\nAuthorization: Bearer KEY\r\n\r\n"),
    "folded header": (400, b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n"),
    "no colon": (400, b"GET /v1/models HTTP/1.1\r\nnonsense\r\n\r\n"),
    "NUL in a header": (400, b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX: a\0b\r\nAuthorization: Bearer KEY\r\n\r\n"),
    "CR in a header": (400, b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX: a\rb\r\nAuthorization: Bearer KEY\r\n\r\n"),
    "space in the path": (400, b"GET /v1/a b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "bad chunk": (400, BAD_CHUNK),
    "CONNECT": (405, b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"),
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_http_gets_json(tenant: Tenant, name: str) -> None:
    status, request = BROKEN[name]
    reply = sent(tenant.gateway, request.replace(b"KEY", tenant.key.encode()))
    assert reply.startswith(b"HTTP/1.1 %d " % status), reply[:200]
    head, _, body = reply.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower()
    assert error_in(body) and tenant.key.encode() not in reply
    assert reply.count(b"HTTP/1.1 ") == 1


PSEUDO = [(":method", "POST"), (":scheme", "http"), (":authority", "gw"), (":path", CHAT)]
BROKEN_HTTP2: dict[str, list[tuple[str, str]]] = {
    "no path": [pair for pair in PSEUDO if pair[0] != ":path"],
    "no method": [pair for pair in PSEUDO if pair[0] != ":method"],
    "empty path": [*PSEUDO[:3], (":path", "")],
    "no scheme": [pair for pair in PSEUDO if pair[0] != ":scheme"],
    "no authority": [pair for pair in PSEUDO if pair[0] != ":authority"],
    "two hosts": [*PSEUDO, ("host", "another")],
    "two paths": [*PSEUDO, (":path", "/v1/models")],
    "late pseudo-header": [*PSEUDO[:3], ("x", "1"), PSEUDO[3]],
    "spaced name": [*PSEUDO, ("x y", "1")],
    "NUL in a value": [*PSEUDO, ("x", "a\0b")],
    "space before a value": [*PSEUDO, ("x", " a")],
    "upgrade": [*PSEUDO, ("upgrade", "websocket")],
    "port of an authority": [*PSEUDO[:2], (":authority", "a:99999"), PSEUDO[3]],
    "authority with a comma": [*PSEUDO[:2], (":authority", "gw,x"), PSEUDO[3]],
    "authority with a slash": [*PSEUDO[:2], (":authority", "a/b"), PSEUDO[3]],
    "authority half in brackets": [*PSEUDO[:2], (":authority", "[::1"), PSEUDO[3]],
    "unknown pseudo-header": [*PSEUDO, (":mine", "1")],
    "connection": [*PSEUDO, ("connection", "close")],
    "transfer-encoding": [*PSEUDO, ("transfer-encoding", "chunked")],
    "te": [*PSEUDO, ("te", "gzip")],
    "upper case": [*PSEUDO, ("X-Upper", "1")],
    "line break in a value": [*PSEUDO, ("x-injected", "a\r\nhost: b")],
    "CONNECT": [(":method", "CONNECT"), (":authority", "127.0.0.1:1")],
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("name", BROKEN_HTTP2)
def test_what_is_not_http2_ends_its_own_stream_with_an_error(tenant: Tenant, name: str) -> None:
    key, kind = ("authorization", f"Bearer {tenant.key}"), ("content-type", "application/json")
    with tenant.gateway.connect(stranger()) as connection:
        client = Http2(connection)
        other = client.send([*PSEUDO, key, kind], b"{", end=False)
        for end in (False, True):
            bad = client.send([*BROKEN_HTTP2[name], key, kind], BODY, end=end)
            status, answered, body = client.answer(bad)
            check(status, body, answered["content-type"], 405 if name == "CONNECT" else 400)
        client.h2.end_stream(other)
        client.flush()
        assert client.answer(other)[0] == 400 and not client.gone  # rubbish, and answered


@pytest.mark.usefixtures("nothing_forwarded")
def test_malformed_streams_that_are_reset_at_once_harm_no_other(tenant: Tenant) -> None:
    key, kind = ("authorization", f"Bearer {tenant.key}"), ("content-type", "application/json")
    with tenant.gateway.connect(stranger()) as connection:
        client = Http2(connection)
        for name in BROKEN_HTTP2:
            for body in (None, BODY):
                stream = client.h2.get_next_available_stream_id()
                client.h2.send_headers(stream, [*BROKEN_HTTP2[name], key, kind])
                if body:
                    client.h2.send_data(stream, body)
                client.h2.reset_stream(stream, 8)
        client.flush()
        assert client.answer(client.send([*PSEUDO, key, kind], b"{"))[0] == 400 and not client.gone


@pytest.mark.usefixtures("nothing_forwarded")
def test_trailers_that_may_not_be_there_are_a_broken_body(tenant: Tenant) -> None:
    headers = [*PSEUDO, ("authorization", f"Bearer {tenant.key}"), ("content-type", "application/json")]
    with tenant.gateway.connect(stranger()) as connection:
        client = Http2(connection)
        stream = client.send(headers, BODY, end=False)
        client.h2.send_headers(stream, [("x-checksum", "1"), ("connection", "close")], end_stream=True)
        client.flush()
        status, answered, body = client.answer(stream)
        check(status, body, answered["content-type"], 400)
        assert client.answer(client.send(headers, b"{"))[0] == 400 and not client.gone


LENGTHS: dict[str, tuple[list[str], bytes | None]] = {
    "too short": (["5"], BODY),
    "too long": ([str(len(BODY) + 1)], BODY),
    "none came": (["5"], None),
    "none came, said twice": (["5", "5"], None),
    "word": (["abc"], BODY),
    "signed": (["+" + str(len(BODY))], BODY),
    "negative": (["-1"], BODY),
    "digits of another script": (["\u0665"], BODY),
    "two": ([str(len(BODY)), "5"], BODY),
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("path", [CHAT, "/v1/files"], ids=["kept", "streamed"])
@pytest.mark.parametrize("name", LENGTHS)
def test_a_length_that_is_not_true_ends_its_own_http2_stream_only(tenant: Tenant, name: str, path: str) -> None:
    lengths, body = LENGTHS[name]
    kind = "application/json" if path == CHAT else "application/octet-stream"
    key = ("authorization", f"Bearer {tenant.key}")
    headers = [*PSEUDO[:3], (":path", path), key, ("content-type", kind)]
    with tenant.gateway.connect(stranger()) as connection:
        client = Http2(connection)
        other = client.send([*PSEUDO, key, ("content-type", "application/json")], b"{", end=False)
        lying = client.send([*headers, *(("content-length", length) for length in lengths)], body)
        status, answered, told = client.answer(lying)
        check(status, told, answered["content-type"], 400)
        client.h2.end_stream(other)
        client.flush()
        assert client.answer(other)[0] == 400 and not client.gone  # rubbish, and answered


FRAMES: dict[str, bytes] = {
    "zeroes": b"\0" * 100,
    "ones": b"\xff" * 100,
    "reset of stream 0": b"\0\0\x04\x03\0\0\0\0\0" + b"\0" * 4,
    "frame of 16 MB": b"\xff\xff\xff\0\0\0\0\0\x01",
    "push": b"\0\0\x04\x05\x04\0\0\0\x01" + b"\0" * 4,
    "continuation of nothing": b"\0\0\0\x09\x04\0\0\0\x01",
}


@pytest.mark.parametrize("name", FRAMES)
def test_broken_frames_end_the_connection_without_a_librarys_words(tenant: Tenant, name: str) -> None:
    with tenant.gateway.connect() as connection:
        client = Http2(connection)
        client.raw(FRAMES[name])
        while not client.gone:
            client.answer(1)
        assert not client.last_words


# ---- where a request may not lead


@pytest.fixture
def inside(loop_thread: LoopThread) -> Iterator[Upstream]:
    """Something in the gateway's own network that nobody outside should reach."""
    server = Upstream(loop_thread)
    yield server
    server.close()


def test_neither_host_nor_an_absolute_url_picks_the_upstream(
    tenant: Tenant, inside: Upstream, upstream_of_all: Upstream
) -> None:
    upstream_of_all.reset()
    key = f"Authorization: Bearer {tenant.key}\r\nConnection: close\r\n\r\n"
    address = f"127.0.0.1:{inside.port}"
    tenant.gateway.ask_raw(f"GET /v1/models HTTP/1.1\r\nHost: {address}\r\n{key}".encode())
    tenant.gateway.ask_raw(f"GET http://{address}/v1/models HTTP/1.1\r\nHost: {address}\r\n{key}".encode())
    tenant.gateway.ask_raw(f"GET http://169.254.169.254/latest/meta-data HTTP/1.1\r\nHost: x\r\n{key}".encode())
    with tenant.gateway.connect() as connection:
        client = Http2(connection)
        headers = [(":method", "GET"), (":scheme", "http"), (":authority", address), (":path", "/v1/models")]
        client.answer(client.send([*headers, ("authorization", f"Bearer {tenant.key}")]))
    assert not inside.asked and not inside.connections
    for asked in upstream_of_all.asked:
        assert asked.target == "/v1/models"
        assert asked.values("host") == [f"127.0.0.1:{upstream_of_all.port}"]


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("http://169.254.169.254/v1/models", "169.254.169.254"),
        ("http://127.0.0.1:9/v1/models", "127.0.0.1:9"),
        ("http://localhost/v1/models", "localhost"),
        ("http://[::ffff:10.0.0.1]/v1/models", "[::ffff:10.0.0.1]"),
        ("http://192.168.1.1:80/v1/models", "gw"),
        ("/v1/models", "169.254.169.254"),
        ("/v1/models", "metadata.google.internal"),
        ("/v1/models", "[fd00:ec2::254]:80"),
    ],
)
def test_what_names_an_internal_address_is_told_so(tenant: Tenant, target: str, host: str) -> None:
    key = f"Authorization: Bearer {tenant.key}\r\nConnection: close\r\n\r\n"
    reply = tenant.gateway.ask_raw(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{key}".encode())
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 421 ") and error_in(body)["code"] == "misdirected_request"
    if target.startswith("/"):
        with tenant.gateway.connect() as connection:
            client = Http2(connection)
            headers = [(":method", "GET"), (":scheme", "http"), (":authority", host), (":path", target)]
            assert client.answer(client.send([*headers, ("authorization", f"Bearer {tenant.key}")]))[0] == 421


def test_a_private_host_is_most_often_the_gateways_own(tenant: Tenant) -> None:
    port = tenant.gateway.port
    key = f"Authorization: Bearer {tenant.key}\r\nConnection: close\r\n\r\n".encode()
    for host in (
        b"10.0.0.5:8080",
        b"127.0.0.1:1",
        b"0.0.0.0:8080",
        b"metadata",
        b"x" * 300,
        "例え.com".encode(),
        b"\xff\xfe",
    ):
        assert tenant.gateway.ask_raw(b"GET /v1/models HTTP/1.1\r\nHost: %s\r\n%s" % (host, key)).startswith(
            b"HTTP/1.1 200 "
        )
    for own in (f"127.0.0.1:{port}", f"localhost:{port}"):  # absolute, as RFC 9112 section 3.2.2 allows
        target = f"GET http://{own}/v1/models HTTP/1.1\r\nHost: {own}\r\n".encode()
        assert tenant.gateway.ask_raw(target + key).startswith(b"HTTP/1.1 200 ")


def test_feedback_is_not_the_vendors(tenant: Tenant, upstream_of_all: Upstream) -> None:
    upstream_of_all.reset()
    for path in ("/v1/feedback", "/api/v1/feedback", "/v1/feedback/", "/v1/Feedback"):
        assert tenant.post(path, json={"request_id": "x", "correct": False}).status_code == 404
        assert tenant.request("GET", path).status_code == 405
    assert not upstream_of_all.asked


def test_an_upgrade_never_opens_a_tunnel(tenant: Tenant, upstream_of_all: Upstream) -> None:
    upstream_of_all.reset()

    async def agree(asked: Asked) -> None:
        if asked.values("upgrade"):
            await asked.send(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nraw"
            )
        else:
            await asked.answer({"ok": True})

    upstream_of_all.script = agree
    for kind in ("websocket", "h2c", "TLS/1.0"):
        lines = ["GET /v1/realtime HTTP/1.1", "Host: x", f"Authorization: Bearer {tenant.key}", f"Upgrade: {kind}"]
        lines += [
            "Connection: Upgrade, HTTP2-Settings",
            "HTTP2-Settings: AAMAAABkAAQAAP__",
            "Sec-WebSocket-Version: 13",
        ]
        reply = tenant.gateway.ask_raw("\r\n".join([*lines, "", ""]).encode())
        assert not reply.startswith(b"HTTP/1.1 101")
        assert reply.startswith(b"HTTP/1.1 426") is (kind == "websocket")
    for asked in upstream_of_all.asked:
        assert not asked.values("upgrade") and not asked.values("http2-settings")
        assert tenant.key.encode() not in asked.head
    upstream_of_all.reset()


def test_an_upstream_that_may_not_be_dialled_is_refused_at_creation(gateway: Gateway) -> None:
    wanted = {"name": "x", "rate_limit_per_hour": 5}
    urls = {
        "http://169.254.169.254/": True,
        "http://[fd00:ec2::254]/": True,
        "http://0.0.0.0/": True,
        "http://127.0.0.1:1/": False,
        "http://localhost/": False,
        "http://[::ffff:127.0.0.1]/": False,
        "http://2130706433/": False,
        "http://10.0.0.1/": False,
        "https://user:password@api.vendor.test/": True,
        "ftp://api.vendor.test/": True,
        "https://api.vendor.test/?key=x": True,
        "https://": True,
    }
    for url, allow_private in urls.items():
        body = {**wanted, "backend_url": url, "allow_private_upstream": allow_private}
        answer = gateway.admin("POST", "/admin/tenants", body)
        assert answer.status_code == 422, url
        assert answer.json()["error"]["param"] == "backend_url", url


# ---- nothing left behind


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_clients_that_leave_anywhere_leave_no_connection_no_file_and_no_place_taken(
    strict: Gateway, upstream_of_all: Upstream
) -> None:
    """A worker here has room for 20 requests and 16 MiB of bodies: what was not given back would be missed."""
    tenant = strict.tenant(upstream_of_all.url, cache={"mode": "off"})
    head = (
        f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {tenant.key}\r\nContent-Type: application/json\r\n"
    )
    upload = head.replace(CHAT, "/v1/files").replace("application/json", "audio/mpeg")
    large = b"x" * 1_000_000
    requests = [
        b"POST /v1/ch",
        f"{head}Content-Length: 3000000\r\n\r\n".encode() + large,
        f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"f4240\r\n" + large + b"\r\n",
        f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY,
        f"{head}Content-Length: 2\r\n\r\nno".encode(),
        f"{upload}Content-Length: 3000000\r\n\r\n".encode() + large,
    ]

    async def slowly(asked: Asked) -> None:
        await asked.until_gone()

    def good(_: int) -> int:
        with strict.new_client() as client:
            return client.get("/v1/models", headers=bearer(tenant.key)).status_code

    assert set(in_parallel(good, range(40), threads=8)) == {200}
    before = strict.open_files()
    upstream_of_all.script = slowly

    def leave(number: int) -> None:
        connection = strict.connect()
        connection.sendall(requests[number % len(requests)])
        if number % 2:
            reset(connection)
        else:
            connection.close()

    in_parallel(leave, range(60 * len(requests)), threads=8)
    upstream_of_all.reset()
    wait_until(lambda: set(in_parallel(good, range(40), threads=8)) == {200})
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 3_500_000}]}).encode()
    headers = {**bearer(tenant.key), "Content-Type": "application/json"}
    for _ in range(10):
        with strict.new_client() as client:
            assert client.post(CHAT, content=body, headers=headers).status_code == 200
    wait_until(
        lambda: all(count <= before[pid] + 4 for pid, count in strict.open_files().items()),
        lambda: f"{before} {strict.open_files()}",
    )


def all_pass(client: Http2, tenant: Tenant) -> bool:
    """Whether three quarters of what may be in flight are answered at once."""
    models = [(":method", "GET"), (":scheme", "https"), (":authority", "gw"), (":path", "/v1/models")]
    streams = [client.send([*models, ("authorization", f"Bearer {tenant.key}")]) for _ in range(15)]
    return {client.answer(stream)[0] for stream in streams} == {200}


def test_http2_streams_that_are_reset_leave_no_place_taken(strict: Gateway, upstream_of_all: Upstream) -> None:
    tenant = strict.tenant(upstream_of_all.url, cache={"mode": "off"})

    async def slowly(asked: Asked) -> None:
        await asked.until_gone()

    upstream_of_all.script = slowly
    headers = [*PSEUDO, ("authorization", f"Bearer {tenant.key}"), ("content-type", "application/json")]
    with strict.connect(protocol="h2") as connection:
        client = Http2(connection)
        for number in range(60):
            stream = client.send(headers, BODY, end=number % 3 != 0)
            client.cancel(stream)
        upstream_of_all.reset()
        wait_until(lambda: all_pass(client, tenant))


def test_streams_reset_in_the_packet_that_ends_them_are_cancelled(strict: Gateway, upstream_of_all: Upstream) -> None:
    tenant = strict.tenant(upstream_of_all.url, cache={"mode": "off"})
    gone: list[Asked] = []

    async def slowly(asked: Asked) -> None:
        try:
            await asked.until_gone()
        finally:
            gone.append(asked)

    upstream_of_all.reset()
    upstream_of_all.script = slowly
    headers = [*PSEUDO, ("authorization", f"Bearer {tenant.key}"), ("content-type", "application/json")]
    with strict.connect(protocol="h2") as connection:
        client = Http2(connection)
        for _ in range(60):  # three times what may be in flight
            stream = client.h2.get_next_available_stream_id()
            client.h2.send_headers(stream, headers)
            client.h2.send_data(stream, BODY, end_stream=True)
            client.h2.reset_stream(stream, 8)
        client.flush()
        wait_until(lambda: len(gone) == len(upstream_of_all.asked))
        upstream_of_all.reset()
        wait_until(lambda: all_pass(client, tenant))


def test_streams_cancelled_after_their_first_event_are_no_abuse(tenant: Tenant, upstream_of_all: Upstream) -> None:
    async def stream(asked: Asked) -> None:
        await asked.begin()
        await asked.chunk(b'data: {"choices": []}\n\n')
        await asked.until_gone()

    upstream_of_all.reset()
    upstream_of_all.script = stream
    key, kind = ("authorization", f"Bearer {tenant.key}"), ("content-type", "application/json")
    body = json.dumps({"model": "m", "stream": True, "messages": []}).encode()
    with tenant.gateway.connect(stranger()) as connection:
        client = Http2(connection)
        for _ in range(210):
            asked = client.send([*PSEUDO, key, kind], body)
            while asked not in client._bodies and not client.gone:
                client._receive()
            client.cancel(asked)
        upstream_of_all.reset()
        assert client.answer(client.send([*PSEUDO, key, kind], b"{"))[0] == 400 and not client.gone


def test_a_client_that_resets_nearly_all_it_asks_for_is_sent_away(gateway: Gateway) -> None:
    with gateway.connect(stranger()) as connection:
        client = Http2(connection)
        for _ in range(400):  # some are answered before their reset is read
            stream = client.h2.get_next_available_stream_id()
            client.h2.send_headers(stream, PSEUDO)
            client.h2.reset_stream(stream, 8)
        client.flush()
        while not client.gone:
            client.answer(stream + 2)
        assert client.h2.state_machine.state is h2.connection.ConnectionState.CLOSED


def test_bad_input_is_never_cached(tenant: Tenant, upstream_of_all: Upstream) -> None:
    upstream_of_all.reset()
    for bad in ("rubbish JSON", "wrong content type", "double slash"):
        for _ in range(2):
            sent(tenant.gateway, http1(tenant, REQUESTS[bad]))
    assert not upstream_of_all.asked
    assert tenant.chat("What is a good question?").headers["x-cache-status"] == "MISS"


def test_rows_stand_for_what_resolved_to_the_tenant(gateway: Gateway, upstream_of_all: Upstream) -> None:
    tenant = gateway.tenant(upstream_of_all.url)
    expected: list[int] = []
    for name in ("rubbish JSON", "array", "model a number", "wrong content type", "50 MB", "TRACE"):
        sent(gateway, http1(tenant, REQUESTS[name]))
        expected.append(REQUESTS[name].expected)
    for name in ("unknown path", "no credential", "1 MB header", "dot segments", "login that is no JSON"):
        sent(gateway, http1(tenant, REQUESTS[name]))
    assert Counter(row["status"] for row in tenant.wait_rows(len(expected))) == Counter(expected)


def test_no_secret_and_no_prompt_is_in_the_log(tenant: Tenant) -> None:
    token = tenant.gateway.client.post("/auth/token", json={"api_key": tenant.key}).json()["token"]
    for target in (f"{CHAT}?key={tenant.key}", f"/v1/../x?key={token}", f"/nowhere?key={tenant.key}"):
        sent(tenant.gateway, http1(tenant, Bad(0, path=target, body=b"{nope " + MARK.encode())))
    sent(tenant.gateway, f"GET {token} {tenant.key}\r\n\r\n".encode())
    logs = tenant.gateway.output() + "".join(
        path.read_text(errors="replace") for path in tenant.gateway.data_dir.rglob("*.log")
    )
    assert logs
    for secret in (tenant.key, token, MARK):
        assert secret not in logs
