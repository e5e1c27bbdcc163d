"""The journal on real files, on a disk that is full, and beside a shipper that clears away."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from mitmgate.core.usage import UsageRecord
from mitmgate.services import journal as module
from mitmgate.services.journal import Journal


def record(n: int) -> UsageRecord:
    return UsageRecord(f"r{n}", 1.0, 1, 1, "POST", "/v1/chat/completions", 200, 1.5)


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"), key=lambda path: int(path.stem.rsplit("-", 1)[1]))


def ids(folder: Path) -> list[str]:
    lines = [line for path in segments(folder) for line in path.read_bytes().splitlines()]
    found = []
    for line in lines:
        try:
            found.append(orjson.loads(line)["request_id"])
        except orjson.JSONDecodeError:
            continue
    return found


def locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


class Disk:
    """Stands before os.write: takes `room` bytes, then says ENOSPC as a full disk does, part of a line included."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.calls = 0
        self._write = os.write

    def __call__(self, fd: int, line: bytes) -> int:
        self.calls += 1
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = self._write(fd, line[: self.room])
        self.room -= count
        return count


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk(1 << 40)
    monkeypatch.setattr(os, "write", disk)
    yield disk


def test_each_record_is_one_write_and_on_disk_at_once(tmp_path: Path, disk: Disk) -> None:
    journal = Journal(tmp_path / "journal", "w0")
    for n in range(50):
        journal.append(record(n))
        assert disk.calls == n + 1
        assert ids(tmp_path / "journal")[-1] == f"r{n}"
    journal.close()
    (path,) = segments(tmp_path / "journal")
    assert path.name.startswith(f"w0-{os.getpid()}-")
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


def test_the_active_segment_is_locked_and_an_ended_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 2000)
    journal = Journal(tmp_path, "w0")
    for n in range(40):
        journal.append(record(n))
    paths = segments(tmp_path)
    assert len(paths) > 3 and all(path.stat().st_size <= 2000 + len(record(0).line()) + 2 for path in paths)
    assert [locked(path) for path in paths[:-1]] == [False] * (len(paths) - 1)
    journal.append(record(40))
    assert locked(segments(tmp_path)[-1])
    journal.close()
    assert not locked(segments(tmp_path)[-1])
    assert ids(tmp_path) == [f"r{n}" for n in range(41)]


def test_an_old_segment_ends_though_nothing_comes_and_an_empty_one_is_never_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, "w0")
    journal.flush()
    assert segments(tmp_path) == []
    journal.append(record(1))
    journal.flush()
    assert locked(segments(tmp_path)[0])
    now = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + 11)
    journal.flush()
    assert not locked(segments(tmp_path)[0])
    journal.flush()
    assert len(segments(tmp_path)) == 1
    journal.close()


def test_a_full_disk_stops_nothing_loses_nothing_and_fills_up_with_no_empty_files(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    journal = Journal(tmp_path, "w0")
    disk.room = 3 * len(record(0).line()) + 40  # the fourth record is torn
    for n in range(1000):
        journal.append(record(n))
    assert journal.waiting == 997 and journal.dropped == 0
    (segment,) = segments(tmp_path)
    assert segment.read_bytes() == b"".join(record(n).line() for n in range(3))  # the torn part is gone
    assert caplog.text.count("journal cannot be written") == 1
    journal.flush()
    assert journal.waiting == 997
    disk.room = 1 << 40
    journal.append(record(1000))
    journal.flush()
    journal.flush()
    assert journal.waiting == 0
    assert caplog.text.count("journal is written again; 0 records") == 1
    assert ids(tmp_path) == [f"r{n}" for n in range(1001)]
    journal.close()


def test_a_torn_line_that_cannot_be_taken_back_is_followed_by_the_whole_one_elsewhere(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(fd: int, size: int) -> None:
        raise OSError(errno.EIO, "")

    monkeypatch.setattr(os, "ftruncate", fails)
    journal = Journal(tmp_path, "w0")
    disk.room = len(record(0).line()) + 40
    for n in range(3):
        journal.append(record(n))
    disk.room = 1 << 40
    journal.close()
    torn, whole = sorted(segments(tmp_path), key=lambda path: path.stat().st_mtime_ns)
    assert torn.read_bytes() == record(0).line() + record(1).line()[:40]
    assert whole.read_bytes() == record(1).line() + record(2).line()


def test_memory_is_bounded_and_what_is_dropped_is_the_oldest_counted_and_said(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(tmp_path, "w0", max_buffered=100)
    disk.room = 0
    for n in range(250):
        journal.append(record(n))
    assert (journal.waiting, journal.dropped) == (100, 150)
    assert "99 records wait in memory, 1 were dropped" in caplog.text
    disk.room = 1 << 40
    journal.close()
    assert ids(tmp_path) == [f"r{n}" for n in range(150, 250)]


def test_closing_on_a_disk_that_stays_full_ends_and_says_so(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(tmp_path, "w0")
    disk.room = 0
    journal.append(record(1))
    journal.close()
    assert "1 records unwritten" in caplog.text


def test_a_folder_that_can_not_be_made_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("in the way")
    journal = Journal(tmp_path / "journal", "w0")
    journal.append(record(1))
    assert journal.waiting == 1
    (tmp_path / "journal").unlink()
    journal.append(record(2))
    assert ids(tmp_path / "journal") == ["r1", "r2"]
    journal.close()


def test_a_segment_cleared_away_before_it_was_locked_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, cleared = fcntl.flock, []

    def slow_lock(fd: int, how: int) -> None:
        if not cleared:
            cleared.append(1)
            segments(tmp_path)[0].unlink()
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", slow_lock)
    journal = Journal(tmp_path, "w0")
    journal.append(record(1))
    journal.flush()
    journal.close()
    assert ids(tmp_path) == ["r1"]


WRITER = """
import resource, signal, sys
from pathlib import Path
from mitmgate.services.journal import Journal
from mitmgate.core.usage import UsageRecord
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
journal = Journal(Path(sys.argv[1]), "w0")
for n in range(100):
    journal.append(UsageRecord(f"r{n}", 1.0, 1, 1, "POST", "/v1/chat/completions", 200, 1.5))
print(journal.waiting, journal.dropped, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.flush()
print(journal.waiting, journal.dropped, flush=True)
"""


def test_a_real_limit_of_the_kernel_tears_lines_and_loses_no_record(tmp_path: Path) -> None:
    """A file that may not grow takes a part of a line, as a full disk does; the next segment takes the whole."""
    run: Any = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.split()[1::2] == ["0", "0"] and run.stdout.split()[2] == "0"
    assert list(dict.fromkeys(ids(tmp_path))) == [f"r{n}" for n in range(100)]


def test_killed_it_has_lost_nothing_it_was_given(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom mitmgate.services.journal import Journal\n"
        "from mitmgate.core.usage import UsageRecord\njournal = Journal(Path(sys.argv[1]), 'w0')\n"
        "for n in range(20):\n"
        "    journal.append(UsageRecord(f'r{n}', 1.0, 1, 1, 'POST', '/v1/chat/completions', 200, 1.5))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], timeout=60).returncode == -9
    assert ids(tmp_path) == [f"r{n}" for n in range(20)]
    assert not locked(segments(tmp_path)[0])


@pytest.fixture(autouse=True)
def loud(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
