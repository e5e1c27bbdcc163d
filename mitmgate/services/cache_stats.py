"""What the cache holds and did, for one tenant or many: sums out of the books, no entry is read but the most asked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mitmgate.services.cache_books import books, counts_key
from mitmgate.services.redis import Command, Store

TENANTS_AT_ONCE: Final = 100
TOP: Final = 10
STORE_S: Final = 2.0


@dataclass(slots=True)
class CacheSums:
    """entries, hits of these and their bytes are what is there; counts (exact, semantic, miss) since the last purge.

    top: (hits, tenant id, fingerprint) of the entries asked most, the first the most.
    """

    entries: int = 0
    entry_hits: int = 0
    size_bytes: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    top: list[tuple[int, int, bytes]] = field(default_factory=list)


async def cache_sums(
    store: Store, tenant_ids: Sequence[int], sums: CacheSums | None = None, top: int = TOP
) -> CacheSums:
    """Those tenants' sums, added to `sums`, with so many of the entries asked most. Raises StoreDown."""
    sums = sums or CacheSums()
    for start in range(0, len(tenant_ids), TENANTS_AT_ONCE):
        some = tenant_ids[start : start + TENANTS_AT_ONCE]
        replies = iter(await store.demand(*[each for id in some for each in _commands(id, top)], deadline_s=STORE_S))
        for tenant_id, weights, entries, counts, most in zip(some, replies, replies, replies, replies, strict=True):
            sums.size_bytes += int(weights[0] or 0)
            sums.entry_hits += int(weights[1] or 0)
            sums.entries += entries
            for outcome, count in zip(_OUTCOMES, counts, strict=True):
                sums.counts[outcome] += int(count or 0)
            asked = [
                (int(hits), tenant_id, bytes.fromhex(name.decode()))
                for name, hits in zip(most[::2], most[1::2], strict=True)
            ]
            sums.top = sorted([*sums.top, *asked], reverse=True)[:top]
    return sums


_OUTCOMES: Final = ("exact", "semantic", "miss")


def _commands(tenant_id: int, top: int) -> list[Command]:
    sizes, _, expiries, hits, _ = books(tenant_id)
    now: Any = int(time.time() * 1000)
    return [
        ("HMGET", sizes, "", "hits"),
        ("ZCOUNT", expiries, f"({now}", "+inf"),
        ("HMGET", counts_key(tenant_id), *_OUTCOMES),
        ("ZREVRANGE", hits, 0, top - 1, "WITHSCORES"),
    ]
