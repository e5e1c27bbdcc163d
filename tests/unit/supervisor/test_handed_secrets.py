"""What children inherit is read whole, also after it was replaced by something shorter."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mitmgate.supervisor import handed_secrets
from mitmgate.supervisor.handed_secrets import HandedSecrets

READ = "import json, os, sys; fd = int(sys.argv[1]); print(json.loads(os.pread(fd, os.fstat(fd).st_size, 0))['a'])"


@pytest.fixture(params=["memfd", "unnamed file"])
def handed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> HandedSecrets:
    if request.param != "memfd":
        monkeypatch.delattr(handed_secrets.os, "memfd_create")
    return HandedSecrets()


def read_by_a_child(handed: HandedSecrets) -> str:
    command = [sys.executable, "-c", READ, str(handed.fd)]
    return subprocess.run(command, pass_fds=[handed.fd], capture_output=True, check=True, text=True).stdout.strip()


def test_children_read_what_was_written_last(handed: HandedSecrets) -> None:
    for value in ("long" * 1000, "short", "longer" * 2000):
        handed.write(json.dumps({"a": value}).encode())
        assert read_by_a_child(handed) == value
    handed.close()
    with pytest.raises(OSError):
        os.fstat(handed.fd)
