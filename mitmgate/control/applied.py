"""Waits until the workers live by a change: asked and answered over the line to the supervisor."""

from __future__ import annotations

import asyncio
import itertools
from typing import Final

from mitmgate.services.channel import Channel, Message

PATIENCE_S: Final = 12.0  # the supervisor's own is 10


class ApplyEverywhere:
    """Called with a tenant's id and version. -> how many live workers did not confirm that they hold it."""

    def __init__(self, channel: Channel, patience_s: float = PATIENCE_S) -> None:
        self._channel = channel
        self._patience_s = patience_s
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[int]] = {}
        channel.on("applied", self._applied)

    async def __call__(self, tenant_id: int, version: int) -> int:
        return await self._ask({"op": "apply", "tenant_id": tenant_id, "version": version})

    async def forget(self, tenant_id: int) -> int:
        """Has the workers drop what they remember of a tenant's prompts. -> how many live ones did not confirm it."""
        return await self._ask({"op": "forget", "tenant_id": tenant_id})

    async def _ask(self, message: Message) -> int:
        id = next(self._ids)
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[id] = answer
        try:
            self._channel.send_nowait({**message, "id": id})
            async with asyncio.timeout(self._patience_s):
                return await answer
        except TimeoutError:
            return 1
        finally:
            del self._asked[id]

    def _applied(self, message: Message) -> None:
        answer = self._asked.get(message["id"])
        if answer is not None and not answer.done():
            answer.set_result(message["missing"])
