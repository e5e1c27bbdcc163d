"""Whether the request is one that may be answered: method, sizes, content type, JSON."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson
from mitmproxy import http

from addons.exchange import Exchange
from addons.gate import gate
from mitmgate.core.canonical import TOO_LARGE as TOO_LARGE_TO_JUDGE
from mitmgate.core.canonical import ambiguity
from mitmgate.core.client_deadline import client_deadline_s
from mitmgate.core.encoding import is_read_as_utf8
from mitmgate.core.errors import Refused
from mitmgate.core.members import repeats_decisive_name
from mitmgate.core.paths import METHODS, WITH_BODY, Route, is_json_path
from mitmgate.core.settings import Limits

NO_METHOD = partial(Refused, 405, "method_not_allowed", "This method is not forwarded.", allow=tuple(sorted(METHODS)))
NOT_JSON_TYPE = partial(Refused, 415, "unsupported_media_type", "This endpoint takes application/json.")
TWO_TYPES = partial(Refused, 400, "invalid_header", "There is more than one Content-Type.", param="Content-Type")
ENCODED = partial(Refused, 415, "unsupported_content_encoding", "Send the body without a content encoding.")
CHARSET = partial(Refused, 415, "unsupported_charset", "Send the body as UTF-8.", param="Content-Type")
NOT_JSON = partial(Refused, 400, "invalid_json", "The body is not valid JSON in UTF-8.")
AMBIGUOUS = partial(Refused, 400, "invalid_json", "The body repeats a name, or holds a number beyond 64 bits.")
NOT_OBJECT = partial(Refused, 400, "invalid_json", "The body must be a JSON object.")
BAD_STREAM = partial(Refused, 400, "invalid_stream", "stream must be true or false.", param="stream")
TOO_LARGE = partial(Refused, 413, "request_too_large", "The request's body is larger than the gateway accepts.")


class ValidateStage:
    """Sets is_json, is_upload, body and streamed, or refuses: 400, 405, 413, 415."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API:
            return
        request, plan = flow.request, exchange.plan
        assert plan is not None
        if request.data.method.decode("latin-1") not in METHODS:  # exactly: `get` is another method
            raise NO_METHOD()
        headers = exchange.headers
        if len(headers) < len(request.headers.fields) and len(request.headers.get_all("content-type")) > 1:
            raise TWO_TYPES()
        client_deadline_s(headers)  # a bad one is told before it costs a request
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        exchange.takes_body = request.method in WITH_BODY
        must_be_json = exchange.takes_body and is_json_path(exchange.path)
        exchange.is_json = must_be_json or media_type == "application/json" or media_type.endswith("+json")
        if must_be_json and media_type != "application/json":
            raise NOT_JSON_TYPE()
        if exchange.is_json and headers.get("content-encoding", "identity").lower() != "identity":
            raise ENCODED()
        length = headers.get("content-length")
        has_body = int(length) > 0 if length is not None else "transfer-encoding" in headers or request.is_http2
        exchange.is_upload = has_body and exchange.takes_body and not exchange.is_json
        plan.max_request_bytes = self._limits.max_upload_bytes if exchange.is_upload else self._limits.max_body_bytes
        if length is not None and int(length) > plan.max_request_bytes:
            raise TOO_LARGE()
        request.stream = exchange.is_upload

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API or not (exchange.is_json and exchange.takes_body):
            return
        raw = flow.request.raw_content or b""
        must_be_json = is_json_path(exchange.path)
        if not raw and not must_be_json:
            return  # calls such as `/v1/batches/ID/cancel` take nothing, and clients name the type all the same
        body = self._parse(raw)
        if not is_read_as_utf8(exchange.headers.get("content-type", ""), raw):
            raise CHARSET()
        if not isinstance(body, dict):
            if must_be_json or exchange.limits_models:
                raise NOT_OBJECT()
            return
        # The upstream might read another request than the one judged here.
        why = ambiguity(raw, body, self._limits.max_body_bytes) if exchange.limits_models else None
        if why == TOO_LARGE_TO_JUDGE:
            raise TOO_LARGE()
        if why is not None or repeats_decisive_name(raw):
            raise AMBIGUOUS()
        stream = body.get("stream")
        if must_be_json and stream is not None and not isinstance(stream, bool):
            raise BAD_STREAM()  # some upstreams take "true" and 1 for true
        exchange.body = body
        exchange.streamed = stream is True

    @staticmethod
    def _parse(raw: bytes) -> Any:
        try:
            return orjson.loads(raw)
        except (orjson.JSONDecodeError, RecursionError):
            raise NOT_JSON() from None
