"""The one format of all log lines: time, level, process, message. No access log: requests are rows, not lines."""

from __future__ import annotations

import logging
import sys
import time

from mitmgate.services.log_limit import LimitedHandler


def log_to_stderr(process: str, level: int = logging.INFO) -> None:
    """Lines go to standard error; `process` says whose they are: `worker-0`, `control`, `supervisor`."""
    form = logging.Formatter(f"%(asctime)s.%(msecs)03dZ %(levelname)-7s {process} %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler = LimitedHandler(sys.stderr)
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


def reason_of(problem: BaseException | None) -> str:
    """An exception in words, never empty: what the system calls it, its text, or else its kind and what caused it."""
    if problem is None:
        return "unknown"
    text = str(getattr(problem, "strerror", None) or problem).strip()
    if text:
        return text
    kind, cause = type(problem).__name__, problem.__cause__
    return kind if cause is None else f"{kind} ({reason_of(cause)})"
