"""Whatever the other end does, the client answers or says MatcherAway within its deadline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mitmgate.services.matcher_client import (
    FAILURES_UNTIL_SKIPPED,
    JUDGED_AT_ONCE,
    LocalMatcher,
    MatcherAway,
    MatcherClient,
)
from mitmgate.services.matcher_wire import BUSY, FrameBroken, Message, frame, read_frame

type Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SCOPE = b"s" * 32


@asynccontextmanager
async def other_end(path: Path, behaviour: Behaviour) -> AsyncIterator[MatcherClient]:
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await behaviour(reader, writer)

    server = await asyncio.start_unix_server(serve, str(path))
    client = MatcherClient(path, 5.0)
    try:
        yield client
    finally:
        await client.close()
        server.close()
        for writer in writers:
            writer.transport.abort()


async def test_nobody_there(tmp_path: Path) -> None:
    client = MatcherClient(tmp_path / "nothing", 5.0)
    for _ in range(FAILURES_UNTIL_SKIPPED):
        with pytest.raises(MatcherAway, match="FileNotFoundError"):
            await client.find(1, SCOPE, "x")
    assert not client.healthy
    with pytest.raises(MatcherAway, match="left alone"):
        await client.stats()


async def test_silence_is_away_within_the_deadline(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with other_end(tmp_path / "s", silent) as client:
        with pytest.raises(MatcherAway, match="TimeoutError"):
            await client.find(1, SCOPE, "x", deadline_s=0.05)


@pytest.mark.parametrize("said", [b"", b"\x00\x00\x00\x02{", b"\xff\xff\xff\xff", b"\x00\x00\x00\x02[]", b"GET / HTTP"])
async def test_nonsense_is_away(tmp_path: Path, said: bytes) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_frame(reader)
        writer.write(said)
        writer.close()

    async with other_end(tmp_path / "s", nonsense) as client:
        with pytest.raises(MatcherAway):
            await client.find(1, SCOPE, "x")


async def test_answers_in_any_order_reach_their_askers(tmp_path: Path) -> None:
    async def backwards(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = [await read_frame(reader) for _ in range(20)]
        for request in reversed(asked):
            assert request is not None
            writer.write(frame({"id": request["id"], "candidates": [], "reason": request["text"]}))
        await reader.read()

    async with other_end(tmp_path / "s", backwards) as client:
        found = await asyncio.gather(*(client.find(1, SCOPE, str(number)) for number in range(20)))
        assert [each.reason for each in found] == [str(number) for number in range(20)]


async def test_a_late_answer_is_nobody_elses(tmp_path: Path) -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, second = await read_frame(reader), await read_frame(reader)
        assert first is not None and second is not None
        writer.write(frame({"id": first["id"], "candidates": [], "reason": "first"}))
        writer.write(frame({"id": second["id"], "candidates": [], "reason": "second"}))
        await reader.read()

    async with other_end(tmp_path / "s", late) as client:
        with pytest.raises(MatcherAway):
            await client.find(1, SCOPE, "x", deadline_s=0.05)
        assert (await client.find(1, SCOPE, "y")).reason == "second"


async def test_busy_is_an_answer_and_no_failure(tmp_path: Path) -> None:
    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await read_frame(reader)) is not None:
            writer.write(frame({"id": request["id"], "error": BUSY}))

    async with other_end(tmp_path / "s", busy) as client:
        for _ in range(5):
            found = await client.find(1, SCOPE, "x")
            assert (found.hit, found.reason) == (None, BUSY)
            assert not await client.put(1, SCOPE, b"f", "x", 1.0)
        assert client.healthy


async def test_what_cannot_be_sent_is_away(tmp_path: Path) -> None:
    async with other_end(tmp_path / "s", lambda reader, writer: asyncio.sleep(0)) as client:
        with pytest.raises(MatcherAway, match="not text"):
            await client.find(1, SCOPE, "\ud800")
    with pytest.raises(FrameBroken):
        frame({"text": "x" * 9_000_000})


async def test_many_pairs_are_judged_in_parts_each_with_its_own_deadline() -> None:
    asked: list[int] = []

    async def answer(request: Message) -> Message:
        asked.append(len(request["pairs"]))
        assert request["deadline_ms"] == 60_000
        each = {"accept": True, "reasons": [], "probability": None, "vetoes": [], "doubts": []}
        each |= {"log_odds": None, "bar": None}
        return {"verdicts": [{**each, "similarity": float(pair[0])} for pair in request["pairs"]]}

    found = await LocalMatcher(answer).judge([(str(number), "b") for number in range(1000)])
    assert [each.similarity for each in found] == list(range(1000))
    assert sum(asked) == 1000 and max(asked) == JUDGED_AT_ONCE


async def test_a_part_that_is_not_judged_leaves_none() -> None:
    async def answer(request: Message) -> Message:
        return {"error": "matcher late"}

    with pytest.raises(MatcherAway, match="matcher late"):
        await LocalMatcher(answer).judge([("a", "b")])
