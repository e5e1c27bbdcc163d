"""What the tests of the database side share: secrets, usage records, and ways to hurt a server."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

from mitmgate.core.usage import UsageRecord
from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.secrets import Secrets

SECRETS = Secrets(b"p" * 32, {"one": b"k" * 32}, {"one": b"j" * 32}, "mga_test")


def record(**fields: Any) -> UsageRecord:
    """A usage record of now."""
    usual: dict[str, Any] = {
        "request_id": str(uuid.uuid4()),
        "started_at": time.time(),
        "tenant_id": 1,
        "key_id": 1,
        "method": "POST",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "latency_ms": 20.0,
        "model": "small",
        "cache": "miss",
        "prompt_tokens": 3,
        "completion_tokens": 5,
    }
    return UsageRecord(**{**usual, **fields})


async def eventually(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    """Waits until it holds; the time is only there so that a failure ends."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


def postmaster(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


@contextmanager
def stopped(server: EmbeddedPostgres) -> Iterator[None]:
    """All processes of the server stand still: its connections stay open and nothing answers."""
    pids = [postmaster(server)]
    pids += map(int, Path(f"/proc/{pids[0]}/task/{pids[0]}/children").read_text().split())
    for pid in pids:
        os.kill(pid, SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, SIGCONT)
