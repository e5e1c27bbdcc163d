"""A tenant's entries as operators see them: listed page by page, shown, and evicted.

Every call of the store reads or drops a bounded number, whatever the tenant holds; a listing reads of each entry only
its first bytes, never its body.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mitmgate.core.asked import shortened
from mitmgate.core.entry_id import entry_id
from mitmgate.services.cache_books import BookScript, books, entry_key, tag
from mitmgate.services.exact_cache import Entry, ExactCache
from mitmgate.services.redis import Command, Store

EVICT: Final = BookScript("evict_entries")
READ_AT_ONCE: Final = 200
EVICTED_AT_ONCE: Final = 200
HEAD_BYTES: Final = 2048  # an entry's head and the beginning of its question
QUESTION_CHARACTERS: Final = 200
STORE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are meant; None admits all. older_than_s counts from when the answer was stored."""

    namespace: str | None = None
    model: str | None = None
    older_than_s: float | None = None

    def admits(self, head: dict[str, Any], now: float) -> bool:
        if self.namespace is not None and head["namespace"] != self.namespace:
            return False
        if self.model is not None and head["model"] != self.model:
            return False
        return self.older_than_s is None or now - head["stored_at"] > self.older_than_s


@dataclass(frozen=True, slots=True)
class EntrySummary:
    """One entry without its answer. Times are epoch seconds; size_bytes is what it is counted with, vector and all."""

    tenant_id: int
    fingerprint: bytes
    namespace: str
    model: str | None
    question: str
    content_type: str | None
    size_bytes: int
    hits: int
    stored_at: float
    expires_at: float
    last_used_at: float

    @property
    def id(self) -> str:
        return entry_id(self.tenant_id, self.fingerprint)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listing goes on: behind so many of those that expire at that ms; what expires earlier is yet to come."""

    expires_ms: int
    skipped: int


class CacheEntries:
    """Every method raises StoreDown."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._evict = store.use(EVICT)

    async def page(
        self, tenant_id: int, wanted: Filter, place: Place | None, limit: int, read_at_most: int
    ) -> tuple[list[EntrySummary], Place | None, int]:
        """Entries, those that expire last first. -> up to limit of them, where to go on if there is more, how many
        were read for them (at most read_at_most)."""
        found: list[EntrySummary] = []
        read = 0
        while True:
            count = min(READ_AT_ONCE, read_at_most - read)
            listed = await self._listed(tenant_id, place, count)
            heads = await self._heads(tenant_id, [name for name, _ in listed])
            now = time.time()
            admitted = []
            for (name, expires_ms), head in zip(listed, heads, strict=True):
                same = place is not None and place.expires_ms == expires_ms
                place = Place(expires_ms, place.skipped + 1 if place is not None and same else 1)
                read += 1
                if head is not None and wanted.admits(head, now):
                    admitted.append((name, head))
                    if len(found) + len(admitted) == limit:
                        break
            found += await self._summaries(tenant_id, admitted)
            if len(listed) < count:
                return found, None if len(found) < limit else place, read
            if len(found) >= limit or read >= read_at_most:
                return found, place, read

    async def summary(self, tenant_id: int, fingerprint: bytes) -> EntrySummary | None:
        """One entry, if it is there."""
        name = fingerprint.hex()
        head = (await self._heads(tenant_id, [name]))[0]
        if head is None or head["expires_at"] <= time.time():
            return None
        return (await self._summaries(tenant_id, [(name, head)]))[0]

    async def answer(self, tenant_id: int, fingerprint: bytes) -> Entry | None:
        """The whole entry, if it is there."""
        replies = await self._store.demand(ExactCache.get_command(tenant_id, fingerprint), deadline_s=STORE_S)
        return ExactCache.read(replies[0], tenant_id, fingerprint, time.time())

    async def evict(self, tenant_id: int, fingerprints: Sequence[bytes]) -> int:
        """Removes entries with their texts and vectors. -> how many there were."""
        evicted = 0
        for start in range(0, len(fingerprints), EVICTED_AT_ONCE):
            names = [each.hex() for each in fingerprints[start : start + EVICTED_AT_ONCE]]
            command = self._evict.command(books(tenant_id), (tag(tenant_id), *names))
            evicted += int((await self._store.demand(command, deadline_s=STORE_S))[0])
        return evicted

    async def sizes(self, tenant_ids: Sequence[int]) -> list[int]:
        """How many entries each tenant's books list."""
        commands: list[Command] = [("ZCARD", books(each)[2]) for each in tenant_ids]
        return [int(count) for count in await self._store.demand(*commands, deadline_s=STORE_S)] if commands else []

    async def _listed(self, tenant_id: int, place: Place | None, count: int) -> list[tuple[str, int]]:
        """Names with the ms at which they expire."""
        highest, skipped = ("+inf", 0) if place is None else (str(place.expires_ms), place.skipped)
        live = f"({int(time.time() * 1000)}"
        named: Command = ("ZRANGE", books(tenant_id)[2], highest, live, "BYSCORE", "REV")
        command: Command = (*named, "LIMIT", skipped, count, "WITHSCORES")
        flat = (await self._store.demand(command, deadline_s=STORE_S))[0]
        return [(name.decode(), int(score)) for name, score in zip(flat[::2], flat[1::2], strict=True)]

    async def _heads(self, tenant_id: int, names: Sequence[str]) -> list[dict[str, Any] | None]:
        """Of each entry its head, with the beginning of its question as `question`; None where there is none."""
        if not names:
            return []
        commands: list[Command] = [("GETRANGE", entry_key(tenant_id, name), 0, HEAD_BYTES - 1) for name in names]
        replies = await self._store.demand(*commands, deadline_s=STORE_S)
        heads = []
        for name, reply in zip(names, replies, strict=True):
            needed = 4 + int.from_bytes(reply[:4])
            if len(reply) == HEAD_BYTES and needed > HEAD_BYTES:  # a model with a very long name
                last = needed + 4 * QUESTION_CHARACTERS
                command: Command = ("GETRANGE", entry_key(tenant_id, name), 0, last)
                reply = (await self._store.demand(command, deadline_s=STORE_S))[0]
            heads.append(_head(reply, needed, tenant_id, name))
        return heads

    async def _summaries(self, tenant_id: int, admitted: Sequence[tuple[str, dict[str, Any]]]) -> list[EntrySummary]:
        if not admitted:
            return []
        sizes, uses, _, hits, _ = books(tenant_id)
        commands: list[Command] = []
        for name, _ in admitted:
            commands += [("HMGET", sizes, name, "v" + name), ("ZSCORE", hits, name), ("ZSCORE", uses, name)]
        replies = iter(await self._store.demand(*commands, deadline_s=STORE_S))
        return [
            EntrySummary(
                tenant_id=tenant_id,
                fingerprint=bytes.fromhex(name),
                namespace=head["namespace"],
                model=head["model"],
                question=head["question"],
                content_type=next((value for key, value in head["headers"] if key.lower() == "content-type"), None),
                size_bytes=sum(int(weight.split()[0]) for weight in weights if weight),
                hits=int(count or 0),
                stored_at=head["stored_at"],
                expires_at=head["expires_at"],
                last_used_at=max(head["stored_at"], int(used_ms or 0) / 1000),
            )
            for (name, head), weights, count, used_ms in zip(admitted, replies, replies, replies, strict=True)
        ]


def _head(reply: bytes, needed: int, tenant_id: int, name: str) -> dict[str, Any] | None:
    try:
        head = orjson.loads(reply[4:needed])
        if head["tenant"] != tenant_id or head["fingerprint"] != name:
            return None
        question = reply[needed : needed + head["asked"]].decode(errors="ignore")
        return {**head, "question": shortened(question, QUESTION_CHARACTERS)}
    except (KeyError, TypeError, ValueError):
        return None
