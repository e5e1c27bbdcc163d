"""Pages of lists: an opaque cursor says where the next one begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Final

import orjson
from fastapi import Path, Query

from mitmgate.core.errors import Refused

MAX_ID: Final = 2**63 - 1

Id = Annotated[int, Path(ge=1, le=MAX_ID)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows a page.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]


def make_cursor(*place: int | str) -> str:
    """Where the next page begins, as text for a URL."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def read_cursor(cursor: str | None, *kinds: type[Any]) -> list[Any] | None:
    """The place a cursor of ours names, its parts of these types. Raises Refused."""
    if cursor is None:
        return None
    try:
        place = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise bad_cursor() from None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds):
        raise bad_cursor()
    return place


def read_id_cursor(cursor: str | None) -> int:
    """The id after which the page begins. Raises Refused."""
    place = read_cursor(cursor, int)
    after: int = 0 if place is None else place[0]
    if not 0 <= after <= MAX_ID:
        raise bad_cursor()
    return after


def page[T](rows: Sequence[T], limit: int) -> tuple[list[T], bool]:
    """The page and whether there is another one, of rows asked for with one more than the limit."""
    return list(rows[:limit]), len(rows) > limit


def bad_cursor() -> Refused:
    return Refused(400, "invalid_cursor", "That is no cursor of this list.", param="cursor")
