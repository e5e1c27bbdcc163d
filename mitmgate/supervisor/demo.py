"""When the demo runs, and where its mock LLM listens."""

from __future__ import annotations

import socket
from typing import Final

from mitmgate.supervisor import listeners
from mitmgate.supervisor.errors import CannotStart

MOCK_PORT: Final = 9000


def check_asked_for(demo: bool | None, *, loopback: bool) -> None:
    """Raises CannotStart when the demo is asked for where others could reach its well-known key."""
    if demo and not loopback:
        raise CannotStart("--demo has a well-known key, so it needs a loopback address (--host 127.0.0.1)")


def runs(demo: bool | None, *, loopback: bool, has_tenants: bool) -> bool:
    """As asked for; by itself only where nobody else can reach it and while there is no tenant but its own."""
    return demo if demo is not None else loopback and not has_tenants


def why_off(demo: bool | None, *, loopback: bool) -> str:
    """One line for the operator."""
    if demo is False:
        return "off (--no-demo)"
    if not loopback:
        return "off, because others can reach this address"
    return "off, because tenants exist; --demo runs it beside them"


def mock_port() -> int:
    """The mock's own port, or a free one when somebody holds it."""
    if listeners.is_free(MOCK_PORT):
        return MOCK_PORT
    with socket.socket() as probe:
        probe.bind((listeners.LOOPBACK, 0))
        return int(probe.getsockname()[1])
