"""What can go wrong with a request, by whose fault it is. Each error knows how to be told to a client.

`Refused` is the client's fault, `UpstreamFailed` the upstream's, `ServiceUnavailable` ours. Their messages are our own
texts: nothing of the upstream's bytes, of a library's message or of a credential belongs in one.

An exception that is raised keeps the frames it passed, and with them a connection. So a refusal that is always the same
is a `partial(Refused, …)` that each use calls: no exception lives in a module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

ANTHROPIC: Final = "anthropic"
OPENAI: Final = "openai"

# https://docs.anthropic.com/en/api/errors and https://platform.openai.com/docs/guides/error-codes
_ANTHROPIC_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_OPENAI_TYPES: Final = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class GatewayError(Exception):
    """Ends a request with an answer of ours.

    status is the HTTP status; code a stable snake_case word for programs; param the field at fault, if one is;
    retry_after_s whole seconds for `Retry-After`; allow the methods that a 405 names (RFC 9110 section 15.5.6).
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: int | None = None,
        allow: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        self.allow = allow


class Refused(GatewayError):
    """The client's fault: 4xx."""


class UpstreamFailed(GatewayError):
    """The upstream's fault: 502 (refused, reset, not HTTP, cut short) or 504 (a deadline)."""


class ServiceUnavailable(GatewayError):
    """Ours: a gate that broke, a store that is away, nobody to ask: 503."""


def error_type(status: int, client_format: str) -> str:
    """The vendor's `type` for a status: what its own client library maps to a typed exception."""
    types = _ANTHROPIC_TYPES if client_format == ANTHROPIC else _OPENAI_TYPES
    fallback = "invalid_request_error" if status < 500 else "api_error"
    return types.get(status, fallback)


def render_error(error: GatewayError, client_format: str, request_id: str | None = None) -> bytes:
    """The error object of the client's format, as JSON."""
    kind = error_type(error.status, client_format)
    body: dict[str, object]
    if client_format == ANTHROPIC:
        body = {"type": "error", "error": {"type": kind, "message": error.message}}
        if request_id:
            body["request_id"] = request_id
    else:
        body = {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code}}
    return orjson.dumps(body)


def error_headers(error: GatewayError) -> list[tuple[bytes, bytes]]:
    """The headers an error's status asks for (RFC 9110 sections 10.2.1, 10.2.3 and 11.6.1), content type included."""
    headers = [(b"Content-Type", b"application/json")]
    if error.status == 401:
        headers.append((b"WWW-Authenticate", b'Bearer realm="mitmgate"'))
    if error.status == 405:
        headers.append((b"Allow", ", ".join(error.allow).encode()))
    if error.retry_after_s is not None:
        headers.append((b"Retry-After", b"%d" % error.retry_after_s))
    return headers
