"""What is replaced in mitmproxy answers as before: both are asked the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import mitmproxy.connection
import mitmproxy.flow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import connection, http
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tutils

from mitmgate.proxy.unburdened import header_value, header_values, unburden_mitmproxy

NAMES = st.sampled_from(["Accept", "accept", "ACCEPT", "Content-Length", "X", "x", "é", ""])
VALUES = st.one_of(st.binary(max_size=8), st.sampled_from([b"a, b", b"\xff", "é".encode()]))
FIELDS = st.lists(st.tuples(NAMES.map(str.encode), VALUES), max_size=6)


@pytest.fixture(scope="module")
def unburdened() -> Iterator[dict[str, Any]]:
    """Replaces them until the module's tests are over. -> the originals"""
    replaced = [
        (http.MessageData, "__post_init__"), (http.Headers, "__init__"), (http.Headers, "get_all"),
        (http.Headers, "get"), (http.Request, "method"), (mitmproxy.flow, "uuid"), (mitmproxy.connection, "uuid"),
    ]  # fmt: skip
    originals = {name: getattr(owner, name) for owner, name in replaced}
    own = [(owner, name, vars(owner).get(name)) for owner, name in replaced]
    assert vars(http.Headers)["get_all"].__module__ == "mitmproxy.http"
    unburden_mitmproxy()
    yield originals
    for owner, name, value in own:
        delattr(owner, name) if value is None else setattr(owner, name, value)


@given(fields=FIELDS, name=NAMES, as_bytes=st.booleans())
def test_a_header_is_found_as_before(fields: list[tuple[bytes, bytes]], name: str, as_bytes: bool) -> None:
    assert vars(http.Headers)["get_all"].__module__ == "mitmproxy.http"  # not compared with itself
    headers, asked = http.Headers(fields), name.encode() if as_bytes else name
    assert header_values(headers, asked) == headers.get_all(asked)
    assert header_value(headers, asked) == headers.get(asked)
    assert header_value(headers, asked, "else") == headers.get(asked, "else")


@given(fields=FIELDS)
def test_headers_are_made_and_looked_at_as_before(
    unburdened: dict[str, Any], fields: list[tuple[bytes, bytes]]
) -> None:
    made, wanted = http.Headers(fields), http.Headers.__new__(http.Headers)
    unburdened["__init__"](wanted, fields)
    assert made.fields == wanted.fields and bytes(made) == bytes(wanted)
    assert http.Headers(map(list, fields)).fields == made.fields
    for name in ("accept", "x", "none"):
        assert made.get(name) == unburdened["get"](made, name)
        assert (name in made) == (made.get(name) is not None)
    assert http.Headers(content_type="a").fields == ((b"content-type", b"a"),)


@given(method=st.one_of(st.sampled_from([b"GET", b"get", b"POST", b""]), st.binary(max_size=6)))
def test_a_method_reads_as_before(unburdened: dict[str, Any], method: bytes) -> None:
    request = tutils.treq(method=method)
    assert request.method == method.decode("utf-8", "surrogateescape").upper()
    request.method = "PUT"
    assert request.data.method == b"PUT"


def test_flows_and_connections_have_ids_of_their_own(unburdened: dict[str, Any]) -> None:
    made = [
        connection.Client(peername=("a", 1), sockname=("b", 2), proxy_mode=ProxyMode.parse("regular")).id
        for _ in range(500)
    ]
    made += [http.HTTPFlow(None, None).id for _ in range(500)]  # type: ignore[arg-type]
    assert len(set(made)) == 1000
    assert all(isinstance(each, str) and str(uuid.UUID(each)) == each for each in made)
    assert all(uuid.UUID(each).version == 4 and uuid.UUID(each).variant == uuid.RFC_4122 for each in made)
