"""Texts and vectors of entries in the store, beside their payloads: what an index is made from again.

`v:{tenant}:<fingerprint>` is one entry's hash, `vs:{tenant}:<scope>` lists a scope's fingerprints by expiry,
`vt:{tenant}` a tenant's scopes. Their bytes are in the tenant's books (lua/books.lua), and go with their entry.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mitmgate.services.cache_books import ANY_REMOVAL, DROPPED_AT_ONCE, REMOVALS, BookScript, books, tag
from mitmgate.services.cache_entries import EVICT
from mitmgate.services.redis import Command, Store

PUT: Final = BookScript("put_vector")
DROP: Final = BookScript("drop_vectors")
AT_ONCE: Final = 200  # entries in one round trip: 400 kB
PAGE_S: Final = 2.0
OVERHEAD_BYTES: Final = 512  # what the bookkeeping of a vector weighs, roughly

type Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StoredVector:
    """vector: float32[n], L2-normalised, of the model named. expires_at is epoch seconds."""

    fingerprint: bytes
    text: str
    vector: Vector
    model: str
    expires_at: float


class VectorsStore:
    """Every call is one round trip or a few; all raise StoreDown."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._put = store.use(PUT)
        self._drop = store.use(DROP)
        self._evict = store.use(EVICT)

    async def put(self, tenant: int, scope: bytes, entry: StoredVector, removal: str = ANY_REMOVAL) -> bool:
        """Stores or replaces an entry's, where the tenant's bytes have room. -> whether it is there.

        removal: as `ExactCache.put` has it.
        """
        name = entry.fingerprint.hex()
        keys = [*books(tenant), _vector(tenant) + name, _scope(tenant) + scope.hex(), REMOVALS]
        expires_ms, now_ms = int(entry.expires_at * 1000), int(time.time() * 1000)
        raw = np.ascontiguousarray(entry.vector, "<f4").tobytes()
        text = entry.text.encode(errors="replace")
        about = (name, scope.hex(), text, raw, entry.model, expires_ms, now_ms)
        arguments = (tag(tenant), *about, OVERHEAD_BYTES, DROPPED_AT_ONCE, removal)
        return bool((await self._store.demand(self._put.command(keys, arguments)))[0])

    async def fingerprints(self, tenant: int, scope: bytes) -> list[bytes]:
        """Of the scope's unexpired entries."""
        now_ms = int(time.time() * 1000)
        command: Command = ("ZRANGEBYSCORE", _scope(tenant) + scope.hex(), f"({now_ms}", "+inf")
        names = (await self._store.demand(command, deadline_s=PAGE_S))[0]
        return [bytes.fromhex(name.decode()) for name in names]

    async def count(self, tenant: int, scope: bytes) -> int:
        """How many unexpired entries the scope lists."""
        now_ms = int(time.time() * 1000)
        return int((await self._store.demand(("ZCOUNT", _scope(tenant) + scope.hex(), f"({now_ms}", "+inf")))[0])

    async def scopes(self, tenant: int, most: int) -> list[bytes]:
        """Of the tenant's scopes with unexpired entries those whose last entry expires last."""
        command: Command = ("ZRANGE", _tenant(tenant), "+inf", f"({int(time.time() * 1000)}", "BYSCORE", "REV")
        names = (await self._store.demand((*command, "LIMIT", 0, most), deadline_s=PAGE_S))[0]
        return [bytes.fromhex(name.decode()) for name in names]

    async def load(self, tenant: int, fingerprints: Sequence[bytes]) -> AsyncIterator[list[StoredVector]]:
        """Those of the entries that are there and whole, page by page."""
        for start in range(0, len(fingerprints), AT_ONCE):
            page = fingerprints[start : start + AT_ONCE]
            commands: list[Command] = [
                ("HMGET", _vector(tenant) + each.hex(), "text", "vector", "model", "expires_at") for each in page
            ]
            replies = await self._store.demand(*commands, deadline_s=PAGE_S)
            yield [
                entry for each, reply in zip(page, replies, strict=True) if (entry := _entry(each, reply)) is not None
            ]

    async def delete(self, tenant: int, fingerprints: Collection[bytes]) -> int:
        """-> how many there were."""
        names = [each.hex() for each in fingerprints]
        dropped = 0
        for start in range(0, len(names), AT_ONCE):
            command = self._drop.command(books(tenant), (tag(tenant), *names[start : start + AT_ONCE]))
            dropped += int((await self._store.demand(command, deadline_s=PAGE_S))[0])
        return dropped

    async def evict(self, tenant: int, fingerprints: Sequence[bytes]) -> int:
        """Removes whole entries: texts, vectors and answers. -> how many there were."""
        names = [each.hex() for each in fingerprints]
        command = self._evict.command(books(tenant), (tag(tenant), *names))
        return int((await self._store.demand(command, deadline_s=PAGE_S))[0])

    async def _forget_scope(self, tenant: int, scope: bytes) -> int:
        """Removes a scope's entries. -> how many there were."""
        command: Command = ("ZRANGE", _scope(tenant) + scope.hex(), 0, -1)
        names = (await self._store.demand(command, deadline_s=PAGE_S))[0]
        dropped = await self.delete(tenant, [bytes.fromhex(name.decode()) for name in names])
        await self._store.demand(
            ("UNLINK", _scope(tenant) + scope.hex()), ("ZREM", _tenant(tenant), scope.hex()), deadline_s=PAGE_S
        )
        return dropped

    async def forget_tenant(self, tenant: int) -> int:
        """Removes all of a tenant's entries. -> how many there were."""
        scopes = (await self._store.demand(("ZRANGE", _tenant(tenant), 0, -1), deadline_s=PAGE_S))[0]
        dropped = sum([await self._forget_scope(tenant, bytes.fromhex(scope.decode())) for scope in scopes])
        await self._store.demand(("UNLINK", _tenant(tenant)))
        return dropped


def _vector(tenant: int) -> str:
    return f"v:{{{tenant}}}:"


def _scope(tenant: int) -> str:
    return f"vs:{{{tenant}}}:"


def _tenant(tenant: int) -> str:
    return f"vt:{{{tenant}}}"


def _entry(fingerprint: bytes, reply: Sequence[bytes | None]) -> StoredVector | None:
    text, raw, model, expires = reply
    if text is None or raw is None or model is None or expires is None or len(raw) % 4:
        return None
    try:
        return StoredVector(
            fingerprint=fingerprint,
            text=text.decode(),
            vector=np.frombuffer(raw, "<f4").astype(np.float32),
            model=model.decode(),
            expires_at=int(expires) / 1000,
        )
    except ValueError:
        return None
