"""The scopes in memory: each an index over its entries' questions, made from the store when first asked for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from mitmgate.core.text.sieve import Stored
from mitmgate.services.embedder import MODEL_ID, WIDTH, Vectors
from mitmgate.services.redis import StoreDown
from mitmgate.services.vector_index import VectorIndex
from mitmgate.services.vectors_store import StoredVector, VectorsStore

IDLE_S: Final = 900.0  # a scope nobody asks for goes from memory
EMPTY_IDLE_S: Final = 60.0
SWEEP_S: Final = 10.0
CHECK_S: Final = 2.0  # how old the knowledge of what other nodes stored may be
LARGEST_BYTES: Final = 1 << 30
_SCOPE_BYTES: Final = 2048  # what a scope weighs beside its entries
_ENTRY_BYTES: Final = 512  # and an entry beside its vector and text
_AT_ONCE: Final = 200  # entries between two turns of the loop

type Name = tuple[int, bytes]  # tenant, digest

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Known(Stored):
    """An entry's question. expires_at is epoch seconds."""

    expires_at: float = 0.0


@dataclass(slots=True, eq=False)
class Scope:
    """One scope. Until `loaded`, it holds only what was put since it was asked for."""

    name: Name
    index: VectorIndex[bytes]
    known: dict[bytes, Known] = field(default_factory=dict)
    removed: set[bytes] = field(default_factory=set)  # while it was being loaded
    loaded: bool = False
    loading: asyncio.Task[None] | None = None
    used_s: float = 0.0
    checked_s: float = 0.0
    check_s: float = CHECK_S
    text_bytes: int = 0

    @property
    def size_bytes(self) -> int:
        """The memory it takes, roughly."""
        return self.index.size_bytes + self.text_bytes + _SCOPE_BYTES + _ENTRY_BYTES * len(self.known)


class Scopes:
    """All scopes in memory, bounded in bytes; the least recently used go first."""

    def __init__(self, store: VectorsStore, hnsw_from: int = 1000, largest_bytes: int = LARGEST_BYTES) -> None:
        self._store = store
        self._hnsw_from = hnsw_from
        self._largest_bytes = largest_bytes
        self._scopes: dict[Name, Scope] = {}
        self._being_stored: dict[Name, dict[bytes, tuple[Known, Vectors]]] = {}
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._scopes)

    @property
    def entries(self) -> int:
        return sum(len(scope.known) for scope in self._scopes.values())

    @property
    def size_bytes(self) -> int:
        return sum(scope.size_bytes for scope in self._scopes.values())

    async def ready(self, tenant: int, digest: bytes) -> Scope:
        """The scope with all its live entries. Raises StoreDown; loading goes on when the caller gives up."""
        name = (tenant, digest)
        scope = self._scopes.pop(name, None) or Scope(name, VectorIndex[bytes](WIDTH, self._hnsw_from, held=True))
        self._scopes[name] = scope  # the dict is in the order of use
        now_s = time.monotonic()
        scope.used_s = now_s
        stale = now_s - scope.checked_s > scope.check_s
        if scope.loading is None and (not scope.loaded or stale):
            scope.checked_s = now_s
            scope.loading = asyncio.get_running_loop().create_task(self._load(scope))
            scope.loading.add_done_callback(lambda task: self._loading_ended(scope, task))
        if not scope.loaded and (loading := scope.loading) is not None:
            await asyncio.wait({loading})
            if not loading.cancelled() and (problem := loading.exception()) is not None:
                raise problem
        return scope

    def put(
        self, tenant: int, digest: bytes, fingerprint: bytes, text: str, vector: Vectors, expires_at: float
    ) -> None:
        """Adds an entry to its scope, if that is in memory: else it is loaded with the rest. `stored` is to follow."""
        name, known = (tenant, digest), Known(text, expires_at=expires_at)
        self._being_stored.setdefault(name, {})[fingerprint] = known, vector
        scope = self._scopes.get(name)
        if scope is not None:
            self._add(scope, fingerprint, known, vector)

    def stored(self, tenant: int, digest: bytes, fingerprint: bytes) -> None:
        """The store has it, or refused it, or is away."""
        entries = self._being_stored.get((tenant, digest), {})
        entries.pop(fingerprint, None)
        if not entries:
            self._being_stored.pop((tenant, digest), None)

    def remove(self, tenant: int, fingerprints: Iterable[bytes]) -> None:
        """Takes entries from whatever scope of the tenant holds them."""
        gone = set(fingerprints)
        for (whose, _), entries in self._being_stored.items():
            if whose == tenant:
                for fingerprint in entries.keys() & gone:
                    del entries[fingerprint]
        for scope in list(self._scopes.values()):
            if scope.name[0] == tenant:
                for fingerprint in scope.known.keys() & gone:  # the shorter of the two is gone through
                    self._discard(scope, fingerprint)
                if scope.loading is not None:
                    scope.removed |= gone

    def forget(self, tenant: int) -> None:
        """Drops all of a tenant's from memory."""
        for name in [name for name in self._being_stored if name[0] == tenant]:
            del self._being_stored[name]
        for name in [name for name in self._scopes if name[0] == tenant]:
            self._drop(name)

    async def sweep(self) -> None:
        """Forgets what expired, what nobody asks for, and what is too much; a little at a time."""
        total = looked_at = 0
        for name, scope in list(self._scopes.items()):
            for fingerprint in [*scope.known]:
                known = scope.known.get(fingerprint)
                if known is not None and known.expires_at <= time.time():
                    self._discard(scope, fingerprint)
                    self.counts["expired"] += 1
                if (looked_at := looked_at + 1) % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            if (looked_at := looked_at + 1) % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if self._scopes.get(name) is not scope:  # dropped meanwhile
                continue
            if time.monotonic() - scope.used_s > (IDLE_S if scope.known else EMPTY_IDLE_S):
                self._drop(name)
            else:
                total += scope.size_bytes
        while total > self._largest_bytes and self._scopes:
            name, scope = next(iter(self._scopes.items()))
            total -= scope.size_bytes
            self._drop(name)
            self.counts["dropped"] += 1

    def close(self) -> None:
        for name in list(self._scopes):
            self._drop(name)

    def _add(self, scope: Scope, fingerprint: bytes, known: Known, vector: Vectors) -> None:
        self._discard(scope, fingerprint)
        scope.index.add(fingerprint, vector)
        scope.known[fingerprint] = known
        scope.text_bytes += len(known.text)
        scope.removed.discard(fingerprint)

    def _discard(self, scope: Scope, fingerprint: bytes) -> None:
        if (known := scope.known.pop(fingerprint, None)) is not None:
            scope.index.remove(fingerprint)
            scope.text_bytes -= len(known.text)

    def _drop(self, name: Name) -> None:
        scope = self._scopes.pop(name)
        if scope.loading is not None:
            scope.loading.cancel()
        scope.index.close()

    async def _load(self, scope: Scope) -> None:
        """Brings the scope to what the store has; other nodes write there, too."""
        tenant, digest = scope.name
        if scope.loaded and await self._store.count(tenant, digest) == len(scope.known):
            return
        before, begun_s = set(scope.known), time.monotonic()
        being_stored = dict(self._being_stored.get(scope.name, {}))  # the list may be made before they are in it
        stored = await self._store.fingerprints(tenant, digest)
        # A large scope that is written to differs at each check: listing it may take a twentieth of the time.
        scope.check_s = max(CHECK_S, 20 * (time.monotonic() - begun_s))
        missing = [each for each in stored if each not in scope.known]
        async for page in self._store.load(tenant, missing):
            self._take(scope, page)
        for fingerprint in before.difference(stored, being_stored):
            self._discard(scope, fingerprint)
        for fingerprint, (known, vector) in being_stored.items():
            if fingerprint not in scope.known and fingerprint not in scope.removed:
                self._add(scope, fingerprint, known, vector)
        scope.loaded = True
        scope.index.release()

    def _take(self, scope: Scope, page: Iterable[StoredVector]) -> None:
        for entry in page:
            if entry.model != MODEL_ID or entry.vector.shape != (WIDTH,):
                self.counts["other_model"] += 1
            elif entry.fingerprint not in scope.known and entry.fingerprint not in scope.removed:
                self._add(scope, entry.fingerprint, Known(entry.text, expires_at=entry.expires_at), entry.vector)
                self.counts["loaded"] += 1

    @staticmethod
    def _loading_ended(scope: Scope, task: asyncio.Task[None]) -> None:
        scope.loading = None
        scope.removed.clear()
        if not task.cancelled() and (problem := task.exception()) is not None and not isinstance(problem, StoreDown):
            _log.error("a scope cannot be loaded", exc_info=problem)


async def keep_swept(scopes: Scopes, swept: Callable[[], None] = lambda: None) -> None:
    """Sweeps now and then, for as long as the scopes are in use, and tells when it did."""
    while True:
        await asyncio.sleep(SWEEP_S)
        await scopes.sweep()
        swept()
