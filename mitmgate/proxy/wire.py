"""Answers to what never became a flow, where mitmproxy's own would be HTML or hold a library's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.net.http.validate import validate_headers
from mitmproxy.proxy.layers.http._events import ErrorCode

from mitmgate.core.addresses import names_another_place
from mitmgate.core.errors import OPENAI, GatewayError, Refused, UpstreamFailed, error_headers, render_error
from mitmgate.core.paths import METHODS, client_format

BAD_REQUEST = partial(Refused, 400, "bad_request", "The request is not valid HTTP.")
MISDIRECTED = partial(
    Refused, 421, "misdirected_request", "The request names another host, and this gateway is no forward proxy."
)
NO_TLS_HERE = partial(Refused, 400, "bad_request", "This port speaks http, not https.")
AMBIGUOUS = partial(
    Refused, 400, "bad_request", "The request's headers are not valid: names, lengths or transfer encoding."
)
BAD_BODY = partial(Refused, 400, "bad_request", "The request's body is not framed as its headers say.")
HEADERS_TOO_LARGE = partial(Refused, 431, "headers_too_large", "The request's headers are too large.")
HEAD_TIMEOUT = partial(Refused, 408, "request_timeout", "The request's headers did not arrive in time.")
NO_TUNNEL = partial(
    Refused,
    405,
    "method_not_allowed",
    "CONNECT is not available here.",
    allow=METHODS,
)


BROKEN_BODY: Final = "broken body"
EXPLAINED: Final = "incomplete, as its last event says"
"""A RequestProtocolError's message when the client is still there, but its body not framed as it said."""


def error_response(error: GatewayError, format_: str = OPENAI) -> http.Response:
    """An answer of ours in a client's format."""
    body = render_error(error, format_)
    return http.Response.make(error.status, body, http.Headers(error_headers(error)))


def error_bytes(error: GatewayError, format_: str = OPENAI) -> bytes:
    """The same as an HTTP/1.1 message that ends the connection."""
    response = error_response(error, format_)
    response.headers["Connection"] = "close"
    return bytes(http1.assemble_response(response))


def format_of_lines(lines: Sequence[bytes]) -> str:
    """The format of a client whose HTTP/1 head is refused, as far as its lines show it."""
    target = [*lines[0].split(b" "), b""][1].decode("latin-1")
    return client_format(target, {line.partition(b":")[0].lower().decode("latin-1") for line in lines[1:]})


def error_of_code(code: ErrorCode) -> GatewayError | None:
    """What a client is told when mitmproxy gives a stream up; None when it is told nothing."""
    status = code.http_status_code()
    if status is None:
        return None
    if status >= 500:
        return UpstreamFailed(502, "upstream_malformed", "The upstream's answer was not valid HTTP.")
    return BAD_REQUEST()


CONTENT_LENGTH: Final = b"content-length"
TRANSFER_ENCODING: Final = b"transfer-encoding"
_HTTP1: Final = (b"HTTP/1.1", b"HTTP/1.0")
_HTTP2: Final = (b"HTTP/2.0",)
holds_controls = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]").search
"""Whether a head has what RFC 9110 section 5.5 keeps out of it; lines are joined by LF, and a tab is white space."""
_is_name = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+").fullmatch  # a token, lower-case (RFC 9110 section 5.6.2)


_is_length = re.compile(rb"[0-9]{1,18}").fullmatch


def content_length(value: bytes) -> int:
    """A length in bytes (RFC 9110 section 8.6: 1*DIGIT). Raises ValueError for what is none."""
    if not _is_length(value):
        raise ValueError
    return int(value)


def normalise_length(message: http.Message) -> None:
    """Takes leading zeros off a Content-Length, which others may not read. Raises ValueError for what is no length."""
    fields = message.headers.fields
    for at, (name, value) in enumerate(fields):
        if len(name) == 14 and name.lower() == CONTENT_LENGTH:
            length = b"%d" % content_length(value)
            if length != value:
                message.headers.fields = (*fields[:at], (name, length), *fields[at + 1 :])
                fields = message.headers.fields


def malformed(
    request: http.Request, http2: bool, ended: bool, own: tuple[str, int] | None = None
) -> GatewayError | None:
    """What is wrong with a request's framing or target (RFC 9112 section 6, against request smuggling).

    http2: what the connection speaks, whatever a request line says. ended: whether no body follows. own: the address
    that the client has connected to.
    """
    if request.data.http_version not in (_HTTP2 if http2 else _HTTP1):
        return BAD_REQUEST()
    if request.method == "CONNECT":
        return NO_TUNNEL()
    if request.data.scheme not in (b"http", b"https", b""):
        return BAD_REQUEST()
    fields = request.headers.fields
    authority = request.data.authority
    absolute = bool(authority) and not http2  # as to a proxy (RFC 9112 section 3.2.2)
    named = (authority or next((value for name, value in fields if name.lower() == b"host"), b"")).decode("latin-1")
    if names_another_place(named, absolute) and not _is_own(named, own):
        return MISDIRECTED()
    names = [name.lower() for name, _ in fields]
    if CONTENT_LENGTH in names:
        try:
            normalise_length(request)
        except ValueError:
            return AMBIGUOUS()
    if not http2 and (names.count(b"host") > 1 or (b"host" not in names and request.data.http_version == b"HTTP/1.1")):
        return BAD_REQUEST()  # RFC 9112 section 3.2
    if b"transfer-encoding" in names or names.count(b"content-length") > 1:
        try:
            validate_headers(request)
        except ValueError:
            return AMBIGUOUS()
        if any(value.lower() != b"chunked" for name, value in fields if name.lower() == b"transfer-encoding"):
            return AMBIGUOUS()  # mitmproxy passes further codings and does not decode them
    if http2 and ended and CONTENT_LENGTH in names and request.headers["content-length"] != "0":
        return BAD_BODY()
    values = b"".join([value for _, value in fields])
    if not all(map(_is_name, names)) or b"\0" in values or b"\n" in values or b"\r" in values:
        return AMBIGUOUS()
    return None


def _is_own(authority: str, own: tuple[str, int] | None) -> bool:
    if own is None:
        return False
    host, port = own[0].partition("%")[0], own[1]
    names = {host, f"[{host}]", *(("localhost",) if host in ("127.0.0.1", "::1") else ())}
    return authority.casefold() in {f"{name}:{port}" for name in names} | (names if port in (80, 443) else set())


def is_framed(response: http.Response) -> bool:
    """Whether it can be told where an answer ends without the connection's end."""
    if response.status_code in (204, 304):
        return True
    return any(name.lower() in (CONTENT_LENGTH, TRANSFER_ENCODING) for name, _ in response.headers.fields)


def malformed_response(response: http.Response) -> bool:
    """Whether an upstream's answer is framed ambiguously, or holds what RFC 9110 section 5.5 keeps out of headers."""
    try:
        validate_headers(response)
    except ValueError:
        return True
    if response.headers.get("transfer-encoding", "chunked").lower() != "chunked":
        return True  # a coding below it would stay on, and the client not know of it
    texts = b"".join([response.data.reason, *(value for _, value in response.headers.fields)])
    return b"\r" in texts or b"\n" in texts or b"\0" in texts or not 200 <= response.status_code <= 599
