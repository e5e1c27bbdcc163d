"""Runs the mock on a port until it is told to stop, or until the process that started it has gone."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

from gatewayctl.mock_llm.connection import Connection
from gatewayctl.mock_llm.mock import Behaviour, Mock

_PR_SET_PDEATHSIG: Final = 1
_BACKLOG: Final = 1024
_PARENT_CHECK_S: Final = 0.5


async def serve(host: str, port: int, behaviour: Behaviour, started: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT. `started` is told the address; port 0 takes a free one. Raises OSError."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    mock = Mock(behaviour)
    server = await loop.create_server(lambda: Connection(mock), host, port, backlog=_BACKLOG)
    bound_host, bound_port = server.sockets[0].getsockname()[:2]
    started(f"http://[{bound_host}]:{bound_port}" if ":" in bound_host else f"http://{bound_host}:{bound_port}")
    await stop.wait()
    server.close()


def die_with_parent(parent_pid: int) -> None:
    """Ends this process when that parent ends: by the kernel on Linux, by looking twice a second elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        import threading

        threading.Thread(target=_watch, args=(parent_pid,), daemon=True).start()
    if os.getppid() != parent_pid:  # it went before the kernel was told
        os._exit(0)


def _watch(parent_pid: int) -> None:
    import time

    while os.getppid() == parent_pid:
        time.sleep(_PARENT_CHECK_S)
    os._exit(0)
