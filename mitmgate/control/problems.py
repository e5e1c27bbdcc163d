"""How the admin API says no: every failure as OpenAI's error object, in texts of our own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from mitmgate.core.errors import GatewayError, Refused, error_headers, error_type
from mitmgate.core.paths import METHODS

log = logging.getLogger(__name__)

Details = Sequence[Mapping[str, str]]

_MALFORMED: Final = "The body is not well-formed JSON in UTF-8."
# pydantic's kinds of error, in words that do not depend on its version. What is not here keeps its own message.
_WORDS: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "string_unicode": "must be Unicode text",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_parsing_size": "is too large",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "finite_number": "must be a finite number",
}


def respond(error: GatewayError, details: Details = ()) -> Response:
    """The answer that tells `error`; `details` lists every field at fault."""
    told: dict[str, Any] = {
        "message": error.message,
        "type": error_type(error.status, "openai"),
        "param": error.param,
        "code": error.code,
    }
    if details:
        told["details"] = list(details)
    headers = {name.decode(): value.decode() for name, value in error_headers(error)}
    return Response(orjson.dumps({"error": told}), error.status, {**headers, "Cache-Control": "no-store"})


def install(app: FastAPI) -> None:
    """Makes `app` answer all that goes wrong in it."""
    app.add_exception_handler(GatewayError, _gateway_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _broken)


async def _gateway_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GatewayError)
    return respond(error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return respond(Refused(400, "invalid_json", _MALFORMED))
    details = [{"field": _field(problem["loc"]), "message": _words(problem)} for problem in problems[:100]]
    # A union says the same of each of its members.
    details = list({(detail["field"], detail["message"]): detail for detail in details}.values())
    first = details[0]
    message = " ".join(f"{detail['field']} {detail['message']}." for detail in details[:10])
    return respond(Refused(422, "invalid_field", message, param=first["field"]), details)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return respond(Refused(404, "not_found", "There is nothing at this path."))
    if error.status_code == 405:
        text = "This path does not know that method."
        return respond(Refused(405, "method_not_allowed", text, allow=_methods(request)))
    return respond(Refused(error.status_code, "invalid_request", _MALFORMED))


def _methods(request: Request) -> list[str]:
    """What the path takes over all its routes, each of which knows of its own methods only."""
    routes = request.app.router.routes

    def takes(method: str) -> bool:
        scope = {**request.scope, "method": "GET" if method == "HEAD" else method}
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

    return [method for method in METHODS if takes(method)]


async def _broken(request: Request, error: Exception) -> Response:
    log.error("%s failed: %s", request.scope["path"], type(error).__name__)
    return respond(GatewayError(500, "internal_error", "The gateway failed to answer; its log says more."))


def _field(location: Sequence[object]) -> str:
    """`cache.ttl_s` of ("body", "cache", "ttl_s"); what came from outside is cut and made printable."""
    parts = [str(part) for part in location[1:] if part != "[key]"] or ["body"]
    return ".".join(parts).encode("utf-8", "replace").decode().replace("\x00", "?")[:200]


def _words(problem: Mapping[str, Any]) -> str:
    kind = problem["type"]
    if kind in _WORDS:
        return _WORDS[kind]
    limits: Mapping[str, Any] = problem.get("ctx", {})
    match kind:
        case "value_error":
            return str(limits["error"])
        case "string_too_short":
            return f"must have at least {limits['min_length']} character(s)"
        case "string_too_long":
            return f"must have at most {limits['max_length']} characters"
        case "too_short":
            return f"must hold at least {limits['min_length']}"
        case "too_long":
            return f"must hold at most {limits['max_length']}"
        case "greater_than_equal":
            return f"must be at least {limits['ge']}"
        case "less_than_equal":
            return f"must be at most {limits['le']}"
        case "literal_error":
            return f"must be {limits['expected']}"
    return "is not valid"
