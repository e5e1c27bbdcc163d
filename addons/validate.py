"""Whether the request is one that may be answered: method, sizes, content type, JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from functools import partial
from typing import Any

import orjson
from mitmproxy import http

from addons.exchange import Exchange
from addons.gate import gate
from addons.turns import LongWork
from mitmgate.core.bounded_json import may_parse
from mitmgate.core.canonical import repeats_name
from mitmgate.core.client_deadline import client_deadline_s
from mitmgate.core.encoding import is_read_as_utf8
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.core.json_pieces import NotJson
from mitmgate.core.members import repeats_decisive_name
from mitmgate.core.outline import LongMember, RepeatedName, read_outline
from mitmgate.core.paths import BODILESS, METHODS, Route, is_forwarded, is_json_path
from mitmgate.core.request_coding import BrokenCoding, TooMuch, coding_of, unpack
from mitmgate.core.settings import Limits

NO_METHOD = partial(Refused, 405, "method_not_allowed", "This method is not forwarded.", allow=METHODS)
NOT_JSON_TYPE = partial(Refused, 415, "unsupported_media_type", "This endpoint takes application/json.")
TWO_TYPES = partial(Refused, 400, "invalid_header", "There is more than one Content-Type.", param="Content-Type")
ENCODED = partial(
    Refused,
    415,
    "unsupported_content_encoding",
    "Send the body without a content encoding, or with gzip or zstd.",
    headers=((b"Accept-Encoding", b"gzip, zstd"),),  # RFC 9110 section 12.5.3
)
BROKEN_CODING = partial(
    Refused, 400, "invalid_content_encoding", "The body is not encoded as its Content-Encoding says."
)
CHARSET = partial(Refused, 415, "unsupported_charset", "Send the body as UTF-8.", param="Content-Type")
NOT_JSON = partial(Refused, 400, "invalid_json", "The body is not valid JSON in UTF-8.")
AMBIGUOUS = partial(Refused, 400, "invalid_json", "The body repeats a name.")
NOT_OBJECT = partial(Refused, 400, "invalid_json", "The body must be a JSON object.")
LONG_MEMBER = partial(Refused, 400, "invalid_json", "model or stream has a value that is too long.")
BAD_STREAM = partial(Refused, 400, "invalid_stream", "stream must be true or false.", param="stream")
TOO_LARGE = partial(Refused, 413, "request_too_large", "The request's body is larger than the gateway accepts.")
NO_UPGRADE = partial(
    Refused,
    426,
    "upgrade_not_supported",
    "WebSocket connections are not served here; use the HTTP API.",
    headers=((b"Upgrade", b"HTTP/1.1"), (b"Connection", b"Upgrade")),  # RFC 9110 section 15.5.22
)
NO_ROOM = partial(
    ServiceUnavailable, 503, "gateway_overloaded", "The gateway has no room for this body now.", retry_after_s=1
)
COUNTED_BYTES = 64 << 10  # from here on a tree is counted in the room for bodies, as large as its text
OF_THE_ENCODED = ("content-encoding", "content-digest", "content-md5", "digest")


class ValidateStage:
    """Sets is_json, is_upload, body or outline, and streamed, or refuses: 400, 405, 413, 415, 426, 503."""

    def __init__(self, limits: Limits, work: LongWork) -> None:
        self._limits = limits
        self._work = work

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API:
            return
        request, plan = flow.request, exchange.plan
        assert plan is not None
        if not is_forwarded(request.data.method.decode("latin-1")):
            raise NO_METHOD()
        headers = exchange.headers
        if "upgrade" in headers and wants_websocket(request):
            raise NO_UPGRADE()
        if len(headers) < len(request.headers.fields) and len(request.headers.get_all("content-type")) > 1:
            raise TWO_TYPES()
        client_deadline_s(headers)  # a bad one is told before it costs a request
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        exchange.takes_body = request.method not in BODILESS
        must_be_json = exchange.takes_body and is_json_path(exchange.path)
        exchange.is_json = must_be_json or media_type == "application/json" or media_type.endswith("+json")
        if must_be_json and media_type != "application/json":
            raise NOT_JSON_TYPE()
        if exchange.is_json and "content-encoding" in headers:
            coding = coding_of(request.headers.get_all("content-encoding"))
            if coding is None or (coding and not exchange.takes_body):
                raise ENCODED()
            exchange.coding = coding
        length = headers.get("content-length")
        has_body = int(length) > 0 if length is not None else "transfer-encoding" in headers or request.is_http2
        exchange.is_upload = has_body and exchange.takes_body and not exchange.is_json
        plan.max_request_bytes = self._limits.max_upload_bytes if exchange.is_upload else self._limits.max_body_bytes
        if length is not None and int(length) > plan.max_request_bytes:
            raise TOO_LARGE()
        request.stream = exchange.is_upload

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        if exchange.route is not Route.API or not (exchange.is_json and exchange.takes_body):
            return None
        raw = flow.request.raw_content or b""
        if exchange.coding and raw:
            return self._unpack(flow, exchange, raw)
        return self._read(exchange, raw)

    async def _unpack(self, flow: http.HTTPFlow, exchange: Exchange, encoded: bytes) -> None:
        assert exchange.plan is not None
        try:
            raw = await self._work.in_turns(self._unpacked(exchange, encoded), exchange.plan)
        except BrokenCoding:
            raise BROKEN_CODING() from None
        except TooMuch:
            raise TOO_LARGE() from None
        flow.request.raw_content = raw
        for name in OF_THE_ENCODED:
            flow.request.headers.pop(name, None)
            exchange.headers.pop(name, None)
        if (reading := self._read(exchange, raw)) is not None:
            await reading

    def _unpacked(self, exchange: Exchange, encoded: bytes) -> Generator[None, None, bytes]:
        plan = exchange.plan
        assert plan is not None
        steps = unpack(encoded, exchange.coding, self._limits.max_body_bytes)
        while True:
            try:
                added = next(steps)
            except StopIteration as end:
                raw: bytes = end.value
                return raw
            if plan.claim is not None and not plan.claim(added):
                raise NO_ROOM()
            yield

    def _read(self, exchange: Exchange, raw: bytes) -> Awaitable[None] | None:
        must_be_json = is_json_path(exchange.path)
        if not raw and not must_be_json:
            return None  # calls such as `/v1/batches/ID/cancel` take nothing, and clients name the type all the same
        if not may_parse(raw):
            return self._read_large(exchange, raw, must_be_json)
        assert exchange.plan is not None
        if len(raw) > COUNTED_BYTES and exchange.plan.claim is not None and not exchange.plan.claim(len(raw)):
            raise NO_ROOM()  # for the tree
        body = _parse(raw)
        _refuse_charset(exchange, raw)
        if not isinstance(body, dict):
            if must_be_json or exchange.limits_models:
                raise NOT_OBJECT()
            return None
        # The upstream might read another request than the one judged here.
        if repeats_decisive_name(raw) or (exchange.limits_models and repeats_name(raw, body)):
            raise AMBIGUOUS()
        exchange.streamed = _streamed(body.get("stream"), must_be_json)
        exchange.body = body
        return None

    async def _read_large(self, exchange: Exchange, raw: bytes, must_be_json: bool) -> None:
        assert exchange.plan is not None
        try:
            outline = await self._work.in_turns(read_outline(raw), exchange.plan)
        except NotJson:
            raise NOT_JSON() from None
        except RepeatedName:
            raise AMBIGUOUS() from None
        except LongMember:
            raise LONG_MEMBER() from None
        _refuse_charset(exchange, raw)
        if not outline.is_object:
            if must_be_json or exchange.limits_models:
                raise NOT_OBJECT()
            return
        exchange.streamed = _streamed(outline.stream, must_be_json)
        exchange.outline = outline


def wants_websocket(request: http.Request) -> bool:
    """Whether it begins a WebSocket connection (RFC 6455 section 4.1). What else Upgrade offers is not taken up."""
    if request.method != "GET" or request.is_http2:
        return False
    offered = request.headers.get("upgrade", "").lower().split(",")
    return any(token.partition("/")[0].strip() == "websocket" for token in offered)


def _parse(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError):
        raise NOT_JSON() from None


def _refuse_charset(exchange: Exchange, raw: bytes) -> None:
    if not is_read_as_utf8(exchange.headers.get("content-type", ""), raw):
        raise CHARSET()


def _streamed(stream: object, must_be_json: bool) -> bool:
    if must_be_json and stream is not None and not isinstance(stream, bool):
        raise BAD_STREAM()  # some upstreams take "true" and 1 for true
    return stream is True
