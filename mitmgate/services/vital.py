"""Work a process can not do without."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

logger = logging.getLogger(__name__)


def run_vital(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task whose failure ends the process: half of one would look alive, and the supervisor starts a whole one."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None:
            logger.critical("this process can not go on", exc_info=problem)
            with suppress(OSError, ValueError):
                sys.stdout.flush()  # where mitmproxy logs to
            os._exit(1)

    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(ended)
    return task
