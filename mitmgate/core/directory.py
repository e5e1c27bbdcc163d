"""Who may call: tenants and their keys, held in memory and looked up by a key's hash. Pure: no clock, no I/O.

A tenant and its keys are one record with one version; a record replaces an older one only, whichever way it came
(first load, notification, reload after PostgreSQL was away), so a late reader can never bring a revoked key back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NewType

TenantId = NewType("TenantId", int)
KeyId = NewType("KeyId", int)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of a tenant. `hash` is HMAC-SHA-256 under the pepper; times are epoch seconds."""

    id: KeyId
    tenant_id: TenantId
    name: str
    prefix: str
    hash: bytes
    scopes: frozenset[str]
    rate_limit_per_hour: int | None = None
    allowed_models: frozenset[str] | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class UpstreamAuth:
    """The credential sent upstream, as stored: `sealed` is what core.sealing opens."""

    header: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with its keys. status: active, blocked or deleted; blocked_until None is until unblocked."""

    id: TenantId
    name: str
    version: int
    status: str
    backend_url: str
    rate_limit_per_hour: int
    keys: tuple[Key, ...]
    blocked_until: float | None = None
    block_reason: str | None = None
    is_demo: bool = False
    upstream_format: str = "openai"
    upstream_auth: UpstreamAuth | None = None
    allow_private_upstream: bool = False
    allowed_models: frozenset[str] | None = None
    default_model: str | None = None
    model_aliases: Mapping[str, str] | None = None
    cache_mode: str | None = None
    cache_ttl_s: int | None = None
    cache_max_bytes: int | None = None
    cache_max_temperature: float = 1.0
    cache_threshold: float | None = None
    cache_max_wrong: float | None = None
    cache_audit_share: float | None = None
    upstream_retries: int | None = None  # None: the configuration's

    def blocked(self, now: float) -> bool:
        """Whether the operator's block holds at `now` (epoch seconds)."""
        return self.status == "blocked" and (self.blocked_until is None or now < self.blocked_until)


class Directory:
    """All tenants by id and all live keys by hash."""

    def __init__(self) -> None:
        self._tenants: dict[TenantId, Tenant] = {}
        self._keys: dict[bytes, tuple[Tenant, Key]] = {}
        self.version = 0

    def __len__(self) -> int:
        return len(self._tenants)

    def by_key_hash(self, hash: bytes) -> tuple[Tenant, Key] | None:
        return self._keys.get(hash)

    def tenant(self, id: TenantId) -> Tenant | None:
        return self._tenants.get(id)

    def key(self, tenant_id: TenantId, key_id: KeyId) -> tuple[Tenant, Key] | None:
        """The live key of that id, if it is that tenant's: how a token's claims are checked for revocation."""
        tenant = self._tenants.get(tenant_id)
        if tenant is None:
            return None
        return next(((tenant, key) for key in tenant.keys if key.id == key_id), None)

    def apply(self, tenant: Tenant) -> bool:
        """Puts the record in unless a newer one is there. -> whether it did."""
        old = self._tenants.get(tenant.id)
        if old is not None and old.version > tenant.version:
            return False
        if old is not None:
            self._forget_keys(old)
        self._tenants[tenant.id] = tenant
        if tenant.status != "deleted":
            for key in tenant.keys:
                self._keys[key.hash] = (tenant, key)
        self.version = max(self.version, tenant.version)
        return True

    def replace(self, tenants: Iterable[Tenant], as_of_version: int) -> None:
        """Takes a whole load: applies each, drops those it no longer names unless they are newer than the load."""
        named = set()
        for tenant in tenants:
            named.add(tenant.id)
            self.apply(tenant)
        for id, tenant in list(self._tenants.items()):
            if id not in named and tenant.version <= as_of_version:
                self._forget_keys(tenant)
                del self._tenants[id]
        self.version = max(self.version, as_of_version)

    def _forget_keys(self, tenant: Tenant) -> None:
        for key in tenant.keys:
            self._keys.pop(key.hash, None)
