"""Fair shares of the cache's room: where tenants press against the bound of all, those with the most give way.

A tenant that stores makes room among its own (put_entry.lua), so one that came late could never grow. This lowers the
largest to one level, so that some room is free again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from mitmgate.services.cache_books import ALL, DROPPED_AT_ONCE, BookScript, books, tag
from mitmgate.services.redis import Store

TRIM: Final = BookScript("trim_entries")
FILLED: Final = 0.95  # of the bound, after a trim
MAX_TRIMS: Final = 1000  # scripts in one turn: 300,000 entries


class CacheShares:
    """Keeps nothing: the books know who pressed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._trim = store.use(TRIM)

    async def level(self) -> int:
        """Lowers the largest, where others pressed since the last time. -> how many gave way. Raises StoreDown."""
        flat = (await self._store.demand(("HGETALL", ALL)))[0]
        known = dict(zip(flat[::2], flat[1::2], strict=True))
        pressing = [name for name in known if name[:1] == b"+"]
        if not pressing or b"most" not in known:
            return 0
        used = {_id_of(name[1:]): 0 for name in pressing}
        used |= {_id_of(name): int(size) for name, size in known.items() if name[:1] == b"{"}
        level = water_level(used.values(), int(FILLED * int(known[b"most"])))
        larger = [tenant_id for tenant_id, size in used.items() if size > level] if len(used) > 1 else []
        trims = 0
        for tenant_id in larger:
            left, before = level + 1, 0
            while left > level and left != before and trims < MAX_TRIMS:
                command = self._trim.command(books(tenant_id), (tag(tenant_id), level, DROPPED_AT_ONCE))
                before, left = left, int((await self._store.demand(command))[0])
                trims += 1
        await self._store.demand(("HDEL", ALL, *pressing))
        return len(larger)


def _id_of(name: bytes) -> int:
    return int(name[1:-2])  # {7}:


def water_level(sizes: Collection[int], room: int) -> int:
    """The highest level to which all larger sizes can be lowered so that their sum is within the room.

    The largest of all where their sum is within it already.
    """
    left = room
    ordered = sorted(sizes)
    for index, size in enumerate(ordered):
        if size * (len(ordered) - index) > left:
            return max(0, left // (len(ordered) - index))
        left -= size
    return ordered[-1] if ordered else 0
