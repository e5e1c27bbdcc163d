"""How a worker divides the files it may open: clients and upstreams share what its own files leave. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_CLIENTS: Final = 20_000
#: The listener, the channel, the journal, stores, the matcher, name look-ups, logs, and clients that are being refused.
OWN: Final = 128
#: Idle connections to upstreams that are kept for the next request.
IDLE_UPSTREAMS: Final = 256


@dataclass(frozen=True, slots=True)
class Division:
    """Connections that clients and upstreams may have open at a time."""

    clients: int
    upstreams: int


def divide(descriptors: int, max_in_flight: int) -> Division:
    """descriptors: RLIMIT_NOFILE. Upstreams get what requests in flight may take, but no more than half."""
    free = max(2, descriptors - OWN)
    upstreams = min(max_in_flight + IDLE_UPSTREAMS, free // 2)
    return Division(min(MOST_CLIENTS, free - upstreams), upstreams)
