"""Exact entries in the store: one GET answers a hit; tenant and fingerprint stand in the entry and are compared.

A value is a header of JSON, the question, and the body as it came, so that a hit is byte-equal. Expiry is the tenant's
bookkeeping (put_entry.lua, sweep_entries.lua) with the key's own TTL behind it; bytes, those of texts and vectors too,
are counted per tenant and bounded by it.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from mitmgate.core.cache_policy import DEFAULT_NAMESPACE
from mitmgate.core.classifier import SHA256 as CLASSIFIER_SHA256
from mitmgate.core.entry_id import entry_id
from mitmgate.core.token_usage import Tokens
from mitmgate.services.cache_books import (
    ANY_REMOVAL,
    DROPPED_AT_ONCE,
    REMOVALS,
    BookScript,
    books,
    counts_key,
    entry_key,
    tag,
)
from mitmgate.services.cache_room import CacheRoom
from mitmgate.services.redis import Command, Script, Store, StoreDown, StoreError

FORMAT: Final = 2
PUT: Final = BookScript("put_entry")
SWEEP: Final = BookScript("sweep_entries")
TOUCH: Final = BookScript("touch_entries")
MARK: Final = Script("mark_entry")
DROP_BOOKS: Final = BookScript("drop_books")
#: Longer than any request lasts that may know an older removal.
REMOVAL_S: Final = 2 * 86_400.0
AHEAD_S: Final = 60.0  # that another node's clock may be; what was stored later than now is of a clock gone wrong
PUT_WITHIN_S: Final = 0.05  # longer, and the answer goes out unstored
MAX_BODY_BYTES: Final = 2 << 20  # a hit is one write: what a slow client does not read stays in memory
MAX_TOUCHES: Final = 4096
TOUCHED_AT_ONCE: Final = 500
MAX_NAMESPACES: Final = 1000  # of a tenant's, beside the default, with entries
SWEPT_AT_ONCE: Final = 200
SCANNED_AT_ONCE: Final = 200  # keys of any tenant; removing as many takes a few ms of the server's time
OVERHEAD_BYTES: Final = 512  # what the bookkeeping of an entry weighs, roughly
_BY_THIS: Final = CLASSIFIER_SHA256[:8]
_BY_NOBODY: Final = "-" * len(_BY_THIS)


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored answer. Times are epoch seconds; headers are those a hit carries; body is as the upstream sent it.

    request_id names the request that brought it, question is for people.
    usage_asked: whether the request that it answered asked for a stream's usage.
    classified: whether the classifier of this version found the question to be one that users may share; else nobody
    has looked yet.
    """

    tenant_id: int
    fingerprint: bytes
    request_id: str
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    stored_at: float
    expires_at: float
    model: str | None
    namespace: str
    tokens: Tokens = field(default_factory=Tokens)
    question: str = ""
    usage_asked: bool = False
    classified: bool = False

    @property
    def entry_id(self) -> str:
        return entry_id(self.tenant_id, self.fingerprint)


@dataclass(frozen=True, slots=True)
class Purged:
    """How many of a tenant's there were; questions: those kept with their vectors."""

    answers: int
    questions: int


class ExactCache:
    """lookup_commands and looked_up are for the request path's one round trip; the rest has round trips of its own.

    total_max_bytes: what all tenants' may weigh together; None: a share of the store's memory.
    """

    def __init__(self, store: Store, total_max_bytes: int | None = None) -> None:
        self._store = store
        self.room = CacheRoom(store, total_max_bytes)
        self._drop_books = store.use(DROP_BOOKS)
        self._put = store.use(PUT)
        self._sweep = store.use(SWEEP)
        self._touch = store.use(TOUCH)
        self._mark = store.use(MARK)
        self._touched: dict[tuple[int, str], list[int]] = {}
        self._counted: Counter[tuple[int, str]] = Counter()
        self._classified: set[tuple[int, bytes]] = set()

    @staticmethod
    def get_command(tenant_id: int, fingerprint: bytes) -> Command:
        return ("GET", entry_key(tenant_id, fingerprint.hex()))

    @staticmethod
    def lookup_commands(tenant_id: int, fingerprint: bytes | None) -> list[Command]:
        """Ask for the tenant's last removal, and for an entry, if one is wanted."""
        removal: Command = ("HGET", REMOVALS, tag(tenant_id))
        return [removal] if fingerprint is None else [removal, ExactCache.get_command(tenant_id, fingerprint)]

    @staticmethod
    def looked_up(replies: Sequence[object]) -> tuple[str | None, object]:
        """-> the tenant's last removal (empty: none; None: not known), and what `read` takes."""
        removal = replies[0] if replies else StoreError()
        known = None if isinstance(removal, StoreError) else removal.decode() if isinstance(removal, bytes) else ""
        return known, replies[1] if len(replies) > 1 else None

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
            begin = 4 + length + head["asked"]
            if (
                not head["stored_at"] - AHEAD_S <= now < head["expires_at"]
                or head["asked"] < 0
                or head["size"] != len(reply) - begin
            ):
                return None
            return Entry(
                tenant_id=tenant_id,
                fingerprint=fingerprint,
                request_id=head["request"],
                status=head["status"],
                headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]],
                body=reply[begin:],
                stored_at=head["stored_at"],
                expires_at=head["expires_at"],
                model=head["model"],
                namespace=head["namespace"],
                tokens=Tokens(**head["tokens"]),
                question=reply[4 + length : begin].decode(errors="replace"),
                usage_asked=head.get("usage_asked", False),
                classified=head.get("classified") == _BY_THIS,
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    async def fetch(self, tenant_id: int, fingerprint: bytes, now: float, deadline_s: float) -> Entry | None:
        """`read` in a round trip of its own. Raises StoreDown."""
        replies = await self._store.demand(self.get_command(tenant_id, fingerprint), deadline_s=deadline_s)
        return self.read(replies[0], tenant_id, fingerprint, now)

    async def put(self, tenant_id: int, entry: Entry, max_bytes: int, removal: str = ANY_REMOVAL) -> bool:
        """Stores the entry within the tenant's bytes and those of all, within PUT_WITHIN_S. -> whether it is there.

        removal: the tenant's last when the request began; after another one the entry is not stored.
        """
        if len(entry.body) > MAX_BODY_BYTES:
            return False
        value = _render(entry)
        name, size = entry.fingerprint.hex(), len(value) + OVERHEAD_BYTES
        now_ms, expires_ms = int(entry.stored_at * 1000), int(entry.expires_at * 1000)
        namespace = "" if entry.namespace == DEFAULT_NAMESPACE else entry.namespace
        bounds = (size, max_bytes, now_ms, expires_ms, DROPPED_AT_ONCE, namespace, MAX_NAMESPACES)
        of_all = self.room.bytes if self.room.bytes is not None else await self.room.learn(PUT_WITHIN_S)
        if of_all is None:
            return False
        arguments = (tag(tenant_id), name, value, *bounds, removal, of_all)
        keys = [*books(tenant_id), entry_key(tenant_id, name), REMOVALS]
        command = self._put.command(keys, arguments)
        try:
            replies = await self._store.demand(command, deadline_s=PUT_WITHIN_S)
        except StoreDown:
            return False
        return bool(replies[0][0])

    def touch(self, tenant_id: int, fingerprint: bytes) -> None:
        """Counts a hit of the entry, and its time for the order of eviction; written by the next flush."""
        used = (tenant_id, fingerprint.hex())
        if used in self._touched or len(self._touched) < MAX_TOUCHES:
            touched = self._touched.setdefault(used, [0, 0])
            touched[0], touched[1] = int(time.time() * 1000), touched[1] + 1

    def mark_classified(self, tenant_id: int, fingerprint: bytes) -> None:
        """Notes that an entry's question may be shared; written by the next flush."""
        if len(self._classified) < MAX_TOUCHES:
            self._classified.add((tenant_id, fingerprint))

    def count(self, tenant_id: int, outcome: str) -> None:
        """Counts what the cache did for a request: `exact`, `semantic`, `miss`; written by the next flush."""
        counted = (tenant_id, outcome)
        if counted in self._counted or len(self._counted) < MAX_TOUCHES:
            self._counted[counted] += 1

    async def flush(self) -> None:
        """Writes what was noted since the last time. What the store does not take is lost, and does no harm."""
        await self.room.keep_current()
        touched, self._touched = self._touched, {}
        counted, self._counted = self._counted, Counter()
        classified, self._classified = self._classified, set()
        uses: dict[int, list[Any]] = {}
        for (tenant_id, name), (used_ms, hits) in touched.items():
            uses.setdefault(tenant_id, []).extend((name, used_ms, hits))
        step = 3 * TOUCHED_AT_ONCE
        commands: list[Command] = [
            self._touch.command(books(tenant_id), (tag(tenant_id), *noted[start : start + step]))
            for tenant_id, noted in uses.items()
            for start in range(0, len(noted), step)
        ]
        commands += [
            self._mark.command(
                [entry_key(tenant_id, fingerprint.hex())], (_beginning(_BY_NOBODY), _beginning(_BY_THIS))
            )
            for tenant_id, fingerprint in classified
        ]
        commands += [
            ("HINCRBY", counts_key(tenant_id), outcome, more) for (tenant_id, outcome), more in counted.items()
        ]
        if commands:
            with suppress(StoreDown):
                await self._store.pipeline(commands)

    async def sweep(self, tenant_ids: Iterable[int]) -> int:
        """Forgets what expired or was evicted by the server, so that the bytes counted are those there.

        -> how many entries were forgotten. Raises StoreDown.
        """
        forgotten = 0
        for tenant_id in tenant_ids:
            cursor: Any = 0
            while True:
                cursor, count = await self._swept(tenant_id, cursor)
                forgotten += count
                if int(cursor) == 0 and count < SWEPT_AT_ONCE:
                    break
        return forgotten

    async def expire(self, tenant_id: int) -> None:
        """Forgets what has expired since the last sweep. Raises StoreDown."""
        while (await self._swept(tenant_id, ""))[1] >= SWEPT_AT_ONCE:
            pass

    async def _swept(self, tenant_id: int, cursor: Any) -> tuple[Any, int]:
        arguments = (tag(tenant_id), int(time.time() * 1000), cursor, SWEPT_AT_ONCE)
        following, count = (await self._store.demand(self._sweep.command(books(tenant_id), arguments)))[0]
        return following, count

    async def bytes_used(self, tenant_id: int) -> int:
        """What the tenant's entries, texts and vectors weigh, as counted. Raises StoreDown."""
        return int((await self._store.demand(("HGET", books(tenant_id)[0], "")))[0] or 0)

    async def holds(self, tenant_ids: Sequence[int]) -> list[int]:
        """Those of the tenants that have anything in the cache or its books. Raises StoreDown."""
        commands: list[Command] = [("EXISTS", *books(each), counts_key(each)) for each in tenant_ids]
        replies = await self._store.demand(*commands) if commands else []
        return [each for each, reply in zip(tenant_ids, replies, strict=True) if reply]

    async def begin_removal(self, tenant_id: int) -> None:
        """From here on no answer is stored whose request has begun. Raises StoreDown."""
        await self._store.demand(("HSET", REMOVALS, tag(tenant_id), _new_removal()))

    async def forget_removals(self) -> None:
        """Drops those that no request can be older than. Raises StoreDown."""
        flat = (await self._store.demand(("HGETALL", REMOVALS)))[0]
        before = time.time() - REMOVAL_S
        old = [tenant for tenant, removal in zip(flat[::2], flat[1::2], strict=True) if _removed_at(removal) < before]
        if old:
            await self._store.demand(("HDEL", REMOVALS, *old))

    async def purge(self, tenant_id: int) -> Purged:
        """Removes all of a tenant's entries, texts, vectors and counts, also such as no book names.

        The books go first: what is stored meanwhile is in new ones, and of a request that begins later. Raises
        StoreDown.
        """
        keys = [*books(tenant_id), REMOVALS, counts_key(tenant_id)]
        await self._store.demand(self._drop_books.command(keys, (tag(tenant_id), _new_removal())))
        removed: Counter[bytes] = Counter()
        cursor = b"0"
        while True:
            command = ("SCAN", cursor, "MATCH", f"[xv]*:{tag(tenant_id)}*", "COUNT", SCANNED_AT_ONCE)
            cursor, names = (await self._store.demand(command))[0]
            if names:
                removed.update(name.partition(b":")[0] for name in names)
                await self._store.demand(("UNLINK", *names))
            if int(cursor) == 0:
                return Purged(answers=removed[b"x"], questions=removed[b"v"])


def _beginning(mark: str) -> str:
    """Of an entry's header."""
    return f'{{"classified":"{mark}"'


def _new_removal() -> str:
    return f"{time.time():.0f} {secrets.token_hex(8)}"


def _removed_at(removal: bytes) -> float:
    return float(removal.partition(b" ")[0])


def _render(entry: Entry) -> bytes:
    question = entry.question.encode()
    head = orjson.dumps(
        {
            "classified": _BY_THIS if entry.classified else _BY_NOBODY,  # first: see mark_entry.lua
            "v": FORMAT,
            "tenant": entry.tenant_id,
            "fingerprint": entry.fingerprint.hex(),
            "request": entry.request_id,
            "status": entry.status,
            "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in entry.headers],
            "asked": len(question),
            "size": len(entry.body),
            "stored_at": entry.stored_at,
            "expires_at": entry.expires_at,
            "model": entry.model,
            "namespace": entry.namespace,
            "tokens": entry.tokens,
            "usage_asked": entry.usage_asked,
        }
    )
    return len(head).to_bytes(4) + head + question + entry.body
