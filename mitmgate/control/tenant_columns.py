"""A tenant between its three forms: the request's body, the columns of its row, and what is shown of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mitmgate.control.tenant_models import CacheIn, TenantIn, TenantPatch

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TenantColumns:
    """What the admin API writes of a row, in the order of insert_tenant and update_tenant."""

    name: str
    backend_url: str
    rate_limit_per_hour: int
    allowed_models: list[str] | None
    default_model: str | None
    model_aliases: dict[str, str] | None
    upstream_format: str
    allow_private_upstream: bool
    upstream_auth_header: str | None
    upstream_auth_sealed: bytes | None
    cache_mode: str | None
    cache_ttl_s: int | None
    cache_max_bytes: int | None
    cache_max_temperature: float
    cache_threshold: float | None
    cache_max_wrong: float | None
    cache_audit_share: float | None
    upstream_retries: int | None
    tags: list[str]
    status: str = "active"
    blocked_until: datetime | None = None
    block_reason: str | None = None

    def arguments(self) -> list[Any]:
        return [getattr(self, name) for name in self.__slots__]


def columns_of_row(row: Row) -> TenantColumns:
    values = {name: row[name] for name in TenantColumns.__slots__}
    return TenantColumns(**{**values, "tags": _tags(row)})


def columns_of_body(body: TenantIn, header: str | None, sealed: bytes | None) -> TenantColumns:
    """A whole tenant, not blocked unless the body says so."""
    cache = body.cache or CacheIn()
    return TenantColumns(
        name=body.name,
        backend_url=body.backend_url,
        rate_limit_per_hour=body.rate_limit_per_hour,
        allowed_models=body.allowed_models,
        default_model=body.default_model,
        model_aliases=body.model_aliases,
        upstream_format=body.upstream_format,
        allow_private_upstream=body.allow_private_upstream,
        upstream_auth_header=header,
        upstream_auth_sealed=sealed,
        cache_mode=cache.mode,
        cache_ttl_s=cache.ttl_s,
        cache_max_bytes=cache.max_bytes,
        cache_max_temperature=_temperature(cache.max_temperature),
        cache_threshold=cache.threshold,
        cache_max_wrong=cache.max_wrong,
        cache_audit_share=cache.audit_share,
        upstream_retries=body.upstream_retries,
        tags=body.tags,
        status=body.status or "active",
    )


def replaced(old: TenantColumns, body: TenantIn, header: str | None, sealed: bytes | None) -> TenantColumns:
    """What a PUT makes of a tenant: the body, with the block as it was unless `status` is given."""
    new = columns_of_body(body, header, sealed)
    return with_status(new, old, body.status)


def patched(old: TenantColumns, body: TenantPatch, header: str | None, sealed: bytes | None) -> TenantColumns:
    """What a PATCH makes of a tenant; header and sealed count only when it names upstream_auth."""
    given = body.given()
    status = given.pop("status", None)
    if given.pop("upstream_auth", ...) is not ...:
        old = replace(old, upstream_auth_header=header, upstream_auth_sealed=sealed)
    if "cache" in given:
        old = _with_cache(old, given.pop("cache"))
    defaults = {name: field.get_default(call_default_factory=True) for name, field in TenantIn.model_fields.items()}
    values = {name: defaults[name] if value is None else value for name, value in given.items()}
    return with_status(replace(old, **values), old, status)


def doubts(columns: TenantColumns) -> list[str]:
    """What can be done and is hardly meant."""
    model, allowed = columns.default_model, columns.allowed_models
    if model is None or allowed is None or {model, (columns.model_aliases or {}).get(model, model)} & set(allowed):
        return []
    return ["default_model is none of allowed_models: requests that name no model are refused"]


def with_status(new: TenantColumns, old: TenantColumns, status: str | None) -> TenantColumns:
    """`new` with the block of `old`; a status that is given begins a block without end, or ends the one there is."""
    if status is None or (status == "blocked" and old.status == "blocked"):
        return replace(new, status=old.status, blocked_until=old.blocked_until, block_reason=old.block_reason)
    return replace(new, status=status, blocked_until=None, block_reason=None)


def shown(row: Row, now: datetime, blocked_s: int | None, *, demo: bool = True) -> dict[str, Any]:
    """A tenant as the API shows it. blocked_s: how long the gateway's own block for excess still lasts, if any; demo:
    whether the demo runs."""
    until, reason, status = row["blocked_until"], row["block_reason"], row["status"]
    if status == "blocked" and until is not None and until <= now:
        status, until, reason = "active", None, None
    if status != "blocked" and blocked_s is not None:
        status, reason = "blocked", "The quota was exceeded again and again."
        until = (now + timedelta(seconds=blocked_s)).replace(microsecond=0)
    if row["is_demo"] and not demo:
        status = "off"
    header = row["upstream_auth_header"]
    return {
        **{name: row[name] for name in _SHOWN_AS_STORED},
        "status": status,
        "blocked_until": until,
        "block_reason": reason,
        "upstream_auth": None if header is None else {"header": header, "set": True},
        "cache": {name: row[f"cache_{name}"] for name in CacheIn.model_fields},
        "tags": _tags(row),
    }


_SHOWN_AS_STORED = (
    "id",
    "name",
    "backend_url",
    "rate_limit_per_hour",
    "key_prefixes",
    "allowed_models",
    "default_model",
    "model_aliases",
    "upstream_format",
    "allow_private_upstream",
    "upstream_retries",
    "created_at",
    "updated_at",
)


def utc_now(now_s: float) -> datetime:
    return datetime.fromtimestamp(now_s, UTC)


def _with_cache(old: TenantColumns, cache: CacheIn | None) -> TenantColumns:
    given = CacheIn().model_dump() if cache is None else cache.given()
    if "max_temperature" in given:
        given["max_temperature"] = _temperature(given["max_temperature"])
    return replace(old, **{f"cache_{name}": value for name, value in given.items()})


def _temperature(value: float | None) -> float:
    return 1.0 if value is None else value


def _tags(row: Row) -> list[str]:
    """The column's default is an empty object."""
    return row["tags"] if isinstance(row["tags"], list) else []
