"""Exact entries in the store: one GET answers a hit; tenant and fingerprint stand in the entry and are compared.

A value is a header of JSON and the body as it came, so that a hit is byte-equal. Expiry is the tenant's bookkeeping
(put_entry.lua, sweep_entries.lua) with the key's own TTL behind it; bytes are counted per tenant and bounded by it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from mitmgate.core.token_usage import Tokens
from mitmgate.services.redis import Command, Script, Store, StoreDown

FORMAT: Final = 1
PUT: Final = Script("put_entry")
SWEEP: Final = Script("sweep_entries")
PUT_WITHIN_S: Final = 0.05  # longer, and the answer goes out unstored
MAX_BODY_BYTES: Final = 8 << 20
MAX_TOUCHES: Final = 4096
SWEPT_AT_ONCE: Final = 200
DROPPED_AT_ONCE: Final = 500  # about 2 ms of the server's time
SCANNED_AT_ONCE: Final = 1000
OVERHEAD_BYTES: Final = 512  # what the bookkeeping of an entry weighs, roughly


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored answer. Times are epoch seconds; headers are those a hit carries; body is as the upstream sent it.

    usage_asked: whether the request that it answered asked for a stream's usage.
    """

    tenant_id: int
    fingerprint: bytes
    entry_id: str
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    stored_at: float
    expires_at: float
    model: str | None
    namespace: str
    tokens: Tokens = field(default_factory=Tokens)
    usage_asked: bool = False


class ExactCache:
    """get_command and read are for the request path's one round trip; the rest has round trips of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._put = store.use(PUT)
        self._sweep = store.use(SWEEP)
        self._touched: dict[tuple[int, str], int] = {}

    @staticmethod
    def get_command(tenant_id: int, fingerprint: bytes) -> Command:
        return ("GET", _prefix(tenant_id) + fingerprint.hex())

    @staticmethod
    def read(reply: object, tenant_id: int, fingerprint: bytes, now: float) -> Entry | None:
        """The entry, if there is one, it is whole, unexpired, and that tenant's for that fingerprint."""
        if not isinstance(reply, bytes):
            return None
        try:
            length = int.from_bytes(reply[:4])
            head = orjson.loads(reply[4 : 4 + length])
            if head["v"] != FORMAT or head["tenant"] != tenant_id or head["fingerprint"] != fingerprint.hex():
                return None
            if head["expires_at"] <= now or head["size"] != len(reply) - 4 - length:
                return None
            return Entry(
                tenant_id=tenant_id,
                fingerprint=fingerprint,
                entry_id=head["id"],
                status=head["status"],
                headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]],
                body=reply[4 + length :],
                stored_at=head["stored_at"],
                expires_at=head["expires_at"],
                model=head["model"],
                namespace=head["namespace"],
                tokens=Tokens(**head["tokens"]),
                usage_asked=head.get("usage_asked", False),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    async def fetch(self, tenant_id: int, fingerprint: bytes, now: float, deadline_s: float) -> Entry | None:
        """`read` in a round trip of its own. Raises StoreDown."""
        replies = await self._store.demand(self.get_command(tenant_id, fingerprint), deadline_s=deadline_s)
        return self.read(replies[0], tenant_id, fingerprint, now)

    async def put(self, tenant_id: int, entry: Entry, max_bytes: int) -> bool:
        """Stores the entry within the tenant's bytes, within PUT_WITHIN_S. -> whether it is there."""
        if len(entry.body) > MAX_BODY_BYTES:
            return False
        value = _render(entry)
        name, prefix = entry.fingerprint.hex(), _prefix(tenant_id)
        size = len(value) + OVERHEAD_BYTES
        now_ms, expires_ms = int(entry.stored_at * 1000), int(entry.expires_at * 1000)
        arguments = (name, value, size, max_bytes, now_ms, expires_ms, prefix, DROPPED_AT_ONCE)
        command = self._put.command([prefix + name, *_books(tenant_id)], arguments)
        try:
            replies = await self._store.demand(command, deadline_s=PUT_WITHIN_S)
        except StoreDown:
            return False
        return bool(replies[0][0])

    def touch(self, tenant_id: int, fingerprint: bytes) -> None:
        """Notes a use, for the order of eviction; written by the next flush."""
        used = (tenant_id, fingerprint.hex())
        if used in self._touched or len(self._touched) < MAX_TOUCHES:
            self._touched[used] = int(time.time() * 1000)

    async def flush(self) -> None:
        """Writes the uses noted since the last time. What the store does not take is lost, and does no harm."""
        touched, self._touched = self._touched, {}
        uses: dict[int, list[Any]] = {}
        for (tenant_id, name), used_ms in touched.items():
            uses.setdefault(tenant_id, ["ZADD", _books(tenant_id)[1], "XX", "GT"]).extend((used_ms, name))
        if uses:
            with suppress(StoreDown):
                await self._store.pipeline(list(uses.values()))

    async def sweep(self, tenant_ids: Iterable[int]) -> int:
        """Forgets what expired or was evicted by the server, so that the bytes counted are those there.

        -> how many entries were forgotten. Raises StoreDown.
        """
        forgotten = 0
        for tenant_id in tenant_ids:
            cursor: Any = 0
            while True:
                arguments = (int(time.time() * 1000), _prefix(tenant_id), cursor, SWEPT_AT_ONCE)
                replies = await self._store.demand(self._sweep.command(_books(tenant_id), arguments))
                cursor, count = replies[0]
                forgotten += count
                if int(cursor) == 0 and count < SWEPT_AT_ONCE:
                    break
        return forgotten

    async def bytes_used(self, tenant_id: int) -> int:
        """What the tenant's entries weigh, as counted. Raises StoreDown."""
        return int((await self._store.demand(("HGET", _books(tenant_id)[0], "")))[0] or 0)

    async def purge(self, tenant_id: int) -> int:
        """Removes all entries of a tenant, also such as no book names. -> how many there were. Raises StoreDown."""
        removed, cursor = 0, b"0"
        while True:
            command = ("SCAN", cursor, "MATCH", _prefix(tenant_id) + "*", "COUNT", SCANNED_AT_ONCE)
            cursor, names = (await self._store.demand(command))[0]
            if names:
                removed += (await self._store.demand(("UNLINK", *names)))[0]
            if int(cursor) == 0:
                break
        await self._store.demand(("UNLINK", *_books(tenant_id)))
        return int(removed)


def _prefix(tenant_id: int) -> str:
    return f"x:{{{tenant_id}}}:"


def _books(tenant_id: int) -> list[str]:
    return [f"{name}:{{{tenant_id}}}" for name in ("xsize", "xused", "xends")]


def _render(entry: Entry) -> bytes:
    head = orjson.dumps(
        {
            "v": FORMAT,
            "tenant": entry.tenant_id,
            "fingerprint": entry.fingerprint.hex(),
            "id": entry.entry_id,
            "status": entry.status,
            "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in entry.headers],
            "size": len(entry.body),
            "stored_at": entry.stored_at,
            "expires_at": entry.expires_at,
            "model": entry.model,
            "namespace": entry.namespace,
            "tokens": entry.tokens,
            "usage_asked": entry.usage_asked,
        }
    )
    return len(head).to_bytes(4) + head + entry.body
