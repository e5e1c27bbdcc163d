"""A client's stream, whose bytes are taken as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class ClientReader(asyncio.StreamReader):
    """Offers what comes to `take` first: waking the task that reads costs a turn of the loop. Keeps what it refuses."""

    take: Callable[[bytes], bool] | None = None

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]  # a transport has bytes and nothing else
        if self._buffer or self.take is None or not self.take(data):  # type: ignore[attr-defined]
            super().feed_data(data)
