"""When a silent child is wedged: a loop that is stuck, and not one that a loaded machine does not let run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SILENT_S: Final = 5.0
SILENT_AT_MOST_S: Final = 30.0
SPEECHLESS_S: Final = 60.0


def is_wedged(silent_s: float, delay_s: float, has_spoken: bool) -> bool:
    """silent_s: since the last word, or since it was born. delay_s: for how long of that no core ran it."""
    if not has_spoken:
        return silent_s > SPEECHLESS_S
    return silent_s - delay_s > SILENT_S or silent_s > SILENT_AT_MOST_S


def run_delay_s(pid: int, proc: Path = Path("/proc")) -> float:
    """For how long in its life a process's first thread, which its loop runs in, was ready and had no core.

    From Linux's Documentation/scheduler/sched-stats.rst: the second of three figures, in nanoseconds. 0.0 where there
    is none.
    """
    try:
        return int((proc / str(pid) / "schedstat").read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
