"""Which model a request asks for: named in the body or the path, filled in, replaced, refused; and what is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from addons.exchange import Exchange, begin_exchange
from addons.models import ModelsStage
from addons.turns import LongWork
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


def asked(
    path: str, body: object, tenant: Tenant, method: str = "POST", **headers: str
) -> tuple[http.HTTPFlow, Exchange]:
    """The request after the two stages. body is JSON, or its bytes."""
    fields = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = http.Headers([(name.encode(), value.encode()) for name, value in fields.items() if value])
    request = tutils.treq(method=method.encode("latin-1"), path=path.encode(), headers=given, content=raw)
    request.headers["content-length"] = str(len(raw))
    flow = tflow.tflow(req=request)
    flow.response = None
    exchange = Exchange(
        "127.0.0.1",
        path.partition("?")[0],
        path.partition("?")[2],
        {name.lower(): value for name, value in request.headers.items()},
    )
    exchange.route, exchange.endpoint, exchange.tenant, exchange.key = Route.API, endpoint_of(path), tenant, KEY
    exchange.plan = Plan(lambda error: http.Response.make(error.status), 1 << 20)
    begin_exchange(flow, exchange)
    stages = (ValidateStage(Settings(Path("unused")).limits, LongWork()), ModelsStage(LongWork()))
    for stage in stages:
        assert stage.requestheaders(flow) is None
    _request_stages(flow, stages)
    return flow, exchange


def _request_stages(flow: http.HTTPFlow, stages: tuple[ValidateStage, ModelsStage]) -> None:
    for stage in stages:
        if (pending := stage.request(flow)) is not None:
            asyncio.run(_finish(pending))


async def _finish(pending: Awaitable[object]) -> None:
    await pending


def error_in(flow: http.HTTPFlow) -> dict[str, Any]:
    assert flow.response is not None
    error: dict[str, Any] = json.loads(flow.response.content or b"")["error"]
    return error


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


CHAT = "/v1/chat/completions"
ROUND: dict[str, tuple[str, str, object, str]] = {
    "GET with a body": ("GET", "/v1/responses/r", {"model": "n"}, "model"),
    "DELETE with a body": ("DELETE", CHAT, {"model": "m"}, "model"),
    "OPTIONS with a body": ("OPTIONS", CHAT, {"model": "n"}, "model"),
    "HEAD with a body": ("HEAD", CHAT, b"model=n", "model"),
    "realtime": ("GET", "/v1/realtime?model=n", b"", "model"),
    "realtime without": ("GET", "/v1/realtime", b"", "model"),
    "realtime twice": ("GET", "/v1/realtime?model=m&model=n", b"", "model"),
    "realtime of Azure": ("GET", "/openai/realtime?deployment=n", b"", "deployment"),
    "query, escaped": ("GET", "/v1/realtime?model=m&%6Dod%65l=n", b"", "model"),
    "query, escaped twice": ("POST", CHAT + "?%256Dodel=n", {"model": "m"}, "model"),
    "query, other case": ("POST", CHAT + "?x;MODEL=n", {"model": "m"}, "MODEL"),
    "query, as a list": ("POST", CHAT + "?model%5B%5D=n", {"model": "m"}, "model[]"),
    "query, deployment id": ("POST", CHAT + "?deployment_id=n", {"model": "m"}, "deployment_id"),
    "tuned model": ("POST", "/v1beta/tunedModels/m:generateContent", {"contents": []}, "model"),
    "dynamic model": ("POST", "/v1beta/dynamic/m:generateContent", {"model": "m"}, "model"),
    "engine in the path": ("POST", "/v1/engines/n/completions", {"model": "m"}, "model"),
    "Cloudflare": ("POST", "/v1/accounts/a/ai/run/@cf/n", {"model": "m"}, "model"),
    "modelId": ("POST", CHAT, {"model": "m", "modelId": "n"}, "modelId"),
    "other case": ("POST", CHAT, {"model": "m", "MODEL": "n"}, "MODEL"),
    "OpenRouter's list": ("POST", CHAT, {"model": "m", "models": ["m", "n"]}, "models"),
    "OpenRouter's route": ("POST", CHAT, {"model": "m", "route": "fallback"}, "route"),
    "OpenRouter's plugin": ("POST", CHAT, {"model": "m", "plugins": [{"id": "w", "model": "n"}]}, "model"),
    "Azure's deployment": ("POST", CHAT, {"model": "m", "deployment_id": "n"}, "deployment_id"),
    "engine": ("POST", CHAT, {"model": "m", "engine": "n"}, "engine"),
    "fallbacks": ("POST", CHAT, {"model": "m", "fallbacks": [{"gpt": ["n"]}]}, "fallbacks"),
    "in a tool": (
        "POST",
        "/v1/responses",
        {"model": "m", "input": "x", "tools": [{"type": "image_generation", "model": "n"}]},
        "model",
    ),
    "in requests": ("POST", "/v1beta/models/m:batchEmbedContents", {"requests": [{"model": "models/n"}]}, "model"),
    "a number": ("POST", CHAT, {"model": "m", "model_id": 7}, "model_id"),
    "in an object": ("POST", CHAT, {"model": "m", "model_config": {"name": "n"}}, "model_config"),
    "session": ("POST", "/v1/realtime", {"session": {"model": "n"}}, "model"),
    "images without": ("POST", "/v1/images/edits", {"prompt": "x"}, "model"),
    "made from": ("POST", "/api/create", {"model": "m", "from": "n"}, "from"),
}


@pytest.mark.parametrize("name", ROUND)
def test_what_names_another_model_in_another_way_does_not_get_round_allowed_models(name: str) -> None:
    method, path, body, param = ROUND[name]
    flow, _ = asked(path, body, LIMITED, method)
    assert error_in(flow)["code"] == "model_not_allowed"
    assert error_in(flow)["param"] == param
    free, _ = asked(path, body, TENANT, method)
    assert free.response is None
    assert free.request.raw_content == (body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize("header", ["azureml_model_deployment", "x_portkey_config", "Helicone_Fallbacks"])
def test_a_header_that_names_another_model_does_not_either(header: str) -> None:
    flow, _ = asked(CHAT, {"model": "m"}, LIMITED, **{header: "n"})
    assert error_in(flow)["param"] == header.replace("_", "-")
    same, _ = asked(CHAT, {"model": "m"}, LIMITED, **{header: "m"})
    assert same.response is None


FREE = {
    "model": "m",
    "messages": [{"role": "user", "content": [{"type": "x", "model": "n"}]}],
    "metadata": {"model": "n"},
    "tools": [
        {"type": "function", "function": {"name": "f", "parameters": {"properties": {"model": {"type": "string"}}}}},
        {"name": "f", "input_schema": {"properties": {"deployment": {"type": "string"}}}},
    ],
    "response_format": {"type": "json_schema", "json_schema": {"schema": {"model": 1}}},
    "provider": {"allow_fallbacks": False},
    "models": ["m"],
    "modelId": None,
    "temperature": 1,
}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", CHAT, FREE),
        ("POST", "/v1/messages?beta=true", FREE),
        ("GET", "/v1/realtime?model=m", b""),
        ("GET", "/v1/models", b""),
        ("GET", "/v1/responses/r", b""),
        ("DELETE", "/v1/files/f", b""),
        ("POST", "/v1/batches/b/cancel", b""),
        ("POST", "/v1/responses/r/cancel", {}),
        ("POST", GEMINI, {"contents": [], "generateContentRequest": {"model": "models/m"}}),
        ("POST", "/v1beta/models/m:countTokens", {"model": "models/m", "contents": []}),
        ("POST", "/v1/vector_stores", {"name": "x"}),
    ],
)
def test_who_keeps_to_allowed_models_is_not_disturbed(method: str, path: str, body: object) -> None:
    flow, _ = asked(path, body, LIMITED, method)
    assert flow.response is None
    assert flow.request.raw_content == (body if isinstance(body, bytes) else json.dumps(body).encode())


def test_a_call_that_takes_nothing_names_no_model() -> None:
    for kind in ("application/json", ""):
        flow, exchange = asked("/v1/batches/b/cancel", b"", LIMITED, content_type=kind)
        assert flow.response is None and not exchange.is_upload


def test_a_form_is_not_read_and_so_not_let_through() -> None:
    form = b"--x\r\n\r\n--x--"
    flow, _ = asked("/v1/images/edits", form, LIMITED, content_type="multipart/form-data; boundary=x")
    assert error_in(flow)["code"] == "model_not_allowed"
    free, exchange = asked("/v1/images/edits", form, TENANT, content_type="multipart/form-data; boundary=x")
    assert free.response is None and exchange.is_upload


def test_a_key_that_limits_models_does_as_a_tenant_does() -> None:
    limited = ModelsStage(LongWork())
    flow, exchange = asked(CHAT, {"model": "m", "models": ["n"]}, TENANT)
    assert flow.response is None
    exchange.key = replace(KEY, allowed_models=frozenset({"m"}))
    limited.request(flow)
    assert error_in(flow)["param"] == "models"


ODD = b'{ "n": 123456789012345678901234567890, "f": 1.0e+02, "d": ' + b"[" * 300 + b"]" * 300 + b' , "model" : "a" }'


def test_an_alias_changes_the_model_and_no_other_byte() -> None:
    flow, exchange = asked(CHAT, ODD, replace(TENANT, model_aliases={"a": "m\u00e9"}))
    assert flow.response is None
    assert flow.request.raw_content == ODD.replace(b'"a"', '"m\u00e9"'.encode())
    assert exchange.model == "m\u00e9"


@pytest.mark.parametrize("none", [b'"model" : null', b'"model" : ""', b'"user" : "u"'])
def test_the_default_model_is_put_in_and_no_other_byte_changed(none: bytes) -> None:
    raw = ODD.replace(b'"model" : "a"', none)
    flow, _ = asked(CHAT, raw, replace(TENANT, default_model="d"))
    assert flow.response is None
    named = none.replace(b"null", b'"d"').replace(b'""', b'"d"')
    expected = raw.replace(none, named) if named != none else b'{"model":"d",' + raw[1:]
    assert flow.request.raw_content == expected
