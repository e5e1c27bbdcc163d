"""Whether the request is one that may be answered: sizes, content type, JSON, models."""

from __future__ import annotations

from typing import Any

import orjson
from mitmproxy import http

from addons.exchange import Exchange
from addons.gate import gate
from mitmgate.core.canonical import ambiguity
from mitmgate.core.errors import Refused
from mitmgate.core.paths import OTHER, Route, is_json_path, model_in_path, required_scope
from mitmgate.core.settings import Limits

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
METHODS = WITH_BODY | {"GET", "HEAD", "DELETE", "OPTIONS"}
MAX_MODEL = 200
DEFAULTED = frozenset({"chat", "embeddings"})  # other calls may leave the model out, or know no such field
BATCHES = frozenset({"/v1/batches", "/v1/messages/batches"})  # models stand in a file, or within the list

NO_METHOD = Refused(405, "method_not_allowed", "This method is not forwarded.")
NOT_JSON_TYPE = Refused(415, "unsupported_media_type", "This endpoint takes application/json.")
ENCODED = Refused(415, "unsupported_content_encoding", "Send the body without a content encoding.")
NOT_JSON = Refused(400, "invalid_json", "The body is not valid JSON.")
AMBIGUOUS = Refused(400, "invalid_json", "The body repeats a name, or holds a number beyond 64 bits.")
NOT_OBJECT = Refused(400, "invalid_json", "The body must be a JSON object.")
BAD_MODEL = Refused(400, "invalid_model", "model must be a string of at most 200 printable characters.", param="model")
NOT_ALLOWED = Refused(403, "model_not_allowed", "This model is not allowed here.", param="model")
TOO_LARGE = Refused(413, "request_too_large", "The request's body is larger than the gateway accepts.")


class ValidateStage:
    """Sets is_json, is_upload, body, model and streamed, or refuses: 400, 403, 405, 413, 415."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API:
            return
        request, plan = flow.request, exchange.plan
        assert plan is not None
        if request.method not in METHODS:
            raise NO_METHOD
        headers = exchange.headers
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        must_be_json = is_json_path(exchange.path) and request.method in WITH_BODY
        exchange.is_json = must_be_json or media_type == "application/json" or media_type.endswith("+json")
        if must_be_json and media_type != "application/json":
            raise NOT_JSON_TYPE
        if exchange.is_json and headers.get("content-encoding", "identity").lower() != "identity":
            raise ENCODED
        has_body = "content-length" in headers or "transfer-encoding" in headers or request.is_http2
        exchange.is_upload = has_body and not exchange.is_json and request.method in WITH_BODY
        if (named := model_in_path(exchange.path)) is not None:
            self._permit_model(exchange, named)
            if request.method in WITH_BODY and len(named) <= MAX_MODEL and named.isprintable():
                exchange.model = named
        plan.max_request_bytes = self._limits.max_upload_bytes if exchange.is_upload else self._limits.max_body_bytes
        if exchange.is_upload and not exchange.endpoint.startswith("/v1/files"):
            self._permit_unread_model(exchange)
        if int(headers.get("content-length", "0")) > plan.max_request_bytes:
            raise TOO_LARGE
        request.stream = exchange.is_upload

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API or not exchange.is_json or flow.request.method not in WITH_BODY:
            return
        raw = flow.request.raw_content or b""
        body = self._parse(raw)
        if self._limits_models(exchange) and ambiguity(raw, body) is not None:
            raise AMBIGUOUS  # the upstream might read another model than the one judged here
        model = body.get("model")
        if model is not None and not (isinstance(model, str) and len(model) <= MAX_MODEL and model.isprintable()):
            raise BAD_MODEL
        exchange.body = body
        exchange.streamed = body.get("stream") is True
        self._name_model(flow, exchange, body, model or None)

    @staticmethod
    def _permit_model(exchange: Exchange, model: str | None) -> None:
        assert exchange.tenant is not None and exchange.key is not None
        for allowed in (exchange.tenant.allowed_models, exchange.key.allowed_models):
            if allowed is not None and model not in allowed:
                raise NOT_ALLOWED

    @staticmethod
    def _permit_unread_model(exchange: Exchange) -> None:
        """Where models are limited, what may hold one that is not read here (a form, a batch) is not let through."""
        if ValidateStage._limits_models(exchange):
            raise NOT_ALLOWED

    @staticmethod
    def _limits_models(exchange: Exchange) -> bool:
        assert exchange.tenant is not None and exchange.key is not None
        return exchange.tenant.allowed_models is not None or exchange.key.allowed_models is not None

    @staticmethod
    def _parse(raw: bytes) -> dict[str, Any]:
        try:
            body = orjson.loads(raw)
        except (orjson.JSONDecodeError, RecursionError):
            raise NOT_JSON from None
        if not isinstance(body, dict):
            raise NOT_OBJECT
        return body

    def _name_model(self, flow: http.HTTPFlow, exchange: Exchange, body: dict[str, Any], model: str | None) -> None:
        """Fills in the tenant's default model, replaces an alias, and checks what may be asked for."""
        tenant, in_path = exchange.tenant, exchange.model  # the path's has been checked, and is what the upstream takes
        assert tenant is not None
        wanted = model
        if model is None and in_path is None and required_scope(exchange.endpoint, "POST") in DEFAULTED:
            wanted = tenant.default_model
        if wanted is not None and tenant.model_aliases:
            wanted = tenant.model_aliases.get(wanted, wanted)
        exchange.model = in_path or wanted
        if wanted is not None:
            self._permit_model(exchange, wanted)
        nameless = in_path is None and wanted is None
        if exchange.endpoint in BATCHES or (nameless and (exchange.endpoint == OTHER or is_json_path(exchange.path))):
            self._permit_unread_model(exchange)
        if wanted != model:
            body["model"] = wanted
            flow.request.raw_content = orjson.dumps(body)
