"""The shapes of request rows in the admin API, and the bounds that lists of them take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import Field

from mitmgate.control.fields import Answer
from mitmgate.control.periods import From, To, read_period
from mitmgate.core.errors import Refused

Outcome = Literal["hit", "miss", "bypass", "refresh", "shadow", "audit", "exact", "semantic"]


class UsageRow(Answer):
    """One request. `cost_microusd` is null: no prices are known yet."""

    request_id: str
    at: datetime
    tenant_id: int
    tenant_name: str | None
    key_id: int | None
    client_address: str | None
    method: str
    endpoint: str
    streamed: bool
    status: int
    cache: str | None
    cache_kind: str | None
    similarity: float | None
    model: str | None
    upstream: str | None
    attempts: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_microusd: int | None
    latency_ms: float
    error: str | None
    client_request_id: str | None
    upstream_request_id: str | None = Field(description="The vendor's own id of the request.")
    usage_estimated: bool = Field(description="The answer broke off before the vendor reported its tokens.")


class UsagePage(Answer):
    data: list[UsageRow]
    next_cursor: str | None


class AttemptShown(Answer):
    """One time the upstream was asked; `error` where that gave no answer for the client."""

    at_ms: float = Field(description="Since the request began.")
    ms: float = Field(description="Until its end.")
    connect_ms: float | None = Field(
        description="Of these, for a new connection; null: it did not come about, or was kept."
    )
    status: int | None
    error: str | None
    reused: bool = Field(description="On a connection kept from before.")
    upstream_request_id: str | None = Field(description="The vendor's own id, where it answered with an error.")
    stale: bool = Field(description="A kept connection turned out closed, and a new one was made.")


class Story(UsageRow):
    """All that is kept of one request; no word of its prompt or answer."""

    key_name: str | None
    key_prefix: str | None
    client_format: str
    cached_prompt_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    auth_ms: float | None
    limit_ms: float | None
    cache_ms: float | None
    first_byte_ms: float | None
    request_bytes: int
    response_bytes: int
    cache_detail: str | None = Field(description="Why there was no hit.")
    cache_nearest: float | None = Field(description="The similarity of the nearest question, where that was no hit.")
    cache_entry: str | None = Field(description="What a hit was answered with.")
    cache_stored_by: str | None = Field(description="The id of the request whose answer that was.")
    cache_age_s: int | None
    vendor_error_code: str | None = Field(description="Of the error that the upstream answered with.")
    vendor_error_message: str | None = Field(description="Its beginning; null where `usage.store_errors` is false.")
    refused_more: int = Field(
        description="Requests that were refused in the same moments and have no row of their own."
    )
    attempts_detail: list[AttemptShown]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a list of rows is narrowed by; from and to are instants, statuses the least and the highest."""

    since: datetime | None
    until: datetime | None
    statuses: tuple[int | None, int | None]
    cache: str | None
    model: str | None

    def arguments(self) -> list[Any]:
        """As the queries of requests.sql take them."""
        return [self.since, self.until, *self.statuses, self.cache, self.model]


def read_bounds(
    status: Annotated[
        str | None,
        Query(
            max_length=20,
            description="A status such as `429`, or a class such as `4xx`.",
            json_schema_extra={"pattern": "^[1-5]([0-9]{2}|[xX]{2})$"},
        ),
    ] = None,
    cache: Annotated[Outcome | None, Query(description="An outcome, or a hit's kind.")] = None,
    model: Annotated[str | None, Query(max_length=200)] = None,
    since: From = None,
    to: To = None,
) -> Bounds:
    """Raises Refused naming the parameter at fault."""
    if model is not None and "\0" in model:
        raise Refused(422, "invalid_field", "model holds a character that no model has.", param="model")
    return Bounds(*read_period(since, to), _statuses(status), cache, model)


Within = Annotated[Bounds, Depends(read_bounds)]


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as lists show it."""
    return {
        **row,
        "request_id": str(row["request_id"]),
        "at": row["started_at"],
        "cost_microusd": None,
        "usage_estimated": row["usage_estimated"] is True,
    }


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as one request's whole story."""
    story = row["story"] or {}
    attempts = [
        {
            **_NO_ATTEMPT,
            **attempt,
            "at_ms": attempt["at"],
            "upstream_request_id": attempt.get("vendor_id"),
        }
        for attempt in story.get("attempts", ())
    ]
    parts = {f"cache_{name}": story.get(key) for name, key in _CACHE}
    vendor = {f"vendor_error_{name}": story.get(f"vendor_{name}") for name in ("code", "message")}
    more = story.get("refused_more", 0)
    return {**shown(row), **parts, **vendor, "refused_more": more, "attempts_detail": attempts}


_CACHE = (("detail", "cache"), ("nearest", "nearest"), ("entry", "entry"), ("stored_by", "by"), ("age_s", "age_s"))
_NO_ATTEMPT = {"connect_ms": None, "status": None, "error": None, "reused": False, "stale": False}


def _statuses(status: str | None) -> tuple[int | None, int | None]:
    """The least and the highest status wanted."""
    if status is None:
        return None, None
    if re.fullmatch(r"[1-5]xx", status, re.IGNORECASE | re.ASCII):
        return int(status[0]) * 100, int(status[0]) * 100 + 99
    if re.fullmatch(r"[1-5]\d\d", status, re.ASCII):
        return int(status), int(status)
    raise Refused(422, "invalid_field", "status must be a status such as 429 or a class such as 4xx.", param="status")
