"""`X-Max-Retries`: how often a client lets its request be sent again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mitmgate.core.errors import Refused


def client_retries(headers: Mapping[str, str]) -> int | None:
    """The most retries; None where the header is not there. Raises Refused."""
    asked = headers.get("x-max-retries")
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) <= _MOST_DIGITS):
        raise Refused(400, "invalid_header", "X-Max-Retries must be a whole number from 0.", param="X-Max-Retries")
    return int(asked)


_MOST_DIGITS: Final = 9
