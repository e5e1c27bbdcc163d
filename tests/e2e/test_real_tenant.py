"""A tenant with a TLS upstream and a credential there: what reaches the upstream, what reaches the client."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from mitmgate.core.keys import make_key
from tests.e2e.conftest import Vendors
from tests.e2e.harness import Gateway, Tenant, bearer, both_formats, error_of, stranger, wait_until
from tests.e2e.served import DEMO_KEY
from tests.e2e.upstream import Asked, completion

SECRET = "sk-vendor-Zq3vT9xLw2"
VENDOR = "https://api.vendor.test"
BEARER = {"header": "Authorization", "value": f"Bearer {SECRET}"}
X_API_KEY = {"header": "x-api-key", "value": SECRET}
CHAT = "/v1/chat/completions"
# A body that no JSON library writes: it has to arrive as it was sent.
BODY = b'{ "messages" : [{"role":"user", "content":"a\\u0062c \xc3\xa9 "}],\n\t"model":"m",  "temperature": 1e0,"x":[]}'
OURS = ("x-cache-", "x-mitmgate-", "x-forwarded-", "x-timeout-", "x-request-id", "cookie", "forwarded")


@pytest.fixture
def tenant(gateway: Gateway, vendors: Vendors) -> Tenant:
    return gateway.tenant(VENDOR, upstream_auth=BEARER)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Proxy-Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


# how a credential may come -> headers and query
WAYS = {
    "Authorization": lambda key: (bearer(key), ""),
    "Authorization, lower case": lambda key: ({"authorization": f"bearer {key}"}, ""),
    "Authorization, bare": lambda key: ({"Authorization": key}, ""),
    "x-api-key": lambda key: ({"x-api-key": key}, ""),
    "api-key": lambda key: ({"api-key": key}, ""),
    "x-goog-api-key": lambda key: ({"x-goog-api-key": key}, ""),
    "query": lambda key: ({}, f"?key={key}"),
    "query among others": lambda key: ({}, f"?alt=sse&key={key}&a=%20b"),
    "query, encoded name": lambda key: ({}, f"?k%65y={key}"),
    "Proxy-Authorization Bearer": lambda key: ({"Proxy-Authorization": f"Bearer {key}"}, ""),
    "Proxy-Authorization Basic, user": lambda key: (basic(key, ""), ""),
    "Proxy-Authorization Basic, password": lambda key: (basic("any", key), ""),
    "everywhere": lambda key: (
        {**bearer(key), **basic("any", key), "x-api-key": key, "api-key": key, "x-goog-api-key": key, "Cookie": key},
        f"?key={key}&KEY={key}",
    ),
}


# ---- what reaches the upstream


@pytest.mark.parametrize("kind", ["key", "token"])
@pytest.mark.parametrize("way", WAYS)
def test_our_credential_stays_here_whichever_way_it_came(tenant: Tenant, vendors: Vendors, way: str, kind: str) -> None:
    credential = tenant.key
    if kind == "token":
        credential = tenant.gateway.client.post("/auth/token", json={"api_key": tenant.key}).json()["token"]
    headers, query = WAYS[way](credential)
    answer = tenant.gateway.client.post(
        f"{CHAT}{query}", content=BODY, headers={**headers, "Content-Type": "application/json", "X-Cache-Mode": "off"}
    )
    assert answer.status_code == 200, answer.text
    (asked,) = vendors.trusted.asked
    assert credential.encode() not in asked.head + asked.body
    assert base64.b64encode(credential.encode())[:-3] not in asked.head
    assert asked.values("authorization") == [f"Bearer {SECRET}"]
    for name in ("x-api-key", "api-key", "x-goog-api-key", "proxy-authorization", "cookie"):
        assert not asked.values(name)
    assert "key=" not in asked.target.lower()


# where it has no business, beside the place it belongs in -> headers and query
STRAYS = {
    "query": lambda key: ({}, f"?api_key={key}&a=1"),
    "query, encoded": lambda key: ({}, f"?a=1&access_token={quote(key).replace('_', '%5F').replace('-', '%2D')}"),
    "Referer": lambda key: ({"Referer": f"http://gw/v1/models?key={key}"}, ""),
    "subprotocol": lambda key: ({"Sec-WebSocket-Protocol": f"realtime, openai-insecure-api-key.{key}"}, ""),
    "x-auth-token": lambda key: ({"X-Auth-Token": key}, ""),
    "any header": lambda key: ({"X-Whatever": f"a {key} b"}, ""),
    "Basic": lambda key: ({"X-Authorization": basic("me", key)["Proxy-Authorization"]}, ""),
    "Accept-Encoding": lambda key: ({"Accept-Encoding": f"identity, {key}"}, ""),
}


@pytest.mark.parametrize("kind", ["key", "token", "another's key"])
@pytest.mark.parametrize("stray", STRAYS)
def test_our_credential_stays_here_where_it_does_not_belong_either(
    gateway: Gateway, tenant: Tenant, vendors: Vendors, stray: str, kind: str
) -> None:
    credential = tenant.key
    if kind == "token":
        credential = gateway.client.post("/auth/token", json={"api_key": tenant.key}).json()["token"]
    if kind == "another's key":
        credential = make_key()
    headers, query = STRAYS[stray](credential)
    headers = {**bearer(tenant.key), **headers, "Content-Type": "application/json", "X-Cache-Mode": "off"}
    answer = gateway.client.post(f"{CHAT}{query}", content=BODY, headers=headers)
    assert answer.status_code == 200, answer.text
    upload = gateway.client.post(f"/v1/files{query}", content=b"x", headers={**headers, "Content-Type": "text/plain"})
    assert upload.status_code == 200, upload.text
    for asked in vendors.trusted.asked:
        head = unquote(asked.head.decode("latin-1"))
        assert credential not in head and base64.b64encode(f"me:{credential}".encode()).decode() not in head
        assert asked.target.partition("?")[2] == ("a=1" if query else "")
    assert credential not in gateway.output()


def test_a_credential_in_the_path_is_refused(tenant: Tenant, vendors: Vendors) -> None:
    for path in (f"/v1/files/{tenant.key}", f"/v1/files/{tenant.key.replace('_', '%5F')}/content"):
        answer = tenant.request("GET", path)
        assert answer.status_code == 400
        assert error_of(answer)["code"] in ("credential_in_path", "invalid_path")
    assert not vendors.trusted.asked
    assert tenant.key not in tenant.gateway.output() and tenant.key not in str(tenant.rows())


def test_a_credential_is_not_kept_as_the_clients_request_id(tenant: Tenant) -> None:
    answer = tenant.chat(headers={"X-Request-Id": tenant.key})
    assert "x-client-request-id" not in answer.headers
    assert tenant.only_row()["client_request_id"] is None


def test_the_body_reaches_the_upstream_byte_for_byte(tenant: Tenant, vendors: Vendors) -> None:
    assert tenant.post(CHAT, content=BODY, headers={"Content-Type": "application/json"}).status_code == 200
    assert vendors.trusted.asked[0].body == BODY
    assert vendors.trusted.asked[0].values("host") == ["api.vendor.test"]


def test_the_query_but_for_the_key_reaches_the_upstream_byte_for_byte(tenant: Tenant, vendors: Vendors) -> None:
    raw = f"POST {CHAT}?b=%2f+%41&key={tenant.key}&a=1&a=&c HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n"
    reply = tenant.gateway.ask_raw(f"{raw}Content-Type: application/json\r\n\r\n".encode() + BODY)
    assert reply.startswith(b"HTTP/1.1 200 ")
    assert vendors.trusted.asked[0].target == f"{CHAT}?b=%2f+%41&a=1&a=&c"


def test_no_header_of_the_gateways_or_of_the_clients_network_reaches_the_upstream(
    tenant: Tenant, vendors: Vendors
) -> None:
    headers = {
        "Cache-Control": "no-cache",
        "Connection": "keep-alive, X-Named",
        "X-Named": "1",
        "Cookie": "session=1",
        "Forwarded": "for=10.0.0.1",
        "Via": "1.1 x",
        "X-Cache-Mode": "exact",
        "X-Cache-Namespace": "n",
        "X-Cache-TTL": "5",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Host": "internal",
        "X-Mitmgate-Client": "1.2.3.4",
        "X-Request-Id": "mine",
        "X-Timeout-Ms": "9000",
        "TE": "trailers",
        "Upgrade": "websocket",
        "X-HTTP-Method-Override": "DELETE",
        "anthropic-version": "2023-06-01",
        "X-Mine": "kept",
    }
    assert tenant.chat(headers=headers).status_code == 200
    (asked,) = vendors.trusted.asked
    names = [name for name, _ in asked.headers]
    assert not [name for name in names if name.startswith(OURS)]
    assert len(asked.values("via")) == 1 and asked.values("via")[0].startswith("1.1 mitmgate-")
    assert not {"x-named", "te", "upgrade", "cache-control", "x-http-method-override"} & set(names)
    assert asked.values("x-mine") == ["kept"] and asked.values("anthropic-version") == ["2023-06-01"]


def test_an_anthropic_like_upstream_gets_its_key_in_its_own_header(gateway: Gateway, vendors: Vendors) -> None:
    tenant = gateway.tenant(VENDOR, upstream_auth=X_API_KEY, upstream_format="anthropic")
    for credential in (bearer(tenant.key), {"x-api-key": tenant.key, "Authorization": ""}):
        assert tenant.message(headers={**credential, "X-Cache-Mode": "off"}).status_code == 200
    for asked in vendors.trusted.asked:
        assert asked.values("x-api-key") == [SECRET]
        assert not asked.values("authorization")


def test_without_an_upstream_credential_none_is_sent(gateway: Gateway, vendors: Vendors) -> None:
    tenant = gateway.tenant(VENDOR)
    assert tenant.chat().status_code == 200
    names = {name for name, _ in vendors.trusted.asked[0].headers}
    assert not names & {"authorization", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization"}


def test_a_changed_credential_goes_with_the_next_request(tenant: Tenant, vendors: Vendors) -> None:
    assert tenant.chat("one").status_code == 200
    change = {"upstream_auth": {"header": "api-key", "value": "another"}}
    assert tenant.admin("PATCH", body=change).status_code == 200
    assert tenant.chat("two").status_code == 200
    assert vendors.trusted.asked[1].values("api-key") == ["another"]
    assert not vendors.trusted.asked[1].values("authorization")


@pytest.mark.parametrize(
    ("backend", "path", "target"),
    [
        ("", "/v1/chat/completions", "/v1/chat/completions"),
        ("", "/api/v1/chat/completions", "/v1/chat/completions"),
        ("/v1", "/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/", "/api/v1/chat/completions", "/v1/chat/completions"),
        ("/proxy/v1", "/v1/chat/completions", "/proxy/v1/chat/completions"),
        ("/proxy", "/v1/chat/completions", "/proxy/v1/chat/completions"),
    ],
)
def test_a_shared_path_prefix_is_joined_once(
    gateway: Gateway, vendors: Vendors, backend: str, path: str, target: str
) -> None:
    tenant = gateway.tenant(VENDOR + backend)
    assert tenant.post(path, json={"model": "m", "messages": []}).status_code == 200
    assert vendors.trusted.asked[0].target == target


def test_tenants_do_not_share_connections_and_one_tenant_keeps_its_own(gateway: Gateway, vendors: Vendors) -> None:
    one, two = (gateway.tenant(VENDOR, upstream_auth=BEARER) for _ in range(2))
    with gateway.new_client() as client:  # one connection, so one worker
        for tenant in (one, two, one, two):
            assert client.get("/v1/models", headers=bearer(tenant.key)).status_code == 200
    connections = [asked.connection for asked in vendors.trusted.asked]
    assert connections[0] == connections[2] != connections[1] == connections[3]


# ---- what reaches the client


def test_the_upstreams_credential_never_reaches_the_client_in_a_header(tenant: Tenant, vendors: Vendors) -> None:
    async def echo(asked: Asked) -> None:
        echoed = asked.values("authorization")[0]
        names = ["Authorization", "X-Api-Key", "X-Debug", "X-Your-Headers", "WWW-Authenticate", "Set-Cookie"]
        await asked.answer(completion("x"), headers=[(name, f"was {echoed}") for name in names])

    vendors.trusted.script = echo
    answer = tenant.chat()
    assert answer.status_code == 200
    assert not [name for name, value in answer.headers.items() if SECRET in value]


def test_what_speaks_of_the_vendors_host_does_not_reach_the_client(tenant: Tenant, vendors: Vendors) -> None:
    theirs = {
        "Set-Cookie": "a=b",
        "Alt-Svc": 'h3=":443"',
        "Strict-Transport-Security": "max-age=1",
        "X-RateLimit-Limit-Requests": "7777",
        "X-Request-Id": "theirs",
        "X-Cache-Status": "HIT",
        "X-Upstream-Attempts": "99",
        "Access-Control-Allow-Origin": "*",
        "Cache-Status": "theirs; hit",
        "Age": "5",
        "Server-Timing": "theirs;dur=1",
        "Connection": "X-Hop",
        "X-Hop": "1",
    }

    async def answer_with_them(asked: Asked) -> None:
        await asked.answer(completion("x"), headers=[*theirs.items(), ("openai-version", "2020-10-01")])

    vendors.trusted.script = answer_with_them
    answer = tenant.chat()
    assert answer.headers["openai-version"] == "2020-10-01"
    for name, value in theirs.items():
        assert answer.headers.get(name) != value
    assert answer.headers["x-cache-status"] == "MISS" and answer.headers["x-upstream-attempts"] == "1"
    assert answer.headers["x-upstream"] == "api.vendor.test"


def test_the_credential_stands_nowhere_in_the_clear(tenant: Tenant, vendors: Vendors) -> None:
    assert tenant.chat().status_code == 200
    shown = tenant.admin("GET")
    assert shown.json()["upstream_auth"] == {"header": "Authorization", "set": True}
    everything = [shown.text, tenant.gateway.admin("GET", "/admin/tenants?limit=1000").text, tenant.gateway.output()]
    assert not [text for text in everything if SECRET in text]
    tenant.wait_rows(1)
    files = [path for path in tenant.gateway.data_dir.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert not [path for path in files if SECRET.encode() in _content(path)]
    assert not [path for path in files if tenant.key.encode() in _content(path)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""  # the servers work on


# ---- whom we do not trust


@pytest.mark.parametrize("name", ["unknown", "wrong-name", "expired"])
def test_a_certificate_that_is_not_good_is_a_typed_502(gateway: Gateway, vendors: Vendors, name: str) -> None:
    tenant = gateway.tenant(f"https://{name}.vendor.test", upstream_auth=BEARER)
    for answer in both_formats(tenant):
        assert answer.status_code == 502
        error = error_of(answer)
        assert error["type"] == "api_error" and "certificate" in error["message"]
        assert answer.headers["x-upstream-attempts"] == "1"
    assert not vendors.unknown.asked and not vendors.trusted.asked and not vendors.expired.asked
    assert {row["error"] for row in tenant.wait_rows(2)} == {"upstream_tls_failed"}


def test_a_name_that_leads_nowhere_is_a_typed_502(gateway: Gateway) -> None:
    tenant = gateway.tenant("https://nowhere.invalid")
    for answer in both_formats(tenant):
        assert answer.status_code == 502 and "resolved" in error_of(answer)["message"]


def test_an_upstream_at_a_private_address_needs_leave(gateway: Gateway, tenant: Tenant, vendors: Vendors) -> None:
    wanted = {"name": "x", "backend_url": VENDOR}
    refused = [gateway.admin("POST", "/admin/tenants", wanted)]
    refused.append(tenant.admin("PATCH", body={"allow_private_upstream": False}))
    for answer in refused:
        assert answer.status_code == 422 and answer.json()["error"]["param"] == "backend_url"
    assert tenant.chat().status_code == 200


def test_the_address_is_checked_again_when_it_is_dialled(tenant: Tenant, vendors: Vendors) -> None:
    """A name may lead elsewhere than at the tenant's creation; here the leave is gone without the API having looked."""
    tenant.gateway.execute(f"UPDATE tenants SET allow_private_upstream = false WHERE id = {tenant.id}")
    wait_until(lambda: tenant.chat(headers={"X-Cache-Mode": "off"}).status_code != 200)
    for answer in both_formats(tenant):
        assert answer.status_code == 502 and "address" in error_of(answer)["message"]


def test_a_host_outside_the_allow_list_is_never_asked(strict: Gateway) -> None:
    wanted = {"name": "elsewhere", "backend_url": "https://elsewhere.example", "allow_private_upstream": True}
    answer = strict.admin("POST", "/admin/tenants", wanted)
    assert answer.status_code == 422 and "backend_url" in answer.text
    allowed = strict.tenant(VENDOR)
    answer = allowed.admin("PATCH", body={"backend_url": "https://vendor.test.elsewhere.example"})
    assert answer.status_code == 422


# ---- the demo


def test_the_seeds_quick_test_word_for_word(gateway: Gateway) -> None:
    login = gateway.client.post("/auth/token", json={"api_key": DEMO_KEY})
    assert set(login.json()) == {"token", "expires_in", "token_type"}
    asked = {"messages": [{"role": "user", "content": "What is 2+2?"}]}
    answer = gateway.client.post("/api/v1/chat/completions", json=asked, headers=bearer(login.json()["token"]))
    assert answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "x-forwarded-host", "X-Forwarded-Proto"])
def test_the_demo_key_is_refused_through_a_proxy(gateway: Gateway, header: str) -> None:
    token = gateway.client.post("/auth/token", json={"api_key": DEMO_KEY}).json()["token"]
    with gateway.new_client(address=stranger()) as client:
        for credential in (DEMO_KEY, token):
            answer = client.get("/v1/models", headers={**bearer(credential), header: "for=10.0.0.1"})
            assert answer.status_code == 401
        login = client.post("/auth/token", json={"api_key": DEMO_KEY}, headers={header: "10.0.0.1"})
        assert login.status_code == 401


def test_the_demo_key_and_its_tokens_are_refused_without_the_demo(gateway: Gateway, strict: Gateway) -> None:
    token = gateway.client.post("/auth/token", json={"api_key": DEMO_KEY}).json()["token"]
    with strict.new_client(address=stranger()) as client:
        for credential in (DEMO_KEY, token):
            assert client.get("/v1/models", headers=bearer(credential)).status_code == 401
        assert client.post("/auth/token", json={"api_key": DEMO_KEY}).status_code == 401


def test_a_real_tenants_key_works_through_a_proxy(tenant: Tenant) -> None:
    assert tenant.chat(headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 200


def test_the_answer_reaches_the_client_byte_for_byte(tenant: Tenant, vendors: Vendors) -> None:
    odd = json.dumps(completion("é\u2028"), indent=3).encode() + b"\n \n"

    async def answer_oddly(asked: Asked) -> None:
        await asked.answer(odd)

    vendors.trusted.script = answer_oddly
    assert tenant.chat().content == odd
