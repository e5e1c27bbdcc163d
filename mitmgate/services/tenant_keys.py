"""All of a tenant's keys in the store, whoever wrote them: each names its tenant as `{id}`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from typing import Final

from mitmgate.services.cache_books import ALL, REMOVALS
from mitmgate.services.redis import Store

SCANNED_AT_ONCE: Final = 1000
WITHIN_S: Final = 5.0
#: Prompts and answers: entries and their books, vectors with their texts and lists.
CONTENT: Final = ("x", "xsize", "xused", "xends", "xhits", "v", "vs", "vt")

_of_tenant: Final = re.compile(rb"([a-z]+):\{(\d+)\}").match


async def count_content(store: Store, tenant_id: int) -> Counter[str]:
    """How many keys with prompts or answers of a tenant there are, by kind. Raises StoreDown."""
    found: Counter[str] = Counter()
    async for page in _pages(store, f"*:{{{tenant_id}}}*"):
        found.update(kind for name in page if (kind := _kind(name, lambda id: id == tenant_id)) in CONTENT)
    return found


async def forget_tenants(store: Store, kinds: Collection[str] | None = None) -> int:
    """Removes what is kept of all tenants; kinds: only these, as CONTENT. -> how many keys. Raises StoreDown."""
    removed = 0
    async for page in _pages(store, "*:{*}*"):
        found = ((name, _kind(name, lambda id: True)) for name in page)
        names = [name for name, kind in found if kind is not None and (kinds is None or kind in kinds)]
        if names:
            removed += int((await store.demand(("UNLINK", *names), deadline_s=WITHIN_S))[0])
    await store.demand(("UNLINK", ALL, REMOVALS), deadline_s=WITHIN_S)
    return removed


async def _pages(store: Store, pattern: str) -> AsyncIterator[list[bytes]]:
    cursor = b"0"
    while True:
        command = ("SCAN", cursor, "MATCH", pattern, "COUNT", SCANNED_AT_ONCE)
        cursor, names = (await store.demand(command, deadline_s=WITHIN_S))[0]
        yield names
        if int(cursor) == 0:
            return


def _kind(name: bytes, is_meant: Callable[[int], bool]) -> str | None:
    found = _of_tenant(name)
    return found[1].decode() if found and is_meant(int(found[2])) else None
