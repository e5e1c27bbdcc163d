"""`X-Timeout-Ms`: how long a client waits for the whole answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from mitmgate.core.errors import Refused

BAD_TIMEOUT: Final = partial(
    Refused, 400, "invalid_header", "X-Timeout-Ms must be whole milliseconds.", param="X-Timeout-Ms"
)


def client_deadline_s(headers: Mapping[str, str]) -> float | None:
    """Seconds; None where the header is not there. Raises Refused."""
    asked = headers.get("x-timeout-ms")
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdigit() and 0 < len(asked) <= 9 and int(asked) > 0):
        raise BAD_TIMEOUT()
    return int(asked) / 1000
