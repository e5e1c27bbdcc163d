"""Pages of lists: an opaque cursor says where the next one begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Path, Query

from mitmgate.core.errors import Refused

MAX_ID: Final = 2**63 - 1
_PARTS: Final = {int: "(?:0|[1-9][0-9]{0,16})", str: "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"}


def cursor_pattern(*kinds: type[Any]) -> str:
    """What a cursor with parts of these types looks like: numbers below 10^17, and UUIDs where text is."""
    return rf"^{r'\.'.join(_PARTS[kind] for kind in kinds)}$"


def cursor_query(*kinds: type[Any]) -> Any:
    """The parameter of a list whose cursors are of that shape; `read_cursor` judges them."""
    said = "`next_cursor` of the page before."
    return Query(description=said, json_schema_extra={"pattern": cursor_pattern(*kinds)})


Id = Annotated[int, Path(ge=1, le=MAX_ID)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows a page.")]
Cursor = Annotated[str | None, cursor_query(int)]


def make_cursor(*place: int | str) -> str:
    """Where the next page begins, as text for a URL."""
    return ".".join(map(str, place))


def read_cursor(cursor: str | None, *kinds: type[Any]) -> list[Any] | None:
    """The place a cursor of ours names, its parts of these types. Raises Refused."""
    if cursor is None:
        return None
    if re.fullmatch(cursor_pattern(*kinds).strip("^$"), cursor) is None:
        raise bad_cursor()
    return [kind(part) for kind, part in zip(kinds, cursor.split("."), strict=True)]


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
