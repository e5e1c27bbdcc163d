"""What the cached answers of all tenants may weigh together, so that they never push out counters and blocks.

A store that is full evicts by its policy, and counters have an expiry like answers: the cache has to stay well below.
Every script that stores checks the sum that the books keep (lua/books.lua).
"""

from __future__ import annotations

import time
from typing import Final

from mitmgate.services.redis import Store, StoreDown

SHARE: Final = 0.7  # of the store's memory: the rest is for counters, buffers, and what an allocator rounds up
UNKNOWN_BYTES: Final = 512 << 20  # of a store that does not say what it has
LEARN_S: Final = 60.0


class CacheRoom:
    """given: the operator's bound; without it, `SHARE` of what the store may use, learned when it is first needed."""

    def __init__(self, store: Store, given: int | None) -> None:
        self._store = store
        self._given = given
        self._learned_at = float("-inf")
        self.bytes = given

    def give(self, given: int | None) -> None:
        """A reload's bound; without one, what was learned last holds until it is learned again."""
        self._given = given
        if given is not None:
            self.bytes = given
        self._learned_at = float("-inf")

    async def learn(self, within_s: float) -> int | None:
        """The bound, or None while the store does not answer."""
        if self._given is None:
            try:
                reply = (await self._store.pipeline([("INFO", "memory")], deadline_s=within_s))[0]
            except StoreDown:
                return self.bytes
            self.bytes, self._learned_at = share_of(reply), time.monotonic()
        return self.bytes

    async def keep_current(self) -> None:
        """Learns the bound where it is not known or old: an operator may give the store more or less."""
        if self._given is None and (self.bytes is None or time.monotonic() - self._learned_at > LEARN_S):
            await self.learn(1.0)


def share_of(info: object) -> int:
    """The cache's share of a store's memory by its INFO: of `maxmemory`, or of the machine's where there is none."""
    text = info.decode(errors="replace") if isinstance(info, bytes) else ""  # an error where INFO is not permitted
    fields = dict(line.partition(":")[::2] for line in text.splitlines())
    sizes = [int(fields.get(name, "").strip() or 0) for name in ("maxmemory", "total_system_memory")]
    known = [size for size in sizes if size > 0]
    return int(SHARE * (min(known) if known else UNKNOWN_BYTES))
