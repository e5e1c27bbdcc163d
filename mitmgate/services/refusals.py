"""Rows of refused requests: each its own up to a rate a tenant, and one for all others every ten seconds."""

from __future__ import annotations

import logging
import time
from typing import Final, Protocol

import orjson

from mitmgate.core.refused_rows import RefusedRows
from mitmgate.core.usage import UsageRecord

SAY_EVERY_S: Final = 10.0

logger = logging.getLogger(__name__)


class Appends(Protocol):
    def append(self, record: UsageRecord) -> None: ...


class Refusals:
    """Stands before the journal for records of requests that took nothing of their tenant's limit."""

    def __init__(self, journal: Appends) -> None:
        self._journal = journal
        self._rows = RefusedRows()
        self._summed = 0
        self._said_at = -SAY_EVERY_S

    def append(self, record: UsageRecord) -> None:
        if self._rows.passes(record, time.monotonic()):
            self._journal.append(record)

    def flush(self, everything: bool = False) -> None:
        """Writes the rows that stand for several requests. To be called once a second, and at the end."""
        now = time.monotonic()
        for record, more in self._rows.due(now, everything):
            if more:
                story = orjson.loads(record.story) if record.story else {}
                record.story = orjson.dumps({**story, "refused_more": more}).decode()
                self._summed += more
            self._journal.append(record)
        if self._summed and (everything or now - self._said_at >= SAY_EVERY_S):
            logger.warning("refused requests that share a row since the last such line: %d", self._summed)
            self._said_at, self._summed = now, 0
