"""The shapes of a tenant in the admin API: what may be asked for, and what is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from mitmgate.control.fields import (
    MAX_BYTES,
    MAX_TTL_S,
    UNSET,
    Answer,
    Body,
    Flag,
    HeaderName,
    HeaderValue,
    HourlyLimit,
    Model,
    Models,
    Name,
    Reason,
    Tags,
    Url,
    Whole,
)

UpstreamFormat = Literal["openai", "anthropic"]
CacheMode = Literal["semantic", "shadow", "exact", "off"]
Aliases = Annotated[dict[Model, Model], Field(max_length=1000, description="What the client names: what is asked for.")]


Retries = Annotated[
    int,
    Field(strict=True, ge=0, le=10, description="Attempts after the first; null follows the configuration."),
    Whole,
]


class UpstreamAuthIn(Body):
    """The credential sent upstream; stored encrypted and never shown again.

    `value` is sent as it is, so Authorization needs its scheme: `Bearer sk-…`. Without one `warnings` says so.
    """

    header: HeaderName
    value: HeaderValue


class CacheIn(Body):
    """The tenant's own cache settings; null follows the gateway's configuration."""

    mode: CacheMode | None = None
    ttl_s: Annotated[int, Field(strict=True, ge=1, le=MAX_TTL_S), Whole] | None = None
    max_bytes: Annotated[int, Field(strict=True, ge=0, le=MAX_BYTES), Whole] | None = None
    max_temperature: Annotated[float, Field(strict=True, ge=0, le=2, description="null: 1.0")] | None = None
    threshold: (
        Annotated[float, Field(strict=True, ge=0, le=1, description="lowest cosine of a hit in other words")] | None
    ) = None
    max_wrong: (
        Annotated[float, Field(strict=True, ge=0, le=1, description="share of hits in other words that may be wrong")]
        | None
    ) = None
    audit_share: (
        Annotated[float, Field(strict=True, ge=0, le=1, description="share of hits in other words that is audited")]
        | None
    ) = None


# http:// is for private networks only.
_PLAIN_HTTP: Final[dict[str, Any]] = {
    "anyOf": [
        {"properties": {"allow_private_upstream": {"const": True}}, "required": ["allow_private_upstream"]},
        {"properties": {"backend_url": {"pattern": "^[Hh][Tt][Tt][Pp][Ss]:"}}},
    ]
}


class TenantIn(Body):
    """A whole tenant. As a PUT it replaces: what is left out goes back to its default, `upstream_auth` is removed.

    Only `status` stays as it is when left out, for a block is an event and no setting.
    """

    model_config = ConfigDict(json_schema_extra=_PLAIN_HTTP)

    name: Name
    backend_url: Url
    rate_limit_per_hour: HourlyLimit = 1000
    status: Literal["active", "blocked"] | None = None
    allowed_models: Models | None = None
    default_model: Model | None = None
    model_aliases: Aliases | None = None
    upstream_format: UpstreamFormat = "openai"
    allow_private_upstream: Flag = False
    upstream_auth: UpstreamAuthIn | None = None
    upstream_retries: Retries | None = None
    cache: CacheIn | None = None
    tags: Tags = Field(default_factory=list)


class TenantPatch(Body):
    """Changes what it names (RFC 7396): `cache` field by field, lists whole; null goes back to the default."""

    name: Name = UNSET
    backend_url: Url = UNSET
    rate_limit_per_hour: HourlyLimit | None = None
    status: Literal["active", "blocked"] = UNSET
    allowed_models: Models | None = None
    default_model: Model | None = None
    model_aliases: Aliases | None = None
    upstream_format: UpstreamFormat | None = None
    allow_private_upstream: Flag | None = None
    upstream_auth: UpstreamAuthIn | None = None
    upstream_retries: Retries | None = None
    cache: CacheIn | None = None
    tags: Tags | None = None


class BlockIn(Body):
    """How long and why. Without `seconds` the block lasts until it is lifted."""

    seconds: Annotated[int, Field(strict=True, ge=1, le=10 * MAX_TTL_S), Whole] | None = None
    reason: Reason | None = None


class UpstreamAuthShown(Answer):
    header: str
    set: bool = True


class CacheShown(Answer):
    mode: str | None
    ttl_s: int | None
    max_bytes: int | None
    max_temperature: float
    threshold: float | None
    max_wrong: float | None
    audit_share: float | None


class TenantShown(Answer):
    """A tenant; never a key or a credential. The demo's status is `off` while the demo does not run."""

    id: int
    name: str
    backend_url: str
    rate_limit_per_hour: int
    status: Literal["active", "blocked", "off"]
    key_prefixes: list[str]
    blocked_until: datetime | None
    block_reason: str | None
    allowed_models: list[str] | None
    default_model: str | None
    model_aliases: dict[str, str] | None
    upstream_format: str
    allow_private_upstream: bool
    upstream_auth: UpstreamAuthShown | None
    upstream_retries: int | None
    cache: CacheShown
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    warnings: list[str] | None = None


class TenantCreated(TenantShown):
    api_key: str = Field(description="Shown this once.")
