"""Who may not use all models is shown those alone; for the others nothing changes."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from addons.exchange import Exchange, begin_exchange
from addons.listing import ListingStage
from mitmgate.core.paths import Route, endpoint_of
from mitmgate.proxy.plan import Plan
from tests.unit.addons.test_models import KEY, LIMITED, TENANT

BODY = b'{"object": "list", "data": [{"id": "m"}, {"id": "n"}]}'


def asked(
    path: str,
    body: bytes,
    method: str = "GET",
    limited: bool = True,
    aliases: dict[str, str] | None = None,
    **headers: str,
) -> tuple[http.Response, bool]:
    """-> the answer after the stage, and whether the upstream was asked"""
    flow = tflow.tflow(req=tutils.treq(method=method.encode(), path=path.encode()))
    exchange = Exchange("127.0.0.1", path, "", {})
    exchange.route, exchange.endpoint = Route.API, endpoint_of(path)
    exchange.tenant, exchange.key = replace(LIMITED if limited else TENANT, model_aliases=aliases), KEY
    exchange.plan = Plan(lambda error: http.Response.make(error.status), 1 << 20)
    begin_exchange(flow, exchange)
    stage = ListingStage()
    stage.requestheaders(flow)
    if flow.response is not None:
        return flow.response, False
    exchange.plan.begin_attempt(again=False)
    flow.response = tutils.tresp(status_code=200, content=body, headers=http.Headers(content_type="application/json"))
    for name, value in headers.items():
        flow.response.headers[name.replace("_", "-")] = value
    stage.response(flow)
    assert flow.response is not None
    return flow.response, True


@pytest.mark.parametrize("path", ["/v1/models", "/api/v1/models", "/v1/models/", "/V1/Models"])
def test_a_list_has_the_allowed_models_only(path: str) -> None:
    answer, _ = asked(path, BODY, etag='"whole"', content_length=str(len(BODY)))
    assert json.loads(answer.raw_content or b"")["data"] == [{"id": "m"}]
    assert "etag" not in answer.headers and "content-length" not in answer.headers


def test_aliases_are_listed_as_what_they_stand_for() -> None:
    aliases = {"fast": "m", "hidden": "n", "gone": "x", "m": "n"}
    answer, _ = asked("/v1/models", BODY, aliases=aliases)
    assert json.loads(answer.raw_content or b"")["data"] == [{"id": "m"}, {"id": "fast"}]
    answer, _ = asked("/v1/models", BODY, limited=False, aliases={"fast": "n"}, etag="x")
    assert json.loads(answer.raw_content or b"")["data"] == [{"id": "m"}, {"id": "n"}, {"id": "fast"}]
    assert "etag" not in answer.headers
    for body in (b"rubbish", b"[]", b'{"data": 1}', b'{"models": [{"name": "m"}]}'):
        answer, _ = asked("/v1/models", body, limited=False, aliases={"fast": "m"})
        assert answer.status_code == 200 and answer.raw_content == body


def test_an_encoded_list_is_read() -> None:
    answer, _ = asked("/v1/models", gzip.compress(BODY, mtime=0), content_encoding="gzip")
    assert json.loads(answer.raw_content or b"")["data"] == [{"id": "m"}]
    assert "content-encoding" not in answer.headers


def test_without_limits_every_byte_stays() -> None:
    packed = gzip.compress(BODY)
    answer, _ = asked("/v1/models", packed, limited=False, content_encoding="gzip", etag="x")
    assert answer.raw_content == packed and answer.headers["etag"] == "x"
    assert asked("/v1/models/n", BODY, limited=False)[0].raw_content == BODY


def test_both_tenant_and_key_must_allow_it() -> None:
    tenant, key = replace(TENANT, allowed_models=frozenset({"m", "n"})), replace(KEY, allowed_models=frozenset({"n"}))
    exchange = Exchange("", "/v1/models", "", {})
    exchange.route, exchange.endpoint, exchange.tenant, exchange.key = Route.API, "/v1/models", tenant, key
    exchange.plan = Plan(lambda error: http.Response.make(error.status), 1)
    exchange.plan.begin_attempt(again=False)
    flow = tflow.tflow(req=tutils.treq(method=b"GET"))
    begin_exchange(flow, exchange)
    ListingStage().requestheaders(flow)
    flow.response = tutils.tresp(content=BODY)
    ListingStage().response(flow)
    assert [model["id"] for model in flow.response.json()["data"]] == ["n"]


@pytest.mark.parametrize("path", ["/v1/models/n", "/api/v1/models/n", "/v1/models/%6E%C3%B6", "/v1/models/m/n"])
def test_a_model_that_may_not_be_used_is_none(path: str) -> None:
    answer, was_asked = asked(path, BODY)
    assert answer.status_code == 404 and not was_asked
    assert asked("/v1/models/m", BODY)[1]


@pytest.mark.parametrize("body", [b"<html>", b"[]", gzip.compress(BODY, mtime=0)])
def test_a_list_that_cannot_be_read_is_not_passed_on(body: bytes) -> None:
    answer, _ = asked("/v1/models", body, x_request_id="7")
    assert answer.status_code == 502 and b"html" not in (answer.raw_content or b"")
    assert json.loads(answer.raw_content or b"")["error"]["code"] == "models_not_readable"
    assert answer.headers["x-request-id"] == "7"


def test_a_list_that_breaks_the_stage_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError

    monkeypatch.setattr("addons.listing.only_allowed", broken)
    assert asked("/v1/models", BODY)[0].status_code == 502


def test_of_head_only_the_length_goes() -> None:
    answer, _ = asked("/v1/models", b"", "HEAD", content_length="99", content_encoding="gzip")
    assert answer.status_code == 200 and "content-length" not in answer.headers
