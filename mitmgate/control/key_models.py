"""The shapes of tenants' keys and of admin tokens in the admin API."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from mitmgate.control.fields import UNSET, Answer, Body, HourlyLimit, Instant, Models, Name, Scope, Scopes

Role = Literal["admin", "viewer", "metrics"]


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
    """A key without its secret."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    limits: dict[str, int | None]
    allowed_models: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    blocked_until: datetime | None = None  # by the gateway itself, for repeated excess


class KeyCreated(KeyShown):
    api_key: str = Field(description="Shown this once.")


class KeyPage(Answer):
    data: list[KeyShown]
    next_cursor: str | None


class TokenIn(Body):
    name: Name
    role: Role


class TokenShown(Answer):
    id: int
    name: str
    role: Role
    prefix: str
    created_at: datetime


class TokenCreated(TokenShown):
    token: str = Field(description="Shown this once.")


class TokenPage(Answer):
    data: list[TokenShown]
    next_cursor: str | None
