"""The matcher process: loads the model, then serves its socket until told to drain."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from mitmgate.core.calibration import Calibration
from mitmgate.core.settings import Runtime, Settings, load_runtime
from mitmgate.core.verdict import consider
from mitmgate.matcher.computing import Workers
from mitmgate.matcher.garbage import set_aside, spare_full_collections
from mitmgate.matcher.kinds import TextKinds
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.priority import give_way
from mitmgate.matcher.said_wrong import SaidWrong
from mitmgate.matcher.scopes import Scopes, keep_swept
from mitmgate.matcher.server import MatcherServer
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import PairVerdicts
from mitmgate.services.channel import Channel, Message
from mitmgate.services.embedder import Embedder, ModelUnusable, load_embedder
from mitmgate.services.logs import reason_of
from mitmgate.services.never_shared import NeverShared
from mitmgate.services.pairs_feed import PairsFeed
from mitmgate.services.redis import Store
from mitmgate.services.secrets import load_secrets
from mitmgate.services.vector_index import HNSWLIB_MISSING
from mitmgate.services.vectors_store import VectorsStore
from mitmgate.services.verifier import Verifier
from mitmgate.services.vital import run_vital

BEAT_S: Final = 1.0
STORE_S: Final = 1.0  # the store's deadline for a call off the request path
#: Two sentences and their cosine: a model that finds another one is not ours.
_PROOF: Final = ("What is 2+2?", "what's 2 plus 2?", 0.9231)

log = logging.getLogger(__name__)


async def run(settings_file: Path, channel_fd: int, socket_path: Path) -> None:
    """Serves until told to drain. Raises ModelUnusable; needs no store to start or to stay up."""
    settings, runtime = load_runtime(settings_file)
    channel = Channel(channel_fd)
    ended = asyncio.Event()
    _listen(channel, ended)
    async with AsyncExitStack() as opened:
        store = Store(runtime.redis_url, deadline_s=STORE_S)
        opened.push_async_callback(store.close)
        ready = asyncio.Event()
        checks: dict[str, bool] = {}
        tasks = [run_vital(channel.run()), run_vital(_beat(channel, store, ready, checks))]
        loading = asyncio.to_thread(load_model, settings.cache.embedder, runtime.data_dir, settings.cache.model_path)
        embedder = await loading
        if HNSWLIB_MISSING:
            log.warning("hnswlib is not installed: large scopes are scanned, which takes longer")
        workers, vectors = Workers(), VectorsStore(store)
        texts = TextVectors(embedder, workers)
        verifier, calibration = await asyncio.to_thread(load_verifier)
        if verifier is not None and calibration is not None:
            await asyncio.to_thread(warm, embedder, verifier, calibration)
        verdicts = PairVerdicts(texts, verifier, calibration)
        kinds = TextKinds(texts, await asyncio.to_thread(load_classifier))
        checks |= {"verifier": verdicts.usable, "classifier": kinds.usable}
        scopes = Scopes(vectors, settings.vectors.hnsw_from)
        opened.callback(scopes.close)
        said_wrong, following = follow_feedback(settings, runtime)
        tasks += following
        server = MatcherServer(Operations(texts, scopes, vectors, verdicts, kinds, said_wrong).answer)
        opened.push_async_callback(server.close)
        tasks += [run_vital(workers.run()), run_vital(keep_swept(scopes, set_aside))]
        give_way()  # not before: a gateway that starts waits for its matcher
        await server.start(socket_path)
        spare_full_collections()
        ready.set()
        channel.send_nowait({"op": "ready"})
        await ended.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def follow_feedback(settings: Settings, runtime: Runtime) -> tuple[SaidWrong | None, list[asyncio.Task[None]]]:
    """What was said of hits, and the task that follows it. Raises SecretsUnusable."""
    if not runtime.database_dsn:  # a matcher alone
        return None, []
    feed = PairsFeed(runtime.database_dsn)
    secrets = load_secrets(settings, runtime.data_dir, create=False)
    return SaidWrong(feed, secrets.peppers), [run_vital(feed.run())]


def load_model(kind: str, data_dir: Path, model_path: Path | None) -> Embedder:
    """The model, warm and proven."""
    embedder = load_embedder(kind, data_dir, model_path)
    one, other, cosine = _PROOF
    vectors = embedder.embed([one, other])
    if abs(float(vectors[0] @ vectors[1]) - cosine) > 0.001:
        raise ModelUnusable("the model gives other vectors than all-MiniLM-L6-v2 does")
    return embedder


def load_verifier() -> tuple[Verifier | None, Calibration | None]:
    """Both, or neither: without them no question is answered in other words than its own."""
    try:
        verifier, calibration = Verifier.load(), Calibration.read()
    except (ModelUnusable, OSError, ValueError, KeyError) as problem:
        log.error("the verifier cannot be used, so only exact repeats are answered: %s", reason_of(problem))
        return None, None
    if calibration.verifier != verifier.id:
        log.error("the verdict's figures are for another verifier, so only exact repeats are answered")
        return None, None
    return verifier, calibration


def warm(embedder: Embedder, verifier: Verifier, calibration: Calibration) -> None:
    """Judges a pair, so that the first lookup does not wait for tables that are read at first use."""
    one, other, cosine = _PROOF
    consider(one, other, cosine, calibration, 0.0)
    verifier.log_odds(embedder.states(one), embedder.states(other))


def load_classifier() -> NeverShared | None:
    """None: then it is not known what must not be shared, and no question is answered in other words than its own."""
    try:
        return NeverShared.load()
    except (ModelUnusable, OSError, ValueError, KeyError) as problem:
        log.error("the classifier cannot be used, so only exact repeats are answered: %s", reason_of(problem))
        return None


def _listen(channel: Channel, ended: asyncio.Event) -> None:
    def end(message: Message | None = None) -> None:
        ended.set()

    channel.on("drain", end)
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, end)


async def _beat(channel: Channel, store: Store, ready: asyncio.Event, checks: Mapping[str, bool]) -> None:
    """Tells the supervisor each second that the loop still turns."""
    while True:
        reached = await store.probe()
        channel.send_nowait({"op": "beat", "ready": ready.is_set(), "checks": {**checks, "redis": reached}})
        await asyncio.sleep(BEAT_S)
