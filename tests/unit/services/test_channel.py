"""The channel: what is sent arrives in order, and the end of one end is noticed by the other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mitmgate.services.channel import Channel, Message, channel_pair


class Ends:
    """Both ends of a channel, running."""

    def __init__(self) -> None:
        ours, theirs = channel_pair()
        self.lost: list[str] = []
        self.ours = Channel(ours.detach(), lambda: self.lost.append("ours"))
        self.theirs = Channel(theirs.detach(), lambda: self.lost.append("theirs"))
        self.runs: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Ends:
        self.runs = [asyncio.create_task(end.run()) for end in (self.ours, self.theirs)]
        return self

    async def __aexit__(self, *problem: object) -> None:
        self.ours.close()
        self.theirs.close()
        await asyncio.gather(*self.runs)


async def test_messages_keep_their_order_also_those_sent_before_it_runs() -> None:
    ends = Ends()
    seen: asyncio.Queue[Any] = asyncio.Queue()
    ends.theirs.on("n", lambda message: seen.put_nowait(message["n"]))
    ends.ours.send_nowait({"op": "n", "n": 0})
    async with ends:
        for n in range(1, 5000):
            await ends.ours.send({"op": "n", "n": n})
        assert [await seen.get() for _ in range(5000)] == list(range(5000))


async def test_a_coroutine_runs_beside_the_reading() -> None:
    async with Ends() as ends:
        release, done = asyncio.Event(), asyncio.Event()

        async def slow(_: Message) -> None:
            await release.wait()
            done.set()

        ends.theirs.on("slow", slow)
        ends.theirs.on("quick", lambda _: release.set())
        ends.ours.send_nowait({"op": "slow"})
        ends.ours.send_nowait({"op": "quick"})
        await done.wait()


async def test_rubbish_unknown_ops_and_failing_callbacks_end_nothing() -> None:
    async with Ends() as ends:
        seen = asyncio.Event()
        ends.theirs.on("bad", lambda message: message["missing"])
        ends.theirs.on("good", lambda _: seen.set())
        ends.ours.send_nowait({"op": "unknown"})
        ends.ours.send_nowait({"op": "bad"})
        ends.ours.send_nowait({"no": "op"})
        ends.ours.send_nowait({"op": "good"})
        await seen.wait()


async def test_the_end_of_one_end_is_noticed() -> None:
    ends = Ends()
    async with ends:
        ends.ours.close()
        await ends.runs[1]
        assert "theirs" in ends.lost


async def test_too_long_a_message_is_refused() -> None:
    async with Ends() as ends:
        with pytest.raises(ValueError, match="bytes"):
            ends.ours.send_nowait({"op": "x", "text": "x" * 70_000})
