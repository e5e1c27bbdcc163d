"""A hook that is under way gets to know that its client has left: its work is for nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http

from mitmgate.proxy.plan import plan_of
from tests.integration.proxy.harness import Planner, answer, gateway, post, upstream
from tests.integration.proxy.test_turns import HEADERS, PREFACE, frame, reset


class Working(Planner):
    """Its request hook goes on until the plan says that the client has left."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.begun, self.noticed = asyncio.Event(), asyncio.Event()

    async def request(self, flow: http.HTTPFlow) -> None:
        plan = plan_of(flow)
        assert plan is not None and not plan.left
        self.begun.set()
        while not plan.left:  # as the stages look between two turns
            await asyncio.sleep(0.01)
        self.noticed.set()
        flow.response = http.Response.make(499)


async def fine(reader: Any, writer: Any, request: bytes, count: int) -> None:
    writer.write(answer(b"{}"))


@pytest.mark.parametrize("how", ["reset", "end", "HTTP/2 reset", "HTTP/2 end"])
async def test_a_hook_under_way_gets_to_know(tmp_path: Path, how: str) -> None:
    async with upstream(fine) as (raw, to):
        planner = Working(to)
        async with gateway(planner, tmp_path) as (port, worker):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(PREFACE + frame(1, HEADERS, 5, 1) if "HTTP/2" in how else post())
            async with asyncio.timeout(30):
                await planner.begun.wait()
                if how == "HTTP/2 reset":
                    writer.write(reset(1))
                elif how == "reset":
                    writer.transport.abort()
                else:
                    writer.close()
                await planner.noticed.wait()
            writer.close()
            for _ in range(300):
                if not worker._connections:
                    break
                await asyncio.sleep(0.01)
            assert not worker._connections
            assert not raw.requests
