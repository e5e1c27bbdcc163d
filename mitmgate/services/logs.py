"""The one format of all log lines: time, level, process, message. No access log: requests are rows, not lines."""

from __future__ import annotations

import logging
import sys
import time


def log_to_stderr(process: str, level: int = logging.INFO) -> None:
    """Lines go to standard error; `process` says whose they are: `worker-0`, `control`, `supervisor`."""
    form = logging.Formatter(f"%(asctime)s.%(msecs)03dZ %(levelname)-7s {process} %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(form)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("uvicorn.access", "httpx", "httpcore", "asyncio", "hpack"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def place_of(problem: BaseException) -> str:
    """The kind of an exception and where it was raised; its text may quote a peer."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(problem).__name__} at {where}"
