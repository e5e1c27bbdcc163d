"""/admin/docs: the OpenAPI document as one plain page, which needs no script and nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(prefix="/admin", include_in_schema=False)

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
code,pre{font:14px/1.45 ui-monospace,monospace}
pre{background:#f4f4f4;padding:.7rem;overflow-x:auto;white-space:pre-wrap}
details{border:1px solid #ddd;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}summary{cursor:pointer}
b.m{display:inline-block;min-width:4.5rem;font:700 13px ui-monospace,monospace}
.get{color:#0a58ca}.post{color:#146c43}.put,.patch{color:#8a5a00}.delete{color:#b02a37}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #eee;vertical-align:top}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}pre{background:#242424}details{border-color:#444}
td,th{border-color:#333}.get{color:#6ea8fe}.post{color:#75b798}.put,.patch{color:#ffda6a}.delete{color:#ea868f}
a{color:#9ec5fe}}
"""


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The page. A browser may sign in with any name and the admin token as password."""
    page = render(request.app.openapi())
    return HTMLResponse(
        page,
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )


def render(document: Mapping[str, Any]) -> str:
    """The document as HTML: operations by tag, then the schemas they name."""
    info = document["info"]
    return "\n".join(
        (
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
            f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>",
            f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>",
            f"<p>{escape(info['description'])} The same for machines: <a href=openapi.json>openapi.json</a>.</p>",
            *_operations(document),
            "<h2>Shapes</h2>",
            *_schemas(document),
            "</html>",
        )
    )


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                by_tag.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    for tag, parts in by_tag.items():
        yield f"<h2>{escape(tag.capitalize())}</h2>"
        yield from parts


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parts = [
        f"<details><summary><b class='m {method}'>{method.upper()}</b> <code>{escape(path)}</code></summary>",
        f"<p>{escape(operation.get('description', ''))}</p>",
    ]
    if operation.get("parameters"):
        rows = (
            f"<tr><td><code>{escape(each['name'])}</code><td>{each['in']}"
            f"{', required' if each.get('required') else ''}<td>{_kind(each['schema'])}"
            f"<td>{escape(each.get('description', ''))}</tr>"
            for each in operation["parameters"]
        )
        parts.append(f"<table>{''.join(rows)}</table>")
    body = operation.get("requestBody")
    if body:
        parts.append(f"<p>Body: {_kind(body['content']['application/json']['schema'])}</p>")
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/json", {}).get("schema")
        parts.append(f"<p>{status} {escape(answer['description'])}{': ' + _kind(content) if content else ''}</p>")
    return "".join((*parts, "</details>"))


def _schemas(document: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        required = schema.get("required", ())
        rows = "".join(
            f"<tr><td><code>{escape(field)}</code><td>{'required' if field in required else ''}"
            f"<td>{_kind(kind)}<td>{escape(kind.get('description', ''))}</tr>"
            for field, kind in schema.get("properties", {}).items()
        )
        about = escape(schema.get("description", ""))
        yield f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary><p>{about}</p>"
        yield f"<table>{rows}</table></details>"


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(each))}</code>" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    bounds = [
        f"{sign} {schema[name]}"
        for name, sign in (("minimum", "≥"), ("maximum", "≤"), ("minLength", "length ≥"), ("maxLength", "length ≤"))
        if name in schema
    ]
    default = [f"default {json.dumps(schema['default'])}"] if schema.get("default") is not None else []
    kind = "null" if schema.get("type") == "null" else schema.get("format") or schema.get("type") or "any"
    return escape(", ".join((kind, *bounds, *default)))
