"""Reading tenants and their keys from PostgreSQL into the records of the directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from mitmgate.core.directory import Key, KeyId, Tenant, TenantId, UpstreamAuth
from mitmgate.services.queries import queries

Row = Mapping[str, Any]

# Rows made into records before others get their turn on the loop: some 3 ms.
BATCH: Final = 200


def key_from_row(row: Row) -> Key:
    """A row of api_keys as the directory's Key."""
    return Key(
        id=KeyId(row["id"]),
        tenant_id=TenantId(row["tenant_id"]),
        name=row["name"],
        prefix=row["prefix"],
        hash=row["hash"],
        scopes=frozenset(row["scopes"]),
        rate_limit_per_hour=row["rate_limit_per_hour"],
        allowed_models=_models(row["allowed_models"]),
        expires_at=_epoch_s(row["expires_at"]),
    )


def tenant_from_row(row: Row, keys: Iterable[Key] = ()) -> Tenant:
    """A row of tenants with its keys as the directory's Tenant; a deleted one keeps none."""
    deleted = row["status"] == "deleted"
    header = row["upstream_auth_header"]
    return Tenant(
        id=TenantId(row["id"]),
        name=row["name"],
        version=row["version"],
        status=row["status"],
        backend_url=row["backend_url"],
        rate_limit_per_hour=row["rate_limit_per_hour"],
        keys=() if deleted else tuple(keys),
        blocked_until=_epoch_s(row["blocked_until"]),
        block_reason=row["block_reason"],
        is_demo=row["is_demo"],
        upstream_format=row["upstream_format"],
        upstream_auth=UpstreamAuth(header, row["upstream_auth_sealed"]) if header is not None else None,
        allow_private_upstream=row["allow_private_upstream"],
        allowed_models=_models(row["allowed_models"]),
        default_model=row["default_model"],
        model_aliases=row["model_aliases"],
        cache_mode=row["cache_mode"],
        cache_ttl_s=row["cache_ttl_s"],
        cache_max_bytes=row["cache_max_bytes"],
        cache_max_temperature=row["cache_max_temperature"],
        cache_threshold=row["cache_threshold"],
        cache_max_wrong=row["cache_max_wrong"],
        cache_audit_share=row["cache_audit_share"],
        upstream_retries=row["upstream_retries"],
    )


async def load_tenant(connection: asyncpg.Connection, id: int) -> Tenant | None:
    """One tenant, deleted or not, with its keys, of one moment; None: there never was one."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        tenants = await _with_keys(connection, await connection.fetch(queries.tenant, id))
    return tenants[0] if tenants else None


async def load_changed(connection: asyncpg.Connection, after_version: int) -> list[Tenant]:
    """The next tenants changed after a version, deleted ones too, at most BATCH, in the order of their versions."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await _with_keys(connection, await connection.fetch(queries.tenants_changed, after_version, BATCH))


async def load_tenants(connection: asyncpg.Connection) -> tuple[list[Tenant], int]:
    """Every tenant that is not deleted, all of one moment, and the version that moment had.

    Reads by cursor and lets the loop go on in between, so that ten thousand tenants stop no request.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        as_of_version: int = await connection.fetchval(queries.directory_version)
        keys: dict[int, list[Key]] = {}
        async for rows in _batches(connection, queries.tenants_keys):
            for row in rows:
                keys.setdefault(row["tenant_id"], []).append(key_from_row(row))
        tenants: list[Tenant] = []
        async for rows in _batches(connection, queries.tenants):
            tenants.extend(tenant_from_row(row, keys.pop(row["id"], ())) for row in rows)
    return tenants, as_of_version


async def _with_keys(connection: asyncpg.Connection, rows: Sequence[Row]) -> list[Tenant]:
    keys: dict[int, list[Key]] = {}
    if rows:
        for row in await connection.fetch(queries.keys_of_tenants, [row["id"] for row in rows]):
            keys.setdefault(row["tenant_id"], []).append(key_from_row(row))
    return [tenant_from_row(row, keys.get(row["id"], ())) for row in rows]


async def _batches(connection: asyncpg.Connection, query: str) -> AsyncIterator[list[Row]]:
    cursor = await connection.cursor(query)
    while rows := await cursor.fetch(BATCH):
        yield rows
        await asyncio.sleep(0)


def _models(names: Sequence[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _epoch_s(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
