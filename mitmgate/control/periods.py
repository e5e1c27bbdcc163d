"""`from` and `to` of a query: days or instants in ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import Query

from mitmgate.core.errors import Refused

DEFAULT_DAYS: Final = 30

#: The usual forms of what `_instant` reads, for the OpenAPI document.
_DAYS: Final = "[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?"
_FORMS: Final[dict[str, Any]] = {"pattern": f"^{_DAYS}(T{_TIME})?$"}

From = Annotated[
    str | None,
    Query(
        alias="from",
        max_length=64,
        description="A day or instant in ISO 8601 (UTC); not later than `to`.",
        json_schema_extra=_FORMS,
    ),
]
To = Annotated[
    str | None,
    Query(
        max_length=64,
        description="The same; a day is included, an instant is not.",
        json_schema_extra=_FORMS,
    ),
]

# `+01:00` unescaped in a query comes as ` 01:00`.
_LOST_PLUS: Final = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")
_DAY: Final = re.compile(r"\d{4}-?\d\d-?\d\d|\d{4}-?W\d\d(?:-?\d)?")


def read_period(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """The bounds as instants, the second excluded. Raises Refused naming `from` or `to`."""
    begins = _instant(since, "from", day_ends=False)
    ends = _instant(until, "to", day_ends=True)
    if begins is not None and ends is not None and begins > ends:
        raise Refused(422, "invalid_field", "from is later than to.", param="from")
    return begins, ends


def read_hours(since: str | None, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    """The bounds rounded outward to the hour; by default the last 30 days. Raises Refused."""
    begins, ends = read_period(since, until)
    try:
        last = _hour_up(ends or max(now, begins or now))
        first = _hour(begins or last - timedelta(days=DEFAULT_DAYS))
    except OverflowError:
        raise _bad("to" if until else "from") from None
    return first, last


def _instant(text: str | None, param: str, day_ends: bool) -> datetime | None:
    if text is None:
        return None
    text = text.strip()
    try:
        if _DAY.fullmatch(text):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1) if day_ends else day
        instant = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _bad(param) from None


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _hour_up(at: datetime) -> datetime:
    whole = _hour(at)
    return whole if whole == at else whole + timedelta(hours=1)


def _bad(param: str) -> Refused:
    message = f"{param} must be a day or an instant in ISO 8601, such as 2030-01-31 or 2030-01-31T12:00:00Z."
    return Refused(422, "invalid_field", message, param=param)
