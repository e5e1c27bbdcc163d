"""Which model is asked for: named in path or body, filled in, replaced; and, where models are limited, if it may be."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import Final

from mitmproxy import http

from addons.exchange import Exchange
from addons.gate import gate
from addons.turns import LongWork
from addons.validate import AMBIGUOUS
from mitmgate.core.errors import Refused
from mitmgate.core.json_pieces import NotJson
from mitmgate.core.members import members, with_first, with_member, with_value
from mitmgate.core.model_limits import ModelLimits
from mitmgate.core.outline import Outline, RepeatedName, name_elsewhere
from mitmgate.core.paths import Route, is_json_path, model_in_path, required_scope

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
NOT_JUDGED: Final = partial(
    Refused, 413, "request_too_large", "The body is too deep, or its numbers too long, to be judged."
)


class ModelsStage:
    """Sets model, or refuses: 400, 403. Rewrites the body's `model` and no other byte."""

    def __init__(self, work: LongWork) -> None:
        self._work = work

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
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        if exchange.route is not Route.API or exchange.is_upload:
            return None
        body, outline, raw = exchange.body, exchange.outline, flow.request.raw_content or b""
        if body is None and outline is None:
            if raw and exchange.limits_models:
                raise not_allowed("model")  # of a GET, say: an upstream may read it all the same
            return None
        value = outline.model if outline is not None else (body or {}).get("model")
        named = _named(value, exchange)
        wanted = self._wanted(exchange, named or None)
        try:
            if exchange.limits_models:
                self._judge_named(exchange, wanted, value)
                if body is not None:
                    _refuse_elsewhere(self._limits(exchange).in_body(body))
        finally:  # the row of a refusal names it, too
            exchange.model = exchange.model or wanted
        if outline is not None and exchange.limits_models:
            return self._judge_large(flow, exchange, outline, wanted if wanted != named else None)
        if wanted is not None and wanted != named:
            self._rewrite(flow, exchange, wanted)
        return None

    async def _judge_large(
        self, flow: http.HTTPFlow, exchange: Exchange, outline: Outline, rewritten: str | None
    ) -> None:
        assert exchange.plan is not None
        try:
            steps = name_elsewhere(flow.request.raw_content or b"", self._limits(exchange))
            _refuse_elsewhere(await self._work.in_turns(steps, exchange.plan))
        except RepeatedName:
            raise AMBIGUOUS() from None
        except NotJson:
            raise NOT_JUDGED() from None
        if rewritten is not None:
            self._rewrite(flow, exchange, rewritten)

    @staticmethod
    def _rewrite(flow: http.HTTPFlow, exchange: Exchange, model: str) -> None:
        body, outline, raw = exchange.body, exchange.outline, flow.request.raw_content or b""
        at = None if outline is None else outline.model_at
        if outline is None:
            at = next(((found.begins_at, found.ends_at) for found in members(raw) if found.name == "model"), None)
        if at is None:
            flow.request.raw_content = with_first(raw, "model", model)
        elif raw[at[0] : at[0] + 1] == b"{":
            flow.request.raw_content = raw[: at[0]] + with_member(raw[at[0] : at[1]], "id", model) + raw[at[1] :]
        else:
            flow.request.raw_content = with_value(raw, *at, model)
        if body is not None:
            given = body.get("model")
            body["model"] = {**given, "id": model} if isinstance(given, dict) else model

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

    def _judge_named(self, exchange: Exchange, wanted: str | None, value: object) -> None:
        limits = self._limits(exchange)
        nameless = wanted is None and exchange.model is None and exchange.endpoint not in MODELLESS
        if nameless or exchange.endpoint in UNREAD or (wanted is not None and not limits.names(wanted)):
            raise not_allowed("model")
        if isinstance(value, dict):
            _refuse_elsewhere(limits.in_body({name: inner for name, inner in value.items() if name != "id"}))


def _named(value: object, exchange: Exchange) -> str | None:
    """The name that `model` gives: a string, or the id in an object, as Anthropic's agents have it."""
    if isinstance(value, dict) and isinstance(value.get("id"), str) and not is_json_path(exchange.path):
        value = value["id"]
    if value is None or (isinstance(value, str) and len(value) <= MAX_MODEL and value.isprintable()):
        return value
    raise BAD_MODEL()


def _refuse_elsewhere(member: str | None) -> None:
    if member is not None:
        raise not_allowed(member)


def not_allowed(param: str) -> Refused:
    """param: what names a model that is not allowed, or may name one in a way that is not read here."""
    return Refused(403, "model_not_allowed", "This model is not allowed here.", param=param)
