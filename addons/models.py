"""Which model is asked for: named in path or body, filled in, replaced; and, where models are limited, if it may be."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from mitmproxy import http

from addons.exchange import Exchange
from addons.gate import gate
from mitmgate.core.errors import Refused
from mitmgate.core.members import with_member
from mitmgate.core.model_limits import ModelLimits
from mitmgate.core.paths import Route, model_in_path, required_scope

MAX_MODEL: Final = 200
DEFAULTED: Final = frozenset({"chat", "embeddings"})  # other calls may leave the model out, or know no such field
# Calls that name no model, so that none is missing from them. Batches do, in a file or within a list.
MODELLESS: Final = frozenset(
    {
        "/v1/batches/{id}",
        "/v1/chat/completions/{id}",
        "/v1/feedback",
        "/v1/files",
        "/v1/files/{id}",
        "/v1/messages/batches/{id}",
        "/v1/responses/{id}",
        "/v1/threads",
        "/v1/uploads",
        "/v1/vector_stores",
    }
)
UNREAD: Final = frozenset({"/v1/batches", "/v1/messages/batches"})
FILES: Final = frozenset({"/v1/files"})
BAD_MODEL: Final = partial(
    Refused, 400, "invalid_model", "model must be a string of at most 200 printable characters.", param="model"
)


class ModelsStage:
    """Sets model, or refuses: 400, 403. Rewrites the body's `model` and no other byte."""

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API:
            return
        in_path = model_in_path(exchange.path)
        if exchange.takes_body and in_path is not None and len(in_path) <= MAX_MODEL and in_path.isprintable():
            exchange.model = in_path
        if exchange.limits_models:
            self._judge_head(flow.request, exchange, self._limits(exchange), in_path)

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API or exchange.is_upload:
            return
        body, raw = exchange.body, flow.request.raw_content or b""
        if body is None:
            if raw and exchange.limits_models:
                raise not_allowed("model")  # of a GET, say: an upstream may read it all the same
            return
        model = body.get("model")
        if model is not None and not (isinstance(model, str) and len(model) <= MAX_MODEL and model.isprintable()):
            raise BAD_MODEL()
        wanted = self._wanted(exchange, model or None)
        try:
            if exchange.limits_models:
                self._judge_body(exchange, body, wanted)
        finally:  # the row of a refusal names it, too
            exchange.model = exchange.model or wanted
        if wanted is not None and wanted != model:
            body["model"] = wanted
            flow.request.raw_content = with_member(raw, "model", wanted)

    @staticmethod
    def _wanted(exchange: Exchange, model: str | None) -> str | None:
        """The body's model as the tenant means it. The path's, if there is one, is what the upstream takes."""
        tenant = exchange.tenant
        assert tenant is not None
        if model is None and exchange.model is None and required_scope(exchange.endpoint, "POST") in DEFAULTED:
            model = tenant.default_model
        return tenant.model_aliases.get(model, model) if model is not None and tenant.model_aliases else model

    @staticmethod
    def _limits(exchange: Exchange) -> ModelLimits:
        assert exchange.tenant is not None and exchange.key is not None
        sets = (exchange.tenant.allowed_models, exchange.key.allowed_models)
        return ModelLimits(tuple(names for names in sets if names is not None), exchange.model)

    @staticmethod
    def _judge_head(request: http.Request, exchange: Exchange, limits: ModelLimits, in_path: str | None) -> None:
        if in_path is not None and not limits.permits(in_path):
            raise not_allowed("model")
        unknown, named = limits.in_query(exchange.query)
        unknown = unknown or limits.in_headers(request.headers.fields)
        if exchange.endpoint == "/v1/realtime" and not named:
            unknown = unknown or "model"  # the upstream would choose
        if exchange.is_upload and exchange.endpoint not in FILES:
            unknown = unknown or "model"  # a form, which is not read here
        if unknown is not None:
            raise not_allowed(unknown)

    def _judge_body(self, exchange: Exchange, body: dict[str, Any], wanted: str | None) -> None:
        limits = self._limits(exchange)
        nameless = wanted is None and exchange.model is None and exchange.endpoint not in MODELLESS
        if nameless or exchange.endpoint in UNREAD or (wanted is not None and not limits.names(wanted)):
            raise not_allowed("model")
        if (elsewhere := limits.in_body(body)) is not None:
            raise not_allowed(elsewhere)


def not_allowed(param: str) -> Refused:
    """param: what names a model that is not allowed, or may name one in a way that is not read here."""
    return Refused(403, "model_not_allowed", "This model is not allowed here.", param=param)
