"""The journal: each record written to a file before its answer's last bytes leave, so that a kill -9 loses none.

One `write` a record into an append-only segment; the writer holds the segment's lock while it is its active one, which
tells the shipper whether more may come. A disk that is full or broken does not stop traffic: lines wait in memory,
bounded, and what had to be dropped is counted and said loudly.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections import deque
from pathlib import Path

from mitmgate.core.usage import UsageRecord

logger = logging.getLogger(__name__)

SEGMENT_BYTES = 1 << 20
SEGMENT_AGE_S = 10.0
SAY_EVERY_S = 60.0


class Journal:
    """Appends records to segments of one writer. `dropped` counts what memory could not hold meanwhile."""

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
        self.dropped = 0

    def append(self, record: UsageRecord) -> None:
        """Writes the record, behind those that still wait. Never raises."""
        line = record.line()
        if self._waiting or not self._write(line):
            self._keep(line)
            self.flush()

    def flush(self) -> None:
        """Writes what waits, and ends a segment that is old. Called once a second."""
        while self._waiting and self._write(self._waiting[0]):
            self._waiting.popleft()
        if self._fd is not None and self._written and time.monotonic() - self._opened_at > SEGMENT_AGE_S:
            self._end_segment()

    def close(self) -> None:
        """Writes what waits and lets the segment go."""
        self.flush()
        self._end_segment()

    def _write(self, line: bytes) -> bool:
        try:
            if self._fd is None:
                self._begin_segment()
            assert self._fd is not None
            if os.write(self._fd, line) != len(line):
                # A torn line: the shipper sees that it is none, and the record goes to the next segment.
                self._end_segment()
                return False
        except OSError as problem:
            self._end_segment()
            self._say(problem)
            return False
        self._written += len(line)
        if self._written >= SEGMENT_BYTES:
            self._end_segment()
        return True

    def _keep(self, line: bytes) -> None:
        if len(self._waiting) >= self._max_buffered:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(line)

    def _begin_segment(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._segment += 1
        name = f"{self._writer}-{os.getpid()}-{time.time_ns()}-{self._segment}.jsonl"
        fd = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._fd, self._written, self._opened_at = fd, 0, time.monotonic()

    def _end_segment(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _say(self, problem: OSError) -> None:
        now = time.monotonic()
        if now - self._said_at >= SAY_EVERY_S:
            self._said_at = now
            logger.error(
                "the journal cannot be written (%s): %d records wait in memory, %d were dropped",
                os.strerror(problem.errno or 0),
                len(self._waiting),
                self.dropped,
            )
