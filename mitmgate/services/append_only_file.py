"""Valkey's append-only file holds what was removed until it is written anew."""

from __future__ import annotations

import asyncio
from typing import Final

from mitmgate.services.redis import Store
from mitmgate.services.redis_connection import StoreError

WITHIN_S: Final = 60.0
POLL_S: Final = 0.05


async def rewrite(store: Store) -> bool:
    """Has the file written anew from what the store has now. -> whether nothing older is left in it.

    False where the store does not let us, or takes too long. True where it keeps no such file. Raises StoreDown.
    """
    try:
        async with asyncio.timeout(WITHIN_S):
            if (seen := await _persistence(store)) is None:
                return False
            if seen.get("aof_enabled") != "1":
                return True
            while True:  # one that is under way may have begun before the removal
                (begun,) = await store.pipeline([("BGREWRITEAOF",)])
                if not isinstance(begun, StoreError):
                    break
                if "progress" not in str(begun):
                    return False
                await asyncio.sleep(POLL_S)
            while True:
                seen = await _persistence(store)
                if seen is None:
                    return False
                if seen.get("aof_rewrite_in_progress") == seen.get("aof_rewrite_scheduled") == "0":
                    return seen.get("aof_last_bgrewrite_status") == "ok"
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        return False


async def _persistence(store: Store) -> dict[str, str] | None:
    (information,) = await store.pipeline([("INFO", "persistence")])
    if isinstance(information, StoreError):
        return None
    text = information.decode() if isinstance(information, bytes) else str(information)
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
