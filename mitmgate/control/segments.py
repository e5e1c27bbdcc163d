"""Reading the workers' journals: what is new in which segment, and which segments are done with.

A writer holds an exclusive flock on the segment it appends to. So a segment whose lock can be taken has no writer any
more: its last line will not get longer, and once all of it is shipped it can go.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mitmgate.control.usage_rows import Line, UsageRow, parse_line
from mitmgate.services.logs import reason_of

# A writer makes its segment, then locks it: one that is new and empty is left alone.
_EMPTY_FOR_S: Final = 60.0
_READ_BYTES: Final = 1 << 20

logger = logging.getLogger(__name__)

_Identity = tuple[str, int]


@dataclass(slots=True)
class Batch:
    """Lines read but not yet settled: rows to store, lines that cannot be rows with the reason, where reading ended."""

    rows: list[UsageRow] = field(default_factory=list)
    refused: list[tuple[Line, str]] = field(default_factory=list)
    ends: dict[_Identity, int] = field(default_factory=dict)
    unread_bytes: int = 0
    bytes: int = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.refused)

    def add(self, line: Line) -> None:
        try:
            self.rows.append(parse_line(line))
        except ValueError as error:
            self.refused.append((line, str(error)))


class Segments:
    """The segments of a folder and how far each is shipped. Blocking calls: for a thread.

    How far is kept in memory alone: after a restart all segments are read again, and what is in the database already is
    recognised there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shipped: dict[_Identity, int] = {}

    def read(self, limit: int) -> Batch:
        """At most `limit` new lines and about 1 MiB, oldest segments first. Removes segments that are done with."""
        batch = Batch()
        found = self._find()
        self._shipped = {identity: self._shipped[identity] for identity in found.keys() & self._shipped.keys()}
        for identity, size in found.items():
            shipped = self._shipped.get(identity, 0)
            try:
                if size <= shipped:
                    self._remove_if_done(identity, shipped)
                elif len(batch) < limit and batch.bytes < _READ_BYTES:
                    self._read_segment(identity, shipped, limit, batch)
                batch.unread_bytes += max(0, size - batch.ends.get(identity, shipped))
            except FileNotFoundError:
                continue
            except OSError as error:
                logger.error("cannot read the journal %s: %s", identity[0], reason_of(error))
        return batch

    def settle(self, batch: Batch) -> None:
        """All lines of the batch are stored or put aside: they will not be read again."""
        self._shipped.update(batch.ends)

    def _find(self) -> dict[_Identity, int]:
        """Sizes, in the order of last change, of which the oldest are first."""
        found = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".jsonl") and entry.is_file(follow_symlinks=False):
                        try:
                            status = entry.stat(follow_symlinks=False)
                        except FileNotFoundError:
                            continue
                        found.append((status.st_mtime_ns, entry.name, status.st_ino, status.st_size))
        except FileNotFoundError:
            return {}
        return {(name, inode): size for _, name, inode, size in sorted(found)}

    def _read_segment(self, identity: _Identity, offset: int, limit: int, batch: Batch) -> None:
        name = identity[0]
        with open(self._folder / name, "rb", buffering=0) as file:
            file.seek(offset)
            data = file.read(_READ_BYTES)
            end = 0
            while len(batch) < limit and (newline := data.find(b"\n", end)) >= 0:
                if newline > end:
                    batch.add(Line(name, offset + end, data[end:newline]))
                end = newline + 1
            # A rest without newline: a line being written; the last words of a dead writer; or no line at all.
            rest = data[end:]
            partial = rest and b"\n" not in rest and len(batch) < limit
            if partial and (len(rest) == _READ_BYTES or _is_final(file.fileno(), offset + len(data))):
                batch.add(Line(name, offset + end, rest))
                end = len(data)
        batch.ends[identity] = offset + end
        batch.bytes += end

    def _remove_if_done(self, identity: _Identity, shipped: int) -> None:
        path = self._folder / identity[0]
        with open(path, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if status.st_ino != identity[1] or (not status.st_size and time.time() - status.st_mtime < _EMPTY_FOR_S):
                return
            if _is_final(file.fileno(), shipped):
                path.unlink()
                self._shipped.pop(identity, None)


def _is_final(descriptor: int, size: int) -> bool:
    """Whether nobody writes to the file and it still has that size. Closing the file gives the lock back."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_size == size
