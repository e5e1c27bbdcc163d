"""The journal: each record written to a file before its answer's last bytes leave, so that a kill -9 loses none.

One `write` a record into an append-only segment; the writer holds the segment's lock while it is its active one, which
tells the shipper whether more may come. A disk that is full or broken does not stop traffic: lines wait in memory,
bounded, and what had to be dropped is counted and said loudly.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from collections import deque
from pathlib import Path
from typing import Final

from mitmgate.core.usage import UsageRecord

logger = logging.getLogger(__name__)

SEGMENT_BYTES: Final = 1 << 20
SEGMENT_AGE_S: Final = 10.0
SAY_EVERY_S: Final = 60.0
CAUGHT_UP_AT_ONCE: Final = 500  # lines that waited, written in one go: a few milliseconds


class Journal:
    """Appends records to one writer's segments. `dropped` counts what memory could not hold while the disk was away."""

    def __init__(self, folder: Path, writer: str, max_buffered: int = 10_000) -> None:
        self._folder = folder
        self._writer = writer
        self._waiting: deque[bytes] = deque()
        self._max_buffered = max_buffered
        self._fd: int | None = None
        self._segment = 0
        self._written = 0
        self._opened_at = 0.0
        self._said_at = -SAY_EVERY_S
        self._why = ""
        self._complained = self._drops = False
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """How many records are in memory only."""
        return len(self._waiting)

    def append(self, record: UsageRecord) -> None:
        """Writes the record, behind those that still wait. Never raises for the disk's sake."""
        line = record.line()
        if not self._waiting:
            if self._write(line):
                return
            self._keep(line)
        else:
            self._keep(line)
            self._catch_up()

    def flush(self) -> None:
        """Writes some of what waits, and ends a segment that is old. To be called once a second."""
        self._catch_up()
        if self._waiting:
            self._say(self._why)
        elif self._complained:
            self._say_written()
        if self._written and time.monotonic() - self._opened_at > SEGMENT_AGE_S:
            self._end_segment()

    def close(self) -> None:
        """Writes what waits and lets the segment go."""
        while self._catch_up():
            pass
        if self._waiting:
            logger.error("the journal closes with %d records unwritten", len(self._waiting))
        self._end_segment()

    def _catch_up(self) -> bool:
        """-> whether more may be written at once."""
        for _ in range(min(len(self._waiting), CAUGHT_UP_AT_ONCE)):
            if not self._write(self._waiting[0]):
                return False
            self._waiting.popleft()
        return bool(self._waiting)

    def _write(self, line: bytes) -> bool:
        try:
            if self._fd is None:
                self._fd = self._begin_segment()
            count = os.write(self._fd, line)
        except OSError as problem:
            self._say(os.strerror(problem.errno or 0))
            return False  # the segment stays: a new file for each record would fill the disk's last corner
        if count != len(line):
            self._say("the disk took a part of a record")
            self._take_back()
            return False
        self._written += count
        if self._written > SEGMENT_BYTES:
            self._end_segment()
        return True

    def _take_back(self) -> None:
        """Removes a torn line; where that fails, the shipper sees that it is none, and it goes whole elsewhere."""
        try:
            os.ftruncate(self._fd or -1, self._written)
        except OSError:
            self._end_segment()

    def _keep(self, line: bytes) -> None:
        if len(self._waiting) >= self._max_buffered:
            self._waiting.popleft()
            self.dropped += 1
            if not self._drops:
                self._drops, self._said_at = True, -SAY_EVERY_S  # from here on it is a loss: said at once
                self._say(self._why)
        self._waiting.append(line)

    def _begin_segment(self) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._segment += 1
        name = f"{self._writer}-{os.getpid()}-{time.time_ns()}-{self._segment}.jsonl"
        fd = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_nlink == 0:
                raise OSError(errno.ENOENT, "removed before it was locked")  # the shipper clears away empty segments
        except OSError:
            os.close(fd)
            raise
        self._written, self._opened_at = 0, time.monotonic()
        return fd

    def _end_segment(self) -> None:
        fd, self._fd, self._written = self._fd, None, 0
        if fd is not None:
            try:
                os.close(fd)
            except OSError as problem:
                self._say(os.strerror(problem.errno or 0))

    def _say_written(self) -> None:
        logger.warning("the journal is written again; %d records were dropped since the start", self.dropped)
        self._complained, self._drops, self._said_at = False, False, -SAY_EVERY_S

    def _say(self, why: str) -> None:
        now = time.monotonic()
        self._why, self._complained = why, True
        if now - self._said_at >= SAY_EVERY_S:
            self._said_at = now
            logger.error(
                "the journal cannot be written (%s): %d records wait in memory, %d were dropped",
                why,
                len(self._waiting),
                self.dropped,
            )
