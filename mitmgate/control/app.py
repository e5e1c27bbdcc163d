"""The control plane's HTTP application: the admin API behind its door."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from mitmgate.control import (
    analytics,
    blocks,
    cache,
    cache_analytics,
    cache_entries,
    cache_explain,
    cache_stats,
    cache_tune,
    docs,
    feedback,
    health,
    key_lookup,
    key_rotation,
    keys,
    live,
    problems,
    purge,
    secrets,
    tenants,
    tokens,
    upstream_tests,
    usage,
)
from mitmgate.control.admission import Door
from mitmgate.control.context import Control
from mitmgate.control.paging import MAX_ID
from mitmgate.core.keys import worker_token

_DESCRIPTION = (
    "Tenants, keys, limits and accounting of this gateway. Every call needs an admin token as Bearer authorization; "
    "this page and openapi.json also take it as the password of Basic authorization. Bodies are JSON, whatever their "
    "content type says. Errors are OpenAI's error object; 422 lists every field at fault in error.details. A change is "
    "answered once every worker applies it; 503 not_applied_everywhere says that it is stored but unconfirmed, or, of "
    "what is new, that it was taken back."
)
_ERROR: dict[str, Any] = {
    "type": "object",
    "description": "Why a call was refused.",
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"], "description": "The field at fault."},
                "code": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        }
    },
}


def make_app(control: Control) -> ASGIApp:
    """The application, with nobody let past its door who has no admin token."""
    app = FastAPI(
        title="mitmgate admin API",
        version=control.version,
        description=_DESCRIPTION,
        openapi_url="/admin/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.control = control
    problems.install(app)
    stories = (usage, live, analytics)
    answers = (cache, cache_stats, cache_entries, cache_explain, cache_analytics, cache_tune, feedback)
    concerns = (
        tenants,
        blocks,
        upstream_tests,
        keys,
        key_rotation,
        key_lookup,
        purge,
        *stories,
        *answers,
        tokens,
        secrets,
        health,
        docs,
    )
    for concern in concerns:
        app.include_router(concern.router)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]

    async def find_token(token: str) -> tuple[int, str, str] | None:
        return await tokens.find_token(control, token)

    workers = worker_token(control.secrets.pepper)
    return Door(app, control.secrets.admin_token, workers, find_token, control.failures)


def _tell_whose(parameters: list[dict[str, Any]]) -> None:
    """Puts an eviction's `tenant_id` and `all` together: one has to be given, which single parameters cannot say."""
    either = [each for each in parameters if each["name"] in ("tenant_id", "all")]
    for each in either:
        parameters.remove(each)
    tenant_id = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
    kinds = [{"tenant_id": tenant_id}, {"all": {"type": "boolean", "const": True}}]
    shapes = [
        {"type": "object", "properties": kind, "required": list(kind), "additionalProperties": False} for kind in kinds
    ]
    said = "`tenant_id`, or `all=true` for every tenant's."
    whose = {"name": "whose", "in": "query", "required": True, "description": said, "schema": {"oneOf": shapes}}
    parameters.insert(0, {**whose, "style": "form", "explode": True})


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document with our errors in place of its own and the token every call needs."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        schemas = document["components"]["schemas"]
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        schemas["Error"] = _ERROR
        error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        for operations in document["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
                operation["responses"]["4XX"] = {"description": "Refused", "content": error}
                operation["responses"]["503"] = {"description": "Not now", "content": error}
        _tell_whose(document["paths"]["/admin/cache/entries"]["delete"]["parameters"])
        document["components"]["securitySchemes"] = {"adminToken": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"adminToken": []}]
    return app.openapi_schema or document
