"""What a request held is free at its end, without the garbage collector: it counts objects, and bodies are large."""

from __future__ import annotations

import asyncio
import functools
import gc
import weakref
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest
from mitmproxy import http

from mitmgate.core.errors import GatewayError
from mitmgate.proxy.plan import plan_of

from .harness import Planner, answer, ask, gateway, post, read_answer, render, upstream


def render_for(flow: http.HTTPFlow, error: GatewayError) -> http.Response:
    return render(error)


class Watching(Planner):
    """Plans refer back to their flow, as the chain's do."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.flows: list[weakref.ref[http.HTTPFlow]] = []

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        super().requestheaders(flow)
        plan = plan_of(flow)
        assert plan is not None
        plan.render = functools.partial(render_for, flow)
        self.flows.append(weakref.ref(flow))

    def request(self, flow: http.HTTPFlow) -> Awaitable[None] | None:  # type: ignore[override]
        return super().request(flow) if self.hold else self.decide(flow)

    def decide(self, flow: http.HTTPFlow) -> None:
        if flow.request.path in self.local:
            flow.response = self.local[flow.request.path].copy()
        else:
            self.fill(flow)

    def left(self) -> int:
        return sum(ref() is not None for ref in self.flows)


@pytest.fixture
def uncollected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # As in a worker, see unburdened.py: the check leaves an exception that refers to itself, and so to its callers.
    monkeypatch.setattr(http.MessageData, "__post_init__", lambda self: None)
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("hold", [0.0, 0.001])
@pytest.mark.parametrize("path", ["/v1/forwarded", "/v1/streamed", "/v1/local", "/v1/early", "/v1/broken"])
async def test_an_ended_request_is_freed_at_once(tmp_path: Path, path: str, hold: float) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, count: int) -> None:
        kind = "text/event-stream" if b"streamed" in request else "application/json"
        if b"broken" in request:
            writer.write(b"nonsense\r\n\r\n")
            writer.close()
        else:
            writer.write(answer(b"data: {}\n\n", kind=kind))

    async with upstream(script) as (_, to):
        planner = Watching(to)
        planner.hold = hold
        planner.local["/v1/local"] = planner.early["/v1/early"] = http.Response.make(200, b"{}")
        async with gateway(planner, tmp_path) as (port, _):
            for _ in range(3):
                status, _, _ = await ask(port, post(b"x" * 1000, path))
                assert status == (502 if "broken" in path else 200)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(3):
                writer.write(post(b"x" * 1000, path))
                await read_answer(reader)
                if path == "/v1/early":
                    break  # it closes the connection
            for _ in range(200):
                if not planner.left():
                    break
                await asyncio.sleep(0.01)
            assert planner.left() == 0
            writer.close()
    assert len(planner.flows) == (4 if path == "/v1/early" else 6)
