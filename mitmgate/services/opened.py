"""The connections and state that a worker's chain needs, opened together and closed in reverse order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from mitmgate.core.directory import Directory
from mitmgate.core.in_flight import InFlight
from mitmgate.core.limits import LocalLimiter
from mitmgate.core.settings import Runtime, Settings
from mitmgate.services.comparison_rows import ComparisonRows
from mitmgate.services.comparisons import Comparisons
from mitmgate.services.directory_feed import DirectoryFeed
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.journal import Journal
from mitmgate.services.matcher_client import MatcherClient
from mitmgate.services.postgres import create_pool
from mitmgate.services.quota import Quota
from mitmgate.services.redis import Store
from mitmgate.services.refusals import Refusals
from mitmgate.services.secrets import Secrets, load_secrets
from mitmgate.services.status import Status
from mitmgate.services.vital import run_vital

FLUSH_S = 1.0
LAST_ROWS_S = 1.0


@dataclass(frozen=True, slots=True)
class Services:
    """Constructors do no I/O: `open_services` does."""

    settings: Settings
    runtime: Runtime
    secrets: Secrets
    directory: Directory
    feed: DirectoryFeed
    store: Store
    quota: Quota
    exact_cache: ExactCache
    matcher: MatcherClient
    journal: Journal
    refusals: Refusals
    status: Status
    in_flight: InFlight
    comparisons: Comparisons

    def with_settings(self, settings: Settings) -> Services:
        """The same services under other settings: what a reload can change. Raises SecretsUnusable."""
        given = load_secrets(settings, self.runtime.data_dir, create=False)
        self.quota.apply(settings.limits)
        self.exact_cache.room.give(settings.cache.total_max_bytes)
        return replace(
            self,
            settings=settings,
            secrets=replace(self.secrets, jwt_secrets=given.jwt_secrets),  # hashes and seals are of the start's
        )


@asynccontextmanager
async def open_services(
    settings: Settings, runtime: Runtime, worker: str, matcher: MatcherClient | None = None
) -> AsyncIterator[Services]:
    """Opens the services of one worker. Raises what their opening raises.

    matcher: where it is no process of its own.
    """
    secrets = load_secrets(settings, runtime.data_dir, create=False)
    directory = Directory()
    feed = DirectoryFeed(runtime.database_dsn, directory)
    store = Store(runtime.redis_url)
    exact_cache = ExactCache(store, settings.cache.total_max_bytes)
    matcher = matcher or MatcherClient(runtime.matcher_socket, settings.cache.deadline_ms / 1000)
    pool = await create_pool(runtime.database_dsn, name="mitmgate comparisons", max_size=1)
    rows = ComparisonRows(pool)
    journal = Journal(runtime.data_dir / "journal", worker)
    services = Services(
        settings=settings,
        runtime=runtime,
        secrets=secrets,
        directory=directory,
        feed=feed,
        store=store,
        quota=Quota(store, LocalLimiter(runtime.worker_count, settings.limits.block_after), settings.limits),
        exact_cache=exact_cache,
        matcher=matcher,
        journal=journal,
        refusals=Refusals(journal),
        status=Status(lambda: feed.healthy, lambda: store.healthy),
        in_flight=InFlight(),
        comparisons=Comparisons(exact_cache, matcher, rows),
    )
    await feed.start()
    tasks = [run_vital(_flush(services)), run_vital(services.comparisons.run()), run_vital(rows.run())]
    try:
        yield services
    finally:
        for task in tasks:
            task.cancel()
        await rows.flush(LAST_ROWS_S)
        pool.terminate()
        await feed.close()
        await matcher.close()
        await store.close()
        services.refusals.flush(everything=True)
        journal.close()


async def _flush(services: Services) -> None:
    """Once a second: what was put off so that no request waits for it."""
    while True:
        await asyncio.sleep(FLUSH_S)
        services.refusals.flush()
        services.journal.flush()
        await services.quota.beat()
        await services.store.probe()  # without traffic nobody else would notice that it went, or is back
        await services.exact_cache.flush()
