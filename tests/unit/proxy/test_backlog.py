from __future__ import annotations

import asyncio
from asyncio import sslproto
from typing import Any
from unittest.mock import MagicMock

from mitmgate.proxy.backlog import Backlog, buffered


async def test_a_tls_transport_that_has_ended_has_no_backlog() -> None:
    loop = asyncio.get_running_loop()
    transport: Any = sslproto._SSLProtocolTransport(loop, MagicMock())  # type: ignore[attr-defined]
    writer = asyncio.StreamWriter(transport, MagicMock(), None, loop)
    transport.close()
    transport.close()
    assert buffered(writer) == 0
    backlog = Backlog(writer, lambda: None)
    assert backlog.unread() == 0 and backlog.stalled_s(1.0) == 0.0
    backlog.abort()
