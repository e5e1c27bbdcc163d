"""The matcher gives way to the workers: a lookup that comes too late is a miss, a worker that waits is a slow answer.

The whole process does, all threads alike: one of lower priority that held the interpreter's lock would keep the others
waiting.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

NICENESS: Final = 5  # a third of a worker's share of a busy core
_THREADS: Final = Path("/proc/self/task")
_AUTOGROUP: Final = Path("/proc/self/autogroup")


def give_way(niceness: int = NICENESS) -> None:
    """All threads there are; later ones inherit it.

    Where Linux groups processes by session (sched(7), "The autogroup feature"), niceness counts inside a session only.
    The supervisor starts each child in a session of its own, so the session's niceness is set, too; a session that is
    not ours alone is left as it is.
    """
    now = os.nice(niceness)  # Linux: of this thread
    if _THREADS.exists():
        for thread in _THREADS.iterdir():
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, int(thread.name), now)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            _AUTOGROUP.write_text(str(now), "ascii")
