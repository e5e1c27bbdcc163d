"""The matcher over its socket: finding, killed and back with its entries, full, stopped, and without hnswlib."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mitmgate.core.settings import Cache, Runtime, Settings, Vectors, runtime_document
from mitmgate.matcher.priority import NICENESS
from mitmgate.matcher.worth import LOOKUPS, ONE_IN
from mitmgate.services import matcher_wire as wire
from mitmgate.services.channel import Channel, channel_pair
from mitmgate.services.matcher_client import MatcherAway, MatcherClient
from mitmgate.services.matcher_wire import frame, read_frame

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60.0
SCOPE, OTHER = b"s" * 32, b"o" * 32
RELAXED_S = 20.0  # a deadline that a busy test machine keeps


class Matcher:
    """A matcher process, and what starting another one in its place needs."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.socket = folder / "matcher.sock"
        self._settings = folder / "settings.json"
        self._environment = environment
        self.process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._listening: asyncio.Task[None] | None = None
        self.heard: list[dict[str, Any]] = []

    async def start(self) -> None:
        ours, theirs = channel_pair()
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mitmgate.matcher", "--settings", str(self._settings)),
            *("--channel-fd", str(theirs.fileno()), "--socket", str(self.socket)),
            pass_fds=(theirs.fileno(),),
            cwd=ROOT,
            env=self._environment,
        )
        theirs.close()
        self._channel = Channel(ours.detach(), on_lost=lambda: None)
        ready = asyncio.Event()
        self._channel.on("ready", lambda message: ready.set())
        self._channel.on("beat", self.heard.append)
        self._listening = asyncio.create_task(self._channel.run())
        async with asyncio.timeout(PATIENCE_S):
            await ready.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def drain(self) -> int:
        assert self._channel is not None and self.process is not None
        self._channel.send_nowait({"op": "drain"})
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    async def end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        if self._channel is not None and self._listening is not None:
            self._channel.close()
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)


type StartMatcher = Callable[..., Any]


@pytest.fixture
def matcher(tmp_path: Path, model_data_dir: Path, valkey_url: str) -> StartMatcher:
    """`async with matcher(hnsw_from=…) as (process, client)`."""

    @asynccontextmanager
    async def start(hnsw_from: int = 1000, **environment: str) -> AsyncIterator[tuple[Matcher, MatcherClient]]:
        settings = replace(Settings(tmp_path), cache=Cache(), vectors=Vectors(hnsw_from))
        runtime = Runtime(model_data_dir, "", valkey_url, False, None, 1, "127.0.0.1", 1, 1, "0", "")
        (tmp_path / "settings.json").write_bytes(runtime_document(settings, runtime))
        process = Matcher(tmp_path, {**os.environ, **environment})
        client = MatcherClient(process.socket, RELAXED_S)
        try:
            await process.start()
            yield process, client
        finally:
            await client.close()
            await process.end()

    return start


def name(number: int) -> bytes:
    return number.to_bytes(32)


async def put(
    client: MatcherClient, number: int, text: str, scope: bytes = SCOPE, lives_s: float = 600, *, done: bool = True
) -> None:
    assert await client.put(1, scope, name(number), text, time.time() + lives_s, deadline_s=PATIENCE_S) == done


async def test_the_quick_test(matcher: StartMatcher) -> None:
    async with matcher() as (process, client):
        found = await client.find(1, SCOPE, "What is 2+2?")
        assert (found.hit, found.reason) == (None, wire.SCOPE_EMPTY)
        assert (await client.stats())["embedded"] == 1  # it may be one that must not be stored
        await put(client, 1, "What is 2+2?")
        found = await client.find(1, SCOPE, "what's 2 plus 2?")
        assert found.hit is not None and found.reason is None
        assert (found.hit.fingerprint, found.hit.text) == (name(1), "What is 2+2?")
        assert found.hit.similarity == pytest.approx(0.923, abs=0.001)
        for other, why in (("3", "number 3 vs 2"), ("*2", "operator"), ("-2", "operator")):
            question = f"What is 2+{other}?" if other == "3" else f"What is 2{other}?"
            found = await client.find(1, SCOPE, question)
            assert found.hit is None and found.reason is not None and found.reason.startswith(why)
        assert (await client.find(1, SCOPE, "what's 2 plus 2?", threshold=0.95)).hit is None
        assert (await client.find(2, SCOPE, "what's 2 plus 2?")).reason == wire.SCOPE_EMPTY
        assert (await client.find(1, OTHER, "what's 2 plus 2?")).reason == wire.SCOPE_EMPTY
        assert (await client.find(1, SCOPE, "word " * 254)).reason != wire.TOO_LONG  # 256 tokens with those that frame
        assert (await client.find(1, SCOPE, "word " * 255)).reason == wire.TOO_LONG
        assert (await client.find(1, SCOPE, "word " * 200_000)).reason == wire.TOO_LONG
        assert not await client.put(1, SCOPE, name(2), "word " * 300, time.time() + 60)
        async with asyncio.timeout(PATIENCE_S):
            while not any(
                beat["ready"] and beat["checks"] == {"redis": True, "verifier": True, "classifier": True}
                for beat in process.heard
            ):
                await asyncio.sleep(0.05)
        assert await process.drain() == 0


async def test_each_thread_gives_way_to_the_workers(matcher: StartMatcher) -> None:
    async with matcher(hnsw_from=4) as (process, client):
        for number in range(8):  # so that each thread that it has was started
            await put(client, number, f"How do I paint {number} walls?")
        assert (await client.judge([("What is 2+2?", "what's 2 plus 2?")]))[0].verdict.accept
        assert process.process is not None
        threads = [*Path(f"/proc/{process.process.pid}/task").iterdir()]
        assert len(threads) > 2
        for thread in threads:  # proc_pid_stat(5): niceness is field 19
            fields = (thread / "stat").read_text().rpartition(")")[2].split()
            assert int(fields[16]) == min(19, os.nice(0) + NICENESS)


async def test_judges_as_it_decides(matcher: StartMatcher) -> None:
    async with matcher() as (_process, client):
        pairs = [("what's 2 plus 2?", "What is 2+2?"), ("What is 2+3?", "What is 2+2?"), ("word " * 300, "x")]
        same, different, too_long = await client.judge(pairs)
        assert same.verdict.accept and same.similarity == pytest.approx(0.923, abs=0.001)
        assert different.verdict.reasons[0] == "number 3 vs 2"
        assert too_long.similarity is None and too_long.verdict.reasons == (wire.TOO_LONG,)
        assert same.verdict.probability is not None and same.verdict.probability > 0.5
        assert not (await client.judge(pairs[:1], threshold=0.93))[0].verdict.accept
        assert not (await client.judge(pairs[:1], max_wrong=0.0))[0].verdict.accept
        assert len(await client.judge(pairs[:1] * 101)) == 101


async def test_answers_are_compared_by_their_beginnings(matcher: StartMatcher) -> None:
    async with matcher() as (_process, client):
        answer = "The capital of France is Paris, on the river Seine."
        assert await client.similarity(answer, answer) == pytest.approx(1, abs=1e-4)
        like = await client.similarity(answer, "Paris, which lies on the Seine, is the capital of France.")
        other = await client.similarity(answer, "Put the flour into a bowl and add two eggs.")
        assert like > 0.8 > 0.4 > other
        long = f"{answer} " * 500
        assert await client.similarity(long, f"{long} And more.") == pytest.approx(1, abs=1e-4)
        assert -1 <= await client.similarity("", answer) <= 1


async def test_judges_as_traffic_is_kept_out(matcher: StartMatcher) -> None:
    async with matcher() as (_process, client):
        pairs = [
            ("What is the maximum dose of ibuprofen?", "what is the maximum dose of ibuprofen"),
            ("Who won the match in Turin", "Who won the match in Turin yesterday?"),
            ("What is the balance of my account?", "what is the balance of my account"),
            ("See https://a.example please", "Please see https://a.example"),
            ("word " * 1000, "What is the balance of my account?"),
        ]
        crisis, moment, person, link, too_long = (each.verdict for each in await client.judge(pairs))
        assert crisis.reasons == ("exact only: crisis",)
        assert moment.reasons[:2] == ("never shared: time-dependent", "uncacheable: time-dependent: yesterday")
        assert person.reasons[0] == "never shared: personal"
        assert link.reasons == ("exact only: link",)
        assert too_long.reasons == ("exact only: too long", wire.TOO_LONG)
        assert not any(verdict.accept for verdict in (crisis, moment, person, link, too_long))


async def test_what_must_not_be_shared_is_neither_found_nor_kept(matcher: StartMatcher) -> None:
    async with matcher() as (_process, client):
        for number, text in enumerate(
            ("btc price", "which plan am I on", "something I can log in with, 12 characters")
        ):
            found = await client.find(1, SCOPE, text)
            assert found.never_shared and found.candidates == ()
            assert await client.classify(text) == found
            await put(client, number, text, done=False)
        may = await client.classify("What is bitcoin?")
        assert may.classified and may.reason is None
        assert (await client.find(1, SCOPE, "What is bitcoin?")).reason == wire.SCOPE_EMPTY
        assert (await client.stats())["kept_out"] == 6


async def test_what_is_removed_or_expired_is_not_found(matcher: StartMatcher) -> None:
    async with matcher() as (_process, client):
        await client.find(1, SCOPE, "x")
        await put(client, 1, "Who wrote Hamlet?")
        await put(client, 2, "How tall is the tower of Pisa?", lives_s=1.0)
        await put(client, 3, "Who wrote Faust?", OTHER)
        assert (await client.find(1, SCOPE, "who wrote hamlet")).hit is not None
        assert await client.remove(1, [name(1)])
        assert (await client.find(1, SCOPE, "who wrote hamlet")).hit is None
        await asyncio.sleep(1.1)
        assert (await client.find(1, SCOPE, "how tall is the tower of Pisa")).candidates == ()
        assert await client.forget(1)
        assert (await client.find(1, OTHER, "Who wrote Faust?")).reason == wire.SCOPE_EMPTY


async def test_killed_and_back_with_every_live_entry(matcher: StartMatcher) -> None:
    async with matcher(hnsw_from=40) as (process, client):
        await client.find(1, SCOPE, "x")
        questions = [f"How many rooms has house number {number}?" for number in range(150)]
        async with asyncio.TaskGroup() as group:
            for number, question in enumerate(questions):
                group.create_task(put(client, number, question))
        asking = asyncio.create_task(client.find(1, SCOPE, "Which house has forty rooms?"))
        process.signal(signal.SIGKILL)
        with pytest.raises(MatcherAway):
            await asking
            await client.find(1, SCOPE, "x")  # in case the first was quicker
        with pytest.raises(MatcherAway):
            while True:
                await client.find(1, SCOPE, "x")
        await process.end()
        await process.start()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    found = await client.find(1, SCOPE, f"hi, {questions[77]}")
                    break
                except MatcherAway:
                    await asyncio.sleep(0.05)
        assert client.healthy
        assert found.hit is not None and found.hit.fingerprint == name(77)
        assert (await client.stats())["entries"] == 150


async def test_stopped_is_away_within_the_deadline_and_then_left_alone(matcher: StartMatcher) -> None:
    async with matcher() as (process, client):
        await client.find(1, SCOPE, "x")
        await put(client, 1, "Who wrote Hamlet?")
        process.signal(signal.SIGSTOP)
        for _ in range(3):
            with pytest.raises(MatcherAway):
                await client.find(1, SCOPE, "who wrote hamlet", deadline_s=0.1)
        assert not client.healthy
        with pytest.raises(MatcherAway, match="left alone"):
            await client.find(1, SCOPE, "who wrote hamlet", deadline_s=PATIENCE_S)
        process.signal(signal.SIGCONT)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    assert (await client.find(1, SCOPE, "who wrote hamlet")).hit is not None
                    break
                except MatcherAway:
                    await asyncio.sleep(0.05)
        assert client.healthy


async def test_a_full_queue_is_told_at_once(matcher: StartMatcher) -> None:
    async with matcher() as (process, client):
        await client.find(1, SCOPE, "x")
        await put(client, 1, "Who wrote Hamlet?")
        reader, writer = await asyncio.open_unix_connection(str(process.socket))
        asked = 600
        for number in range(asked):
            text = f"{'A rather long question about house number ' * 6}{number}?"
            request = {"op": "find", "tenant": 1, "scope": SCOPE.hex(), "text": text, "max_wrong": 0.005}
            writer.write(frame({**request, "id": number, "deadline_ms": 50_000}))
        answers: dict[int, dict[str, Any]] = {}
        async with asyncio.timeout(PATIENCE_S):
            while len(answers) < asked:
                answer = await read_frame(reader)
                assert answer is not None
                answers[answer["id"]] = answer
        busy = [answer for answer in answers.values() if answer.get("error") == wire.BUSY]
        served = [answer for answer in answers.values() if "candidates" in answer]
        assert busy and served and len(busy) + len(served) == asked
        assert (await client.find(1, SCOPE, "who wrote hamlet")).hit is not None
        writer.close()


async def test_what_is_no_request_is_refused(matcher: StartMatcher) -> None:
    async with matcher() as (process, client):
        reader, writer = await asyncio.open_unix_connection(str(process.socket))
        for number, request in enumerate(
            [{}, {"op": "drop"}, {"op": "find"}, {"op": "find", "tenant": "x", "scope": "zz", "text": 1}, {"op": []}]
        ):
            writer.write(frame({**request, "id": number, "deadline_ms": 1000}))
            assert await read_frame(reader) == {"id": number, "error": wire.REFUSED}
        writer.write(b"\xff\xff\xff\xff")
        assert await read_frame(reader) is None
        writer.close()
        assert oct(process.socket.stat().st_mode)[-3:] == "600"
        assert (await client.stats())["scopes"] == 0


async def test_a_scope_without_hits_is_sampled_until_it_has_one(matcher: StartMatcher) -> None:
    async with matcher() as (_process, client):
        await client.find(1, SCOPE, "x")
        await put(client, 1, "Who wrote Hamlet?")
        for _ in range(LOOKUPS):
            assert (await client.find(1, SCOPE, "How tall is the tower of Pisa?")).reason == "below bar"
        reasons = [(await client.find(1, SCOPE, "How tall is the tower of Pisa?")).reason for _ in range(2 * ONE_IN)]
        assert (reasons.count(wire.SAMPLED_OUT), reasons.count("below bar")) == (2 * ONE_IN - 2, 2)
        found = [await client.find(1, SCOPE, "who wrote hamlet") for _ in range(ONE_IN)]
        assert sum(each.hit is not None for each in found) == 1
        assert all([(await client.find(1, SCOPE, "who wrote hamlet")).hit for _ in range(3)])
        await put(client, 2, "Who wrote Faust?", OTHER)
        assert (await client.find(1, OTHER, "who wrote faust")).hit is not None
        assert (await client.stats())["sampled_out"] == 3 * ONE_IN - 3


async def test_without_hnswlib_it_scans(matcher: StartMatcher, tmp_path: Path) -> None:
    blocker = tmp_path / "blocked"
    blocker.mkdir()
    (blocker / "hnswlib.py").write_text("raise ImportError('not here')")
    async with matcher(hnsw_from=5, PYTHONPATH=str(blocker)) as (_process, client):
        await client.find(1, SCOPE, "x")
        for number in range(20):
            await put(client, number, f"How many rooms has house number {number}?")
        found = await client.find(1, SCOPE, "Please, how many rooms has house number 13?")
        assert found.hit is not None and found.hit.fingerprint == name(13)
        assert (await client.stats())["hnswlib"] is False


async def test_entries_of_another_node_are_found(matcher: StartMatcher, tmp_path: Path) -> None:
    async with matcher() as (_process, client):
        assert (await client.find(1, SCOPE, "who wrote hamlet")).reason == wire.SCOPE_EMPTY
        other_folder = tmp_path / "other"
        other_folder.mkdir()
        (other_folder / "settings.json").write_bytes((tmp_path / "settings.json").read_bytes())
        other = Matcher(other_folder, dict(os.environ))
        other_client = MatcherClient(other.socket, RELAXED_S)
        try:
            await other.start()
            await put(other_client, 1, "Who wrote Hamlet?")
        finally:
            await other_client.close()
            await other.end()
        async with asyncio.timeout(PATIENCE_S):
            while (await client.find(1, SCOPE, "who wrote hamlet")).hit is None:
                await asyncio.sleep(0.2)
