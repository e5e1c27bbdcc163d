"""The matcher's niceness, in a session of its own and in one that it shares."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mitmgate.matcher.priority import NICENESS

_TOLD = (
    "from mitmgate.matcher.priority import give_way; import os, pathlib, threading;"
    "threading.Thread(target=threading.Event().wait, daemon=True).start(); give_way();"
    "print(*{os.getpriority(os.PRIO_PROCESS, int(each)) for each in os.listdir('/proc/self/task')},"
    "pathlib.Path('/proc/self/autogroup').read_text().split()[-1])"
)
_GROUP = Path("/proc/self/autogroup")


@pytest.mark.skipif(not _GROUP.exists(), reason="this kernel does not group processes by session")
@pytest.mark.parametrize("alone", [True, False])
def test_the_session_gives_way_where_it_is_the_matchers_alone(alone: bool) -> None:
    before = int(_GROUP.read_text().split()[-1])
    done = subprocess.run(
        [sys.executable, "-c", _TOLD], capture_output=True, text=True, check=True, start_new_session=alone
    )
    own, group = map(int, done.stdout.split())
    wanted = min(19, os.nice(0) + NICENESS)
    assert own == wanted
    assert group == (wanted if alone else before)
    assert int(_GROUP.read_text().split()[-1]) == before
