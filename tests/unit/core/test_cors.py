"""Which origins a browser lets call the API, and what preflights are answered with."""

from __future__ import annotations

import pytest

from mitmgate.core.cors import Cors, parse_origin

APP = "https://app.example"
ALLOW = b"Access-Control-Allow-Origin"


def test_without_origins_nothing_is_said() -> None:
    cors = Cors(())
    assert cors.answer_fields(APP) == [] == cors.answer_fields(None)
    assert cors.preflight_fields(APP, "POST", None) is None


def test_an_exact_origin_is_echoed_and_others_are_not() -> None:
    cors = Cors([APP, "http://localhost:3000"])
    assert dict(cors.answer_fields(APP)) == {
        ALLOW: APP.encode(),
        b"Vary": b"Origin",
        b"Access-Control-Expose-Headers": b"*",
    }
    for other in ("https://app.example.evil", "http://app.example", "https://APP.example", "null", None):
        assert cors.answer_fields(other) == [(b"Vary", b"Origin")]


def test_any_origin() -> None:
    assert dict(Cors(["*"]).answer_fields("https://x.example"))[ALLOW] == b"*"


def test_a_preflight_gets_what_it_asks_for() -> None:
    fields = Cors([APP]).preflight_fields(APP, "POST", "authorization, content-type")
    assert fields is not None
    assert dict(fields)[b"Access-Control-Allow-Methods"] == b"POST"
    assert dict(fields)[b"Access-Control-Allow-Headers"] == b"authorization, content-type"
    assert Cors([APP]).preflight_fields("https://other.example", "POST", None) == []


@pytest.mark.parametrize(("origin", "method"), [(None, "POST"), (APP, None), (APP, ""), (APP, "a\r\nb: c")])
def test_what_is_no_preflight_needs_a_key(origin: str | None, method: str | None) -> None:
    assert Cors(["*"]).preflight_fields(origin, method, None) is None


@pytest.mark.parametrize("origin", ["*", APP, "http://localhost:3000", "http://[::1]:80"])
def test_origins(origin: str) -> None:
    assert parse_origin(origin) == origin


@pytest.mark.parametrize("origin", ["", "app.example", APP + "/", APP + "/x", "https://*.example", "null", "ftp://x"])
def test_what_is_no_origin(origin: str) -> None:
    with pytest.raises(ValueError):
        parse_origin(origin)
