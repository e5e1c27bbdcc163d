"""Which models there are: only those that may be used, and aliases. Nothing is touched where there is neither."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from mitmproxy import http

from addons.exchange import Exchange, local_response, readable_body, refusal
from addons.gate import gate, log_failure, observer
from mitmgate.core.errors import Refused, UpstreamFailed
from mitmgate.core.model_list import only_allowed, with_aliases
from mitmgate.core.paths import Route, model_in_path

LISTS: Final = frozenset({"/v1/models", "/v1beta/models", "/tags"})
ONE: Final = "/v1/models/{model}"
UNTRUE: Final = frozenset({"etag", "last-modified", "content-length", "content-encoding"})  # of the list as it was
NO_SUCH_MODEL: Final = partial(Refused, 404, "model_not_found", "There is no such model.", param="model")
UNREADABLE: Final = partial(
    UpstreamFailed, 502, "models_not_readable", "The upstream's list of models could not be read."
)


class ListingStage:
    """Refuses to show a model that may not be used (404), takes such models out of lists, and puts aliases in."""

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API or not (exchange.limits_models or _aliases(exchange)):
            return
        if exchange.endpoint == ONE and exchange.limits_models:
            named = model_in_path(exchange.path)
            if named is None or not _is_allowed(exchange, named):
                raise NO_SUCH_MODEL()
        elif exchange.endpoint in LISTS and flow.request.method in ("GET", "HEAD"):
            exchange.filters_models = True
            assert exchange.plan is not None
            exchange.plan.must_buffer = True

    @observer
    def response(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        response, plan = flow.response, exchange.plan
        if not exchange.filters_models or response is None or plan is None or not plan.attempts:
            return
        if exchange.error is not None or response.status_code >= 300:
            return
        try:
            self._take_out(flow, response, exchange)
        except Exception as problem:  # in doubt none is listed
            log_failure(self._take_out, problem)
            _refuse(flow, response, exchange)

    @staticmethod
    def _take_out(flow: http.HTTPFlow, response: http.Response, exchange: Exchange) -> None:
        fields = response.headers.fields
        if flow.request.method == "HEAD":
            response.headers.fields = tuple(pair for pair in fields if pair[0].decode().lower() not in UNTRUE)
            return
        body = readable_body(response)
        kept = body
        if body is not None and exchange.limits_models:
            kept = only_allowed(body, lambda model: _is_allowed(exchange, model))
        if kept is not None and (aliases := _aliases(exchange)):
            kept = with_aliases(kept, aliases)
        if kept is None:
            if exchange.limits_models:
                _refuse(flow, response, exchange)
        elif kept is not body:
            response.headers.fields = tuple(pair for pair in fields if pair[0].decode().lower() not in UNTRUE)
            response.raw_content = kept


def _refuse(flow: http.HTTPFlow, response: http.Response, exchange: Exchange) -> None:
    """Answers with an error, under the headers of ours that are written already."""
    refused = refusal(exchange, UNREADABLE())
    ours = [pair for pair in response.headers.fields if pair[0].lower().startswith((b"x-", b"ratelimit", b"server-"))]
    flow.response = local_response(
        refused.status_code, [(b"Content-Type", b"application/json"), *ours], refused.content or b""
    )


def _aliases(exchange: Exchange) -> Mapping[str, str]:
    return (exchange.tenant and exchange.tenant.model_aliases) or {}


def _is_allowed(exchange: Exchange, model: str) -> bool:
    assert exchange.tenant is not None and exchange.key is not None
    limits = (exchange.tenant.allowed_models, exchange.key.allowed_models)
    return all(limit is None or model in limit for limit in limits)
