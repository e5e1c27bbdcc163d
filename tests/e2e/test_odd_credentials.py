"""Credentials that are none: each is a 401 in the client's own format, and stands in no log line."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import jwt
import pytest

from mitmgate.core.keys import make_key
from tests.e2e.harness import Tenant, stranger
from tests.e2e.upstream import Upstream

Lines = Callable[[str, str], list[bytes]]  # the tenant's key and its token -> header lines


def bearer(credential: str) -> list[bytes]:
    return [f"Authorization: Bearer {credential}".encode()]


def forged(token: str, **header: object) -> list[bytes]:
    """The token's claims under another header, with a signature of the right length."""
    encoded = base64.urlsafe_b64encode(json.dumps({**jwt.get_unverified_header(token), **header}).encode())
    return bearer(f"{encoded.rstrip(b'=').decode()}.{token.split('.')[1]}.{'A' * 43}")


ODD: dict[str, Lines] = {
    "unknown, right checksum": lambda key, token: bearer(make_key()),
    "another beside the right one": lambda key, token: [*bearer(key), f"x-api-key: {make_key()}".encode()],
    "two in one header": lambda key, token: bearer(f"{key}, Bearer {key}"),
    "a tab within": lambda key, token: [f"Authorization: Bearer\t{key}".encode()],
    "Basic that is none": lambda key, token: [b"Authorization: Basic !!!"],
    "Digest": lambda key, token: [f'Authorization: Digest username="{key}"'.encode()],
    "in a query of another name": lambda key, token: [],
    "in a cookie": lambda key, token: [f"Cookie: key={key}".encode()],
    "in x-auth-token": lambda key, token: [f"X-Auth-Token: {key}".encode()],
    "no text": lambda key, token: [b"Authorization: Bearer \xff\xfe\xc3\xa9"],
    "very long": lambda key, token: bearer("mg_" + "a" * 50_000),
    "empty": lambda key, token: [b"Authorization: Bearer "],
    "alg none": lambda key, token: forged(token, alg="none"),
    "alg RS256": lambda key, token: forged(token, alg="RS256"),
    "kid unknown": lambda key, token: forged(token, kid="another"),
    "crit": lambda key, token: forged(token, crit=["exp"]),
    "unsigned": lambda key, token: bearer(token.rpartition(".")[0] + "."),
    "padded": lambda key, token: bearer(token + "="),
}


@pytest.mark.parametrize("name", ODD)
def test_it_is_a_401_in_the_clients_format(tenant: Tenant, upstream: Upstream, name: str) -> None:
    gateway = tenant.gateway
    token = gateway.client.post("/auth/token", json={"api_key": tenant.key}).json()["token"]
    lines = ODD[name](tenant.key, token)
    query = f"?api_key={tenant.key}" if name == "in a query of another name" else ""
    for path in ("/v1/chat/completions", "/v1/messages"):
        head = [f"POST {path}{query} HTTP/1.1".encode(), b"Host: gw", *lines, b"Content-Type: application/json"]
        reply = gateway.ask_raw(
            b"\r\n".join([*head, b"Content-Length: 2", b"Connection: close", b"", b"{}"]), stranger()
        )
        assert reply.startswith(b"HTTP/1.1 401 "), reply[:200]
        assert b"\r\nwww-authenticate: bearer" in reply.lower()
        body = json.loads(reply.partition(b"\r\n\r\n")[2])
        assert (body.get("type") == "error") == (path == "/v1/messages")
        assert body["error"]["type"] == "authentication_error"
        assert tenant.key not in str(body)
    assert not upstream.asked
    said = gateway.output()
    assert tenant.key not in said and token.rpartition(".")[2] not in said and "eyJ" not in said
