"""The stored questions nearest to a text in all of a tenant's scopes: read from the store, a page at a time.

It is for operators who ask why there was no hit. The scopes in memory stay as they are, and look-ups go between pages.
"""

from __future__ import annotations

import asyncio
import heapq
from typing import Final

from mitmgate.services.embedder import MODEL_ID, Vectors
from mitmgate.services.vectors_store import AT_ONCE, StoredVector, VectorsStore

MOST_SCOPES: Final = 1000
MOST_ENTRIES: Final = 20_000


class NearestStored:
    """scopes and entries: how many were looked at; whole: whether these are all that the tenant has."""

    def __init__(self, vector: Vectors, most: int) -> None:
        self._vector = vector
        self._most = most
        self._found: list[tuple[float, int, bytes, StoredVector]] = []
        self.scopes = 0
        self.entries = 0
        self.whole = True

    async def look(self, store: VectorsStore, tenant: int, most_entries: int = MOST_ENTRIES) -> None:
        """Raises StoreDown."""
        scopes = await store.scopes(tenant, MOST_SCOPES + 1)
        self.whole = len(scopes) <= MOST_SCOPES
        for scope in scopes[:MOST_SCOPES]:
            names = await store.fingerprints(tenant, scope)
            room = most_entries - self.entries
            if len(names) > room:
                names, self.whole = names[len(names) - room :], False  # those that expire last
            self.scopes += 1
            async for page in store.load(tenant, names):
                self._take(scope, page)
                await asyncio.sleep(0)
            if not self.whole:
                return

    def found(self) -> list[tuple[bytes, StoredVector]]:
        """(scope, entry), the nearest first."""
        return [(scope, entry) for _, _, scope, entry in sorted(self._found, key=lambda each: each[:2], reverse=True)]

    def _take(self, scope: bytes, page: list[StoredVector]) -> None:
        assert len(page) <= AT_ONCE
        for entry in page:
            self.entries += 1
            if entry.model != MODEL_ID or entry.vector.shape != self._vector.shape:
                continue
            item = (float(entry.vector @ self._vector), -self.entries, scope, entry)
            if len(self._found) < self._most:
                heapq.heappush(self._found, item)
            elif item[:2] > self._found[0][:2]:
                heapq.heapreplace(self._found, item)
