"""The body of `POST /v1/feedback`: of which hit something is said, and what. Pure."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import orjson

from mitmgate.core.errors import Refused

NAMES: Final = ("request_id", "entry")
LONGEST: Final = 100
BAD_BODY: Final = partial(
    Refused, 400, "invalid_request", 'The body must be JSON: {"request_id": "…", "correct": false}.'
)


def read_told(raw: bytes) -> dict[str, Any]:
    """`correct` with the name of a request or an entry, as control takes them. Raises Refused."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BAD_BODY() from None
    if not isinstance(body, dict):
        raise BAD_BODY()
    if body.keys() - {*NAMES, "correct"}:
        raise Refused(400, "invalid_request", "The body has a field besides request_id, entry and correct.")
    if not isinstance(body.get("correct"), bool):
        raise Refused(400, "invalid_request", "correct must be true or false.", param="correct")
    given = [name for name in NAMES if name in body]
    if len(given) != 1:
        raise Refused(400, "invalid_request", "Give request_id or entry, and not both.", param="request_id")
    name = given[0]
    if not isinstance(body[name], str) or not 0 < len(body[name]) <= LONGEST:
        raise Refused(400, "invalid_request", f"{name} must be a string of 1 to {LONGEST} characters.", param=name)
    return {name: body[name], "correct": body["correct"]}
