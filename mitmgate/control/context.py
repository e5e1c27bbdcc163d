"""What the control plane's routes work with: opened by the process once, handed to the app, never a global."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

import asyncpg
from fastapi import Depends, Request

from mitmgate.control.admission import Actor
from mitmgate.core.failures import FailureLimiter
from mitmgate.core.settings import Settings
from mitmgate.services.cache_entries import CacheEntries
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.matcher_client import MatcherClient
from mitmgate.services.redis import Store
from mitmgate.services.secrets import Secrets

#: (tenant id, version) -> how many workers did not say that they applied it.
Apply = Callable[[int, int], Awaitable[int]]
#: A host name -> its addresses. Raises OSError or UnicodeError.
Resolve = Callable[[str], Awaitable[Sequence[str]]]


class Blocks(Protocol):
    """The gateway's own blocks. The methods raise ServiceUnavailable while their store is away."""

    @property
    def healthy(self) -> bool: ...

    async def blocked(self, tenant_ids: Sequence[int]) -> Mapping[int, int]: ...

    async def blocked_keys(self, tenant_id: int, key_ids: Sequence[int]) -> Mapping[int, int]: ...

    async def lift(self, tenant_id: int, key_ids: Sequence[int]) -> None: ...


class CacheStore:
    """The cached answers, by the ways to them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.exact = ExactCache(store)
        self.entries = CacheEntries(store)


async def resolve(host: str) -> Sequence[str]:
    """The addresses the system knows for a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def nobody_to_tell(tenant_id: int, version: int) -> int:
    """Apply where there are no workers."""
    return 0


@dataclass(slots=True)
class Control:
    """The opened services and what the supervisor last said of the gateway.

    demo says whether the demo runs; settings is replaced at a reload; status is the supervisor's ("database", "redis",
    "workers", "control"), shipper tells how far accounting is behind, both for /admin/health.
    """

    settings: Settings
    secrets: Secrets
    pool: asyncpg.Pool
    version: str
    automatic_blocks: Blocks | None = None
    matcher: MatcherClient | None = None
    cache: CacheStore | None = None
    demo: bool = True
    apply: Apply = nobody_to_tell
    resolve: Resolve = resolve
    status: Callable[[], Mapping[str, Any]] = dict
    shipper: Callable[[], Mapping[str, Any] | None] = lambda: None
    failures: FailureLimiter = field(default_factory=FailureLimiter)
    upstream_tests: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    now: Callable[[], float] = time.time


def _control(request: Request) -> Control:
    found: Control = request.app.state.control
    return found


def _actor(request: Request) -> Actor:
    found: Actor = request.state.actor
    return found


Here = Annotated[Control, Depends(_control)]
Caller = Annotated[Actor, Depends(_actor)]
