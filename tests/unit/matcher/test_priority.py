"""The matcher's niceness, in a session of its own and in one that it shares."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from mitmgate.matcher.priority import NICENESS

_TOLD = (
    "from mitmgate.matcher.priority import give_way; import os, pathlib, threading;"
    "threading.Thread(target=threading.Event().wait, daemon=True).start(); give_way();"
    "print(*{os.getpriority(os.PRIO_PROCESS, int(each)) for each in os.listdir('/proc/self/task')})"
)
_GROUP = Path("/proc/self/autogroup")
_TOLD_GROUP = f"{_TOLD};print(pathlib.Path('{_GROUP}').read_text().split()[-1])"


def _of_the_session() -> int | None:
    """Its niceness; None where the kernel does not group processes by session: the file is absent, or it is empty."""
    with suppress(OSError, IndexError):
        return int(_GROUP.read_text().split()[-1])
    return None


def _told(code: str, *, alone: bool) -> list[int]:
    python = [sys.executable, "-c", code]
    done = subprocess.run(python, capture_output=True, text=True, check=True, start_new_session=alone)
    return [int(each) for each in done.stdout.split()]


@pytest.mark.parametrize("alone", [True, False])
def test_all_threads_give_way(alone: bool) -> None:
    assert _told(_TOLD, alone=alone) == [min(19, os.nice(0) + NICENESS)]


@pytest.mark.skipif(_of_the_session() is None, reason="this kernel does not group processes by session")
@pytest.mark.parametrize("alone", [True, False])
def test_the_session_gives_way_where_it_is_the_matchers_alone(alone: bool) -> None:
    before = _of_the_session()
    own, group = _told(_TOLD_GROUP, alone=alone)
    assert group == (own if alone else before)
    assert _of_the_session() == before
