"""A worker process: `python -m addons`, started by the supervisor, which hands down the listener and its channel."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from addons.cache import CacheStage
from addons.chain import make_chain
from mitmgate.core.replay import forget_replays
from mitmgate.core.settings import load_runtime
from mitmgate.core.text.memory import forget_texts
from mitmgate.proxy.gateway import apply_settings, make_gateway
from mitmgate.proxy.master import quiet_mitmproxy
from mitmgate.proxy.unburdened import unburden_mitmproxy
from mitmgate.proxy.worker import Worker, client_tls
from mitmgate.services.channel import Channel, Message
from mitmgate.services.logs import log_to_stderr
from mitmgate.services.opened import Services, open_services
from mitmgate.services.vital import run_vital

BEAT_S = 1.0
GC_YOUNG = 20_000  # a request leaves some hundred objects in cycles: collect for every hundred, not every seven


async def run(settings_file: Path, number: int, listen_fd: int, channel_fd: int) -> None:
    """Serves until told to drain, or until the supervisor is gone."""
    settings, runtime = load_runtime(settings_file)
    channel = Channel(channel_fd)
    loop = asyncio.get_running_loop()
    async with open_services(settings, runtime, f"worker-{number}") as services:
        gateway = make_gateway(settings)
        chain = make_chain(services, gateway.audits)
        worker = Worker(gateway, chain, runtime.data_dir / "run", client_tls(settings))
        attach(channel, services, worker, chain, settings_file)
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, lambda: loop.create_task(drain(services, worker)))
        tasks = [run_vital(channel.run())]

        def ready() -> None:
            channel.send_nowait({"op": "ready"})
            tasks.append(run_vital(beat(channel, services)))

        gc.collect()
        gc.freeze()  # what start-up made lives as long as the process: no collection need look at it
        gc.set_threshold(GC_YOUNG, 20, 50)
        await worker.run(socket.socket(fileno=listen_fd), ready)
        for task in tasks:
            task.cancel()


def attach(channel: Channel, services: Services, worker: Worker, chain: Sequence[object], settings_file: Path) -> None:
    """What the supervisor may say to a worker."""

    async def apply(message: Message) -> None:
        await services.feed.ensure(message["tenant_id"], message["version"])
        channel.send_nowait({"op": "applied", "id": message["id"]})

    def forget(message: Message) -> None:
        for stage in chain:
            if isinstance(stage, CacheStage):
                stage.forget(message["tenant_id"])
        services.comparisons.forget(message["tenant_id"])
        forget_replays()
        forget_texts()
        channel.send_nowait({"op": "applied", "id": message["id"]})

    async def drain_all(message: Message) -> None:
        await drain(services, worker)

    def reload(message: Message) -> None:
        nonlocal chain
        settings, _ = load_runtime(settings_file)
        reloaded = make_chain(services.with_settings(settings), worker.gateway.audits)
        apply_settings(worker.gateway, settings)
        worker.use_chain(reloaded)
        chain = reloaded

    channel.on("status", services.status.tell)
    channel.on("reload", reload)
    channel.on("apply", apply)
    channel.on("forget", forget)
    channel.on("drain", drain_all)


async def drain(services: Services, worker: Worker) -> None:
    services.status.draining = True
    await worker.drain()


async def beat(channel: Channel, services: Services) -> None:
    """Tells the supervisor each second that the loop still turns, and how the stores look from here."""
    while True:
        checks = {
            "database": services.feed.healthy,
            "redis": services.store.healthy,
            "journal": not services.journal.waiting,
        }
        channel.send_nowait({"op": "beat", "ready": True, "checks": checks})
        await asyncio.sleep(BEAT_S)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m addons", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--worker", type=int, required=True)
    parser.add_argument("--listen-fd", type=int, required=True)
    parser.add_argument("--channel-fd", type=int, required=True)
    arguments = parser.parse_args()
    log_to_stderr(f"worker-{arguments.worker}")
    quiet_mitmproxy()
    unburden_mitmproxy()
    asyncio.run(run(arguments.settings, arguments.worker, arguments.listen_fd, arguments.channel_fd))


if __name__ == "__main__":
    main()
