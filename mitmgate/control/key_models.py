"""The shapes of tenants' keys and of admin tokens in the admin API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from mitmgate.control.fields import (
    MAX_TTL_S,
    UNSET,
    Answer,
    Body,
    Flag,
    HourlyLimit,
    Instant,
    Models,
    Name,
    Scope,
    Scopes,
)

Role = Literal["admin", "viewer"]


def _any_scope() -> list[Scope]:
    return ["any"]


class KeyLimits(Body):
    """A key's own limits, below its tenant's."""

    rate_limit_per_hour: HourlyLimit | None = None


class KeyIn(Body):
    name: Name = "key"
    scopes: Scopes = Field(default_factory=_any_scope)
    limits: KeyLimits | None = None
    allowed_models: Models | None = None
    expires_at: Instant | None = None


class KeyPatch(Body):
    """Changes what it names; null goes back to the default. An `expires_at` that has passed ends the key."""

    name: Name = UNSET
    scopes: Scopes | None = None
    limits: KeyLimits | None = None
    allowed_models: Models | None = None
    expires_at: Instant | None = None


class KeyShown(Answer):
    """A key without its secret.

    `status` says whether it is accepted: `off` is the demo's while the demo does not run. A key with `replaced_at` has
    a successor and ends at `expires_at`.
    """

    id: int
    name: str
    prefix: str
    status: Literal["active", "expired", "revoked", "off"]
    scopes: list[str]
    limits: dict[str, int | None]
    allowed_models: list[str] | None
    expires_at: datetime | None
    replaced_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    blocked_until: datetime | None = None  # by the gateway itself, for repeated excess
    warnings: list[str] | None = None


class KeyCreated(KeyShown):
    api_key: str = Field(description="Shown this once.")


class KeyRotated(KeyCreated):
    """A key that takes the place of another, with its name, scopes, models, limit and expiry."""

    replaces: int
    expires_old_at: datetime


class Rotated(Answer):
    """`api_key` is there when it is one key, `keys` when `all` were asked for."""

    api_key: str | None = Field(None, description="Shown this once.")
    expires_old_at: datetime
    keys: list[KeyRotated] | None = None


class RotateKeyIn(Body):
    """How long the key that is replaced goes on working."""

    grace_seconds: Annotated[int, Field(strict=True, ge=0, le=MAX_TTL_S)] = 0


class RotateIn(RotateKeyIn):
    """How long the tenant's present keys go on working. A tenant with several keys needs `all`."""

    all: Flag = False


class KeyFound(KeyShown):
    """A key with its tenant."""

    tenant_id: int
    tenant_name: str
    tenant_deleted: bool


class KeysFound(Answer):
    data: list[KeyFound]


class KeyPage(Answer):
    data: list[KeyShown]
    next_cursor: str | None


class TokenIn(Body):
    name: Name
    role: Role


class TokenShown(Answer):
    """`role` is one that can be given, or one that an earlier version gave."""

    id: int
    name: str
    role: str
    prefix: str
    created_at: datetime


class TokenCreated(TokenShown):
    token: str = Field(description="Shown this once.")


class TokenPage(Answer):
    data: list[TokenShown]
    next_cursor: str | None
