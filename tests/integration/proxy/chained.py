"""The real chain on real sockets, on services that a test makes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from addons.chain import make_chain
from mitmgate.proxy.gateway import Gateway, Room
from mitmgate.proxy.pool import UpstreamPool
from mitmgate.proxy.worker import Worker
from mitmgate.services.opened import Services


@asynccontextmanager
async def serving(services: Services, tmp_path: Path) -> AsyncIterator[tuple[int, Worker]]:
    """A worker of these services. -> its port"""
    listener = socket.create_server(("127.0.0.1", 0))
    shared = Gateway(UpstreamPool(tls=ssl.create_default_context()), Room(64 << 20), 64 << 10)
    worker = Worker(shared, make_chain(services, shared.audits), tmp_path, None)
    ready = asyncio.Event()
    task = asyncio.create_task(worker.run(listener, ready.set))
    await ready.wait()
    try:
        yield listener.getsockname()[1], worker
    finally:
        worker.master.shutdown()
        await task
