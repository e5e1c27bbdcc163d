"""Everything a gateway needs, opened in one process: for `mitmdump -s addons/chain.py`, where no supervisor is."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from mitmgate import __version__
from mitmgate.control.context import CacheStore
from mitmgate.control.shipper import Shipper
from mitmgate.control.upkeep import share_cache, sweep_cache
from mitmgate.core.settings import Runtime, Settings, config_file, load_settings
from mitmgate.core.store_urls import without_password
from mitmgate.matcher.computing import Workers
from mitmgate.matcher.kinds import TextKinds
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.process import follow_feedback, load_classifier, load_model, load_verifier
from mitmgate.matcher.scopes import Scopes, keep_swept
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import PairVerdicts
from mitmgate.services.matcher_client import LocalMatcher, MatcherClient
from mitmgate.services.migrations import DatabaseUnusable
from mitmgate.services.opened import Services, open_services
from mitmgate.services.postgres import AWAY, create_pool, prepare_database
from mitmgate.services.redis import Store
from mitmgate.services.secrets import SecretsUnusable, load_secrets
from mitmgate.services.vectors_store import VectorsStore
from mitmgate.services.vital import run_vital
from mitmgate.supervisor.data_dir import DataDirectory
from mitmgate.supervisor.errors import CannotStart
from mitmgate.supervisor.stores import Stores

FLUSH_S = 5.0
ALL_WELL = {
    "database": "ok",
    "redis": "ok",
    "control": "ok",
    "matcher": "ok",
    "verifier": "ok",
    "classifier": "ok",
    "workers": {"ready": 1, "wanted": 1},
}

logger = logging.getLogger(__name__)


def settings_of(config: str, environ: Mapping[str, str] = os.environ) -> Settings:
    """As `gatewayctl serve` reads them, but for its flags. Raises ConfigError."""
    return load_settings(config_file(Path(config).expanduser() if config else None), environ, {})


@asynccontextmanager
async def open_alone(settings: Settings) -> AsyncIterator[Services]:
    """The services with stores, matcher and shipper of this process's own. Raises CannotStart.

    Call it in the main thread: the stores' servers end with the thread that started them.
    """
    async with AsyncExitStack() as opened:
        data = DataDirectory(settings.data_dir)
        opened.callback(data.release)
        stores = Stores(settings, settings.data_dir)
        opened.push_async_callback(stores.stop)
        stores.launch()
        try:
            secrets = load_secrets(settings, settings.data_dir, create=True)
            await stores.serving()
            for warning in await stores.check():
                logger.warning("mitmgate: %s", warning)
            await prepare_database(stores.database_dsn, secrets)
            await stores.claim()
        except (SecretsUnusable, DatabaseUnusable, *AWAY) as error:
            raise CannotStart(without_password(str(error), stores.database_dsn)) from None
        for server in stores.servers:
            _beside(opened, stores.watch(server))
        runtime = Runtime(
            data_dir=settings.data_dir,
            database_dsn=stores.database_dsn,
            redis_url=stores.redis_url,
            demo=False,
            demo_upstream=None,
            worker_count=1,
            listen_host="",
            listen_port=0,
            control_port=0,
            version=__version__,
            matcher_socket="",
        )
        matcher = LocalMatcher((await _matcher(opened, settings, runtime)).answer)
        services = await opened.enter_async_context(open_services(settings, runtime, "alone", matcher))
        await _ship(opened, settings, runtime, matcher)
        services.status.tell({"status": ALL_WELL, "whole_once": True})
        yield services


async def _matcher(opened: AsyncExitStack, settings: Settings, runtime: Runtime) -> Operations:
    store = Store(runtime.redis_url)
    opened.push_async_callback(store.close)
    model = await asyncio.to_thread(load_model, settings.cache.embedder, runtime.data_dir, settings.cache.model_path)
    workers, vectors = Workers(), VectorsStore(store)
    texts = TextVectors(model, workers)
    scopes = Scopes(vectors, settings.vectors.hnsw_from)
    opened.callback(scopes.close)
    verdicts = PairVerdicts(texts, *await asyncio.to_thread(load_verifier))
    kinds = TextKinds(texts, await asyncio.to_thread(load_classifier))
    _beside(opened, workers.run())
    _beside(opened, keep_swept(scopes))
    said_wrong, following = follow_feedback(settings, runtime)
    for task in following:
        opened.callback(task.cancel)
    return Operations(texts, scopes, vectors, verdicts, kinds, said_wrong)


async def _ship(opened: AsyncExitStack, settings: Settings, runtime: Runtime, matcher: MatcherClient) -> None:
    pool = await create_pool(runtime.database_dsn, name="mitmgate shipper", max_size=3)
    opened.callback(pool.terminate)
    store = Store(runtime.redis_url)
    opened.push_async_callback(store.close)
    folder = runtime.data_dir
    shipper = Shipper(folder / "journal", folder / "dead-letter", pool, retention_days=settings.usage.retention_days)
    opened.push_async_callback(shipper.flush, FLUSH_S)
    _beside(opened, shipper.run())
    cache = CacheStore(store)
    _beside(opened, sweep_cache(pool, cache, matcher))
    _beside(opened, share_cache(cache))


def _beside(opened: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Should it fail, mitmproxy ends: without it stores stay down, accounts unshipped, memory unbounded."""
    opened.callback(run_vital(work).cancel)
