"""Whose tenants a store's keys are of: a database and its store hold the same random id, since tenants' ids repeat."""

from __future__ import annotations

import secrets
from typing import Final

import asyncpg

from mitmgate.core.store_urls import place_of
from mitmgate.services.postgres import close_connection, open_connection
from mitmgate.services.queries import queries
from mitmgate.services.redis import Store
from mitmgate.services.redis_start import StoreUnusable
from mitmgate.services.tenant_keys import CONTENT, WITHIN_S, forget_tenants

KEY: Final = "gateway"
_MARKED: Final = "is marked as that of another gateway's database, whose tenants have the same ids"


async def claim_store(dsn: str, redis_url: str, *, alone: bool) -> None:
    """Marks a new store as that of the database. What an unmarked one answers from is forgotten first.

    alone: no other gateway can use the store, so one of another database is forgotten, too.
    Raises StoreUnusable where the store is another database's, StoreDown, and PostgreSQL's errors.
    """
    connection = await open_connection(dsn)
    try:
        await connection.execute(queries.record_gateway_check, "gateway-id", secrets.token_bytes(16))
        own = await _id_of(connection)
    finally:
        await close_connection(connection)
    assert own is not None
    store = Store(redis_url, deadline_s=WITHIN_S)
    try:
        found = (await store.demand(("GET", KEY)))[0]
        if found == own:
            return
        if found is None or alone:
            await forget_tenants(store, None if found else CONTENT)
            await store.demand(("SET", KEY, own, *(() if alone else ("NX",))))  # another node may have come first
            found = (await store.demand(("GET", KEY)))[0]
        if found != own:
            raise _of_another(redis_url)
    finally:
        await store.close()


async def keep_claim(connection: asyncpg.Connection, store: Store) -> bool:
    """Marks a store again that was emptied while it was in use, before another gateway can. -> whether it was.

    Raises StoreUnusable where it is another database's by now, and StoreDown.
    """
    own = await _id_of(connection)
    found = (await store.demand(("SET", KEY, own, "NX", "GET")))[0] if own is not None else None
    if found not in (None, own):
        raise StoreUnusable(f"the store {_MARKED}")
    return own is not None and found is None


async def owner_problem(connection: asyncpg.Connection, store: Store) -> str | None:
    """What is wrong with the store's mark, for who only looks. Raises StoreDown."""
    own, found = await _id_of(connection), (await store.demand(("GET", KEY)))[0]
    if found is None or own is None or found == own:
        return None
    return _MARKED


async def release_store(connection: asyncpg.Connection, redis_url: str) -> None:
    """Removes all that a store keeps of tenants, whose ids are about to be given to others; it is nobody's then.

    Raises StoreUnusable where it is not that of the database, and StoreDown.
    """
    own = await _id_of(connection) if await connection.fetchval(queries.is_set_up) else None
    store = Store(redis_url, deadline_s=WITHIN_S)
    try:
        found = (await store.demand(("GET", KEY)))[0]
        if found not in (None, own):
            raise _of_another(redis_url)
        await forget_tenants(store)
        await store.demand(("UNLINK", KEY))
    finally:
        await store.close()


async def _id_of(connection: asyncpg.Connection) -> bytes | None:
    checks = {row["name"]: row["value"] for row in await connection.fetch(queries.gateway_checks)}
    return checks.get("gateway-id")


def _of_another(redis_url: str) -> StoreUnusable:
    return StoreUnusable(
        f"the store at {place_of(redis_url)} is that of another gateway's database, whose tenants have the same ids:"
        " give this one a Valkey of its own, or empty that one (FLUSHDB) once nothing else uses it"
    )
