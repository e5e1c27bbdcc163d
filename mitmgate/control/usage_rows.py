"""Lines of a journal as rows for the table usage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

#: The columns of usage in the order of UsageRecord's fields; `arrival` is PostgreSQL's to give.
COLUMNS: Final = (
    "request_id",
    "started_at",
    "tenant_id",
    "key_id",
    "method",
    "endpoint",
    "status",
    "latency_ms",
    "model",
    "client_format",
    "streamed",
    "upstream",
    "attempts",
    "cache",
    "cache_kind",
    "similarity",
    "prompt_tokens",
    "cached_prompt_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "auth_ms",
    "limit_ms",
    "cache_ms",
    "first_byte_ms",
    "request_bytes",
    "response_bytes",
    "error",
    "client_request_id",
    "client_address",
    "story",
    "usage_estimated",
    "upstream_request_id",
)
_STARTED_AT: Final = COLUMNS.index("started_at")
_TOKENS: Final = tuple(name for name in COLUMNS if name.endswith("_tokens"))
# No answer has that many. An upstream that claims more must not make the sums of its tenant overflow.
_MOST_TOKENS: Final = 10**12


@dataclass(frozen=True, slots=True)
class Line:
    """Where in which segment a record begins, and its text without the newline."""

    segment: str
    offset: int
    text: bytes


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A record that may be sent to PostgreSQL: one value for each of COLUMNS."""

    line: Line
    values: tuple[Any, ...]

    @property
    def started_at(self) -> datetime:
        at: datetime = self.values[_STARTED_AT]
        return at


def parse_line(line: Line) -> UsageRow:
    """Raises ValueError, saying why, where the line cannot be a record. What PostgreSQL judges is left to it."""
    try:
        record = orjson.loads(line.text)
    except orjson.JSONDecodeError as error:
        raise ValueError("not JSON") from error
    if not isinstance(record, dict):
        raise ValueError("not an object")
    started_at = record.get("started_at")
    if not isinstance(started_at, int | float):
        raise ValueError("started_at is not a number")
    try:
        record["started_at"] = datetime.fromtimestamp(started_at, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError("started_at is no date") from error
    for name in _TOKENS:
        tokens = record.get(name)
        if isinstance(tokens, int) and not 0 <= tokens <= _MOST_TOKENS:
            record[name] = None
    return UsageRow(line, tuple(map(record.get, COLUMNS)))


def columns_of(rows: Sequence[UsageRow]) -> list[list[Any]]:
    """The rows turned: one list for each of COLUMNS."""
    return [list(column) for column in zip(*(row.values for row in rows), strict=True)]
