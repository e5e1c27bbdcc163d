"""What a vendor's part of the mock is asked and what it says: plain values between the formats and the server. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `headers` by lower-case name; `id` is a fresh hex id for the answer, `now` its epoch second."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    id: str
    now: int


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: `events` (sent one by one as server-sent events) when it is a stream, else `body`."""

    status: int
    body: bytes = b""
    events: tuple[bytes, ...] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Wrong(Exception):
    """The request can not be answered; each format tells it in its vendor's error object."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code


def body_object(body: bytes) -> dict[str, Any]:
    """The request's JSON object. Raises `Wrong` 400."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Wrong(400, "The body of your request is not valid JSON.") from None
    if not isinstance(parsed, dict):
        raise Wrong(400, "The body of your request must be a JSON object.")
    return parsed


def integer(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """The whole number in that field, None when it is absent or null. Raises `Wrong` 400."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Wrong(400, f"'{name}' must be a whole number from {low} to {high}.", name, "invalid_value")
    return value


def model_of(body: Mapping[str, Any]) -> str:
    """The model asked for; the mock answers for any and has one of its own."""
    model = body.get("model")
    if model is None:
        return "mock-model"
    if not isinstance(model, str) or not model:
        raise Wrong(400, "'model' must be a non-empty string.", "model", "invalid_type")
    return model


def words(value: Any) -> list[str]:
    """A field that may be a string or a list of strings (`stop`), as a list."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
