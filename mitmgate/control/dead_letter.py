"""Where rows go that nobody can store: kept whole, with the reason, for a person to look at."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import orjson

from mitmgate.control.usage_rows import Line

_SEGMENTS_KNOWN: Final = 64


class DeadLetter:
    """One file for each segment that had such lines; a line that comes again, after a restart, is there once.

    Blocking calls: for a thread. OSError where the file cannot be written: the line must then be kept where it is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, set[tuple[int, str]]] = {}

    def put(self, line: Line, reason: str) -> bool:
        """-> whether it was not there before."""
        text = line.text.decode(errors="backslashreplace")
        known = self._known_of(line.segment)
        if (line.offset, text) in known:
            return False
        record = {"at": time.time(), "segment": line.segment, "offset": line.offset, "reason": reason, "line": text}
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path(line.segment), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with open(descriptor, "ab", buffering=0) as file:
            # A line cut short by the disk stays a line of its own.
            file.write(b"\n" * bool(self._torn(line.segment)) + orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
        known.add((line.offset, text))
        return True

    def drop_older_than(self, seconds: float) -> None:
        """Removes the files nothing was added to for that long."""
        for path in self._folder.glob("*.jsonl"):
            if time.time() - path.stat().st_mtime > seconds:
                path.unlink(missing_ok=True)

    def _path(self, segment: str) -> Path:
        return self._folder / segment

    def _torn(self, segment: str) -> bool:
        with open(self._path(segment), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            if not size:
                return False
            file.seek(size - 1)
            return file.read(1) != b"\n"

    def _known_of(self, segment: str) -> set[tuple[int, str]]:
        known = self._known.get(segment)
        if known is None:
            while len(self._known) >= _SEGMENTS_KNOWN:
                self._known.pop(next(iter(self._known)))
            known = self._known[segment] = set(self._read(segment))
        return known

    def _read(self, segment: str) -> list[tuple[int, str]]:
        try:
            lines = self._path(segment).read_bytes().splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                record = orjson.loads(line)
                found.append((record["offset"], record["line"]))
            except (orjson.JSONDecodeError, KeyError, TypeError):
                continue
        return found
