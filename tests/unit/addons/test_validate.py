"""Which model a request asks for: named in the body or the path, filled in, replaced, refused; and what is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from addons.exchange import Exchange, begin_exchange
from addons.validate import ValidateStage
from mitmgate.core.directory import Key, KeyId, Tenant, TenantId
from mitmgate.core.paths import Route, endpoint_of
from mitmgate.core.settings import Settings
from mitmgate.proxy.plan import Plan

KEY = Key(KeyId(1), TenantId(1), "k", "mg_k", b"", frozenset({"any"}))
TENANT = Tenant(TenantId(1), "t", 1, "active", "https://up.example", 10, (KEY,))
LIMITED = replace(TENANT, allowed_models=frozenset({"m"}))
GEMINI = "/v1beta/models/m:generateContent"
AZURE = "/openai/deployments/m/chat/completions"


def asked(path: str, body: dict[str, Any], tenant: Tenant) -> tuple[http.HTTPFlow, Exchange]:
    """The request after the stage."""
    headers = http.Headers([(b"content-type", b"application/json")])
    request = tutils.treq(method=b"POST", path=path.encode(), headers=headers, content=json.dumps(body).encode())
    flow = tflow.tflow(req=request)
    flow.response = None
    exchange = Exchange("127.0.0.1", path, "", dict(request.headers))
    exchange.route, exchange.endpoint, exchange.tenant, exchange.key = Route.API, endpoint_of(path), tenant, KEY
    exchange.plan = Plan(lambda error: http.Response.make(error.status), 1 << 20)
    begin_exchange(flow, exchange)
    stage = ValidateStage(Settings(Path("unused")).limits)
    for hook in (stage.requestheaders, stage.request):
        assert hook(flow) is None
    return flow, exchange


@pytest.mark.parametrize("path", [GEMINI, AZURE])
def test_a_model_in_the_path_is_the_one_that_counts(path: str) -> None:
    flow, exchange = asked(path, {"contents": []}, replace(LIMITED, default_model="d"))
    assert flow.response is None
    assert exchange.model == "m"
    assert flow.request.json() == {"contents": []}


@pytest.mark.parametrize("path", [GEMINI.replace("/m:", "/n:"), AZURE.replace("/m/", "/n/")])
def test_a_model_in_the_path_that_is_not_allowed_is_refused(path: str) -> None:
    flow, exchange = asked(path, {"model": "m"}, LIMITED)
    assert flow.response is not None
    assert exchange.error == "model_not_allowed"


@pytest.mark.parametrize(
    ("path", "filled"),
    [
        ("/v1/chat/completions", True),
        ("/v1/messages", True),
        ("/v1/embeddings", True),
        ("/v1/moderations", False),
        ("/v1/images/generations", False),
        ("/v1/messages/batches", False),
        ("/v1/vector_stores", False),
    ],
)
def test_the_default_model_is_filled_in_only_where_one_is_needed(path: str, filled: bool) -> None:
    flow, exchange = asked(path, {"a": 1}, replace(TENANT, default_model="d"))
    assert flow.response is None
    assert flow.request.json() == ({"a": 1, "model": "d"} if filled else {"a": 1})
    assert exchange.model == ("d" if filled else None)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {}),
        ("/v1/batches", {"input_file_id": "file-1"}),
        ("/v1/messages/batches", {"model": "m", "requests": [{"params": {"model": "n"}}]}),
        ("/v1/realtime/client_secrets", {"session": {"model": "n"}}),
    ],
)
def test_what_may_hold_another_model_does_not_get_round_allowed_models(path: str, body: dict[str, Any]) -> None:
    flow, exchange = asked(path, body, LIMITED)
    assert flow.response is not None
    assert exchange.error == "model_not_allowed"
    free, _ = asked(path, body, TENANT)
    assert free.response is None
