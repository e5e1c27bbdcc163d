"""What goes over the wire and is not shown: in stock mitmproxy other addons, files and mitmweb see the whole flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mitmproxy import http
from mitmproxy.proxy.layer import CommandGenerator, Layer
from mitmproxy.proxy.layers.http import HttpLayer
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    HttpEvent,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http1 import Http1Server
from mitmproxy.proxy.layers.http._http2 import Http2Server

from mitmgate.core.credentials import CREDENTIAL_HEADERS, without_query_key
from mitmgate.core.strays import holds, query_without_strays
from mitmgate.proxy.wire import error_of_code, error_response

REDACTED: Final = b"redacted"
_BODY: Final = "mitmgate_sealed_body"


class SealedHeaders(http.Headers):
    """Headers whose credential shows as `redacted` everywhere but on an HTTP/1 connection. Copies never hold it."""

    def __init__(self, fields: list[tuple[bytes, bytes]], credential: tuple[bytes, bytes]) -> None:
        super().__init__([*fields, (credential[0], REDACTED)])
        vars(self)["_sealed"] = credential

    def __bytes__(self) -> bytes:
        """The header block, as mitmproxy writes it to the upstream."""
        name, value = vars(self)["_sealed"]
        shown = (name, REDACTED)
        fields = [(name, value) if field == shown else field for field in self.fields]
        return b"".join(b"%s: %s\r\n" % field for field in fields)

    def copy(self) -> http.Headers:  # type: ignore[override]
        return http.Headers(self.fields)


def redact_credentials(request: http.Request, presented: Sequence[bytes]) -> None:
    """Takes a client's credentials out of its request, once they have been read; from where they strayed to, too."""
    fields = request.headers.fields
    request.data.headers = http.Headers(
        [
            (name, REDACTED if name.lower() in CREDENTIAL_HEADERS or holds(value, presented) else value)
            for name, value in fields
        ]
    )
    request.data.path = redacted_path(request.data.path.decode("latin-1"), presented).encode("latin-1")


def redacted_path(path: str, presented: Sequence[bytes]) -> str:
    """The path and its query without a credential in either."""
    path, _, query = without_query_key(path).partition("?")
    query = query_without_strays(query, presented)
    path = "/redacted" if holds(path.encode("latin-1"), presented) else path
    return f"{path}?{query}" if query else path


def seal_body(flow: http.HTTPFlow, shown: bytes) -> None:
    """The client gets the answer's body as it is now; everybody else sees `shown`, which must be of its length."""
    assert flow.response is not None
    vars(flow)[_BODY] = flow.response.raw_content
    flow.response.raw_content = shown


class SealingHttpLayer(HttpLayer):
    """mitmproxy's own HTTP layer, with sealed bodies opened for their client, and errors of ours in place of HTML."""

    def event_to_child(self, child: Layer, event: Any) -> CommandGenerator[None]:
        if isinstance(child, Http1Server | Http2Server) and isinstance(event, HttpEvent):
            for each in self._for_client(event):
                yield from super().event_to_child(child, each)
        else:
            yield from super().event_to_child(child, event)

    def _for_client(self, event: HttpEvent) -> list[HttpEvent]:
        stream = self.streams.get(event.stream_id)
        flow = getattr(stream, "flow", None)
        if isinstance(event, ResponseData) and flow is not None and _BODY in vars(flow):
            return [ResponseData(event.stream_id, vars(flow)[_BODY])]
        if isinstance(event, ResponseProtocolError) and event.code is not ErrorCode.KILL:
            error = error_of_code(event.code)
            if error is not None and (flow is None or flow.response is None):
                response = error_response(error)
                return [
                    ResponseHeaders(event.stream_id, response, False),
                    ResponseData(event.stream_id, response.raw_content or b""),
                    ResponseEndOfMessage(event.stream_id),
                ]
        return [event]
