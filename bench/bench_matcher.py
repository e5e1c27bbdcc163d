"""Is the matcher ever in the way? A process of its own, asked over its socket, beside what may disturb it.

    python bench/bench_matcher.py [--entries 100000] [--rounds 5] [--only batches]

batches: what a text and a pair cost alone and together, in CPU.
entries: a scope of 100,000 questions: memory, from a kill to the first answer, and a lookup whose vector is known and
    whose candidates a fact excludes, so that neither the model nor the verifier is asked.
judge: lookups, each embedded and verified, alone and beside 1,000 judged pairs of long texts, or `explain` over
    20,000 questions, in turns.
away: how long a lookup takes to be a miss while the matcher is flooded, stopped or killed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")

import numpy as np
from bench_matcher_growth import HOUR_S, name, store_at, valkey

from mitmgate.core.settings import Cache, Runtime, Settings, Vectors, runtime_document
from mitmgate.services import embedder
from mitmgate.services.channel import Channel, channel_pair
from mitmgate.services.matcher_client import MatcherAway, MatcherClient
from mitmgate.services.vectors_store import StoredVector
from mitmgate.services.verifier import Verifier

ROOT: Final = Path(__file__).parents[1]
SCOPE: Final = b"s" * 32
PATIENCE_S: Final = 60.0
TURNS: Final = 5
DEADLINE_S: Final = 0.1  # cache.deadline_ms
TOPICS: Final = 250
LOOKUPS: Final = 250
GROWING_S: Final = 120.0
ASKED_EVERY_S: Final = 0.2
ROUND_S: Final = 10.0
THINGS: Final = ["router", "printer", "kettle", "fridge", "lamp", "radio", "sofa", "clock", "mirror", "carpet"]
ROOMS: Final = ["kitchen", "bathroom", "cellar", "attic", "garage", "office", "hall", "nursery", "library", "garden"]
DEEDS: Final = ["clean", "repair", "replace", "move", "paint", "insure", "measure", "sell", "dry", "store"]
LONG: Final = " ".join(
    f"What is known about the {thing} in the {room}?" for thing, room in zip(THINGS, ROOMS, strict=True)
)


def topic(number: int) -> str:
    deed, thing, room = (words[number // 10**place % 10] for place, words in enumerate((DEEDS, THINGS, ROOMS)))
    return f"How do I {deed} the {thing} in the {room} of house"


class Matcher:
    """The process, with a Valkey that the caller keeps."""

    def __init__(self, folder: Path, valkey_url: str) -> None:
        self._socket, self._settings = folder / "matcher.sock", folder / "settings.json"
        settings = replace(Settings(folder), cache=Cache(), vectors=Vectors(1000))
        runtime = Runtime(folder, "", valkey_url, False, None, 1, "127.0.0.1", 1, 1, "0", "")
        self._settings.write_bytes(runtime_document(settings, runtime))
        self.client = MatcherClient(self._socket, PATIENCE_S)
        self.process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        ours, theirs = channel_pair()
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mitmgate.matcher", "--settings", str(self._settings)),
            *("--channel-fd", str(theirs.fileno()), "--socket", str(self._socket)),
            pass_fds=(theirs.fileno(),),
            cwd=ROOT,
        )
        theirs.close()
        channel, ready = Channel(ours.detach(), on_lost=lambda: None), asyncio.Event()
        channel.on("ready", lambda message: ready.set())
        channel.on("beat", lambda message: None)
        self._listening = asyncio.create_task(channel.run())
        async with asyncio.timeout(PATIENCE_S):
            await ready.wait()

    async def kill(self) -> None:
        assert self.process is not None and self._listening is not None
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self._listening.cancel()

    def cpu_s(self) -> float:
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self, what: str = "VmRSS") -> float:
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) / 1000
        raise ValueError(what)


def told(took_ms: Sequence[float]) -> str:
    p50, p99 = np.percentile(np.array(took_ms), [50, 99])
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, longest {max(took_ms):.1f} ms"


def batches(model: embedder.OnnxEmbedder, verifier: Verifier) -> None:
    """CPU of this thread, the least of some rounds in which all cases take turns."""
    rng = np.random.default_rng(1)

    def embed(tokens: int, count: int) -> Callable[[], object]:
        texts = [" ".join(rng.choice(THINGS, tokens - 2)) for _ in range(count)]
        return lambda: model.embed(texts)

    def verify(tokens: int, count: int) -> Callable[[], object]:
        side = rng.normal(0, 1, (tokens // 2, embedder.WIDTH)).astype(np.float32)
        return lambda: verifier.log_odds_of([(side, side)] * count)

    def states(tokens: int) -> Callable[[], object]:
        text = " ".join(rng.choice(THINGS, tokens - 2))

        def made() -> None:
            model.forget()
            model.states(text)

        return made

    counts = (1, 2, 4, 8)
    cases = {
        ("embedding", tokens, n): embed(tokens, n)
        for tokens in (8, 12, 24, 64, 256)
        for n in counts
        if n * tokens <= 512
    }
    cases |= {("verifying", tokens, n): verify(tokens, n) for tokens in (16, 24, 48, 128) for n in counts[:3]}
    cases |= {("states", tokens, 1): states(tokens) for tokens in (8, 12, 24, 64, 256)}
    least = dict.fromkeys(cases, 1e9)
    for _ in range(TURNS):
        for case, work in cases.items():
            begun_s = time.thread_time()
            work()
            least[case] = min(least[case], time.thread_time() - begun_s)
    print("CPU ms each of the texts or pairs of one call")
    for kind in ("embedding", "states", "verifying"):
        for tokens in sorted({tokens for each, tokens, _ in cases if each == kind}):
            found = {n: 1000 * least[kind, tokens, n] / n for n in counts if (kind, tokens, n) in least}
            print(f"  {kind:9} {tokens:3} tokens: " + ", ".join(f"{n} at once {ms:.2f}" for n, ms in found.items()))


async def fill(url: str, count: int, model: embedder.OnnxEmbedder) -> None:
    texts = [topic(number) for number in range(TOPICS)]
    near = np.concatenate(
        [model.embed([f"{text} number 7?" for text in texts[at : at + 8]]) for at in range(0, TOPICS, 8)]
    )
    rng = np.random.default_rng(1)
    async with store_at(url) as store:
        for start in range(0, count, 100):
            puts: list[Awaitable[bool]] = []
            for number in range(start, min(start + 100, count)):
                vector = near[number % TOPICS] + 0.02 * rng.standard_normal(embedder.WIDTH).astype(np.float32)
                vector /= np.linalg.norm(vector)
                text = f"{texts[number % TOPICS]} number {number + 10}?"
                entry = StoredVector(name(number), text, vector, embedder.MODEL_ID, time.time() + HOUR_S)
                puts.append(store.put(1, SCOPE, entry))
            await asyncio.gather(*puts)


async def first_answer(matcher: Matcher) -> None:
    """Asks until the matcher is there; the question waits for its scope."""
    while True:
        try:
            found = await matcher.client.find(1, SCOPE, f"{topic(5)} number 5?")
            if found.candidates:
                return
            assert found.reason == "loading", found
        except MatcherAway:
            await asyncio.sleep(0.02)


async def hit(matcher: Matcher) -> None:
    """A hit in the scope: one that has none for long is looked up for a sample of its questions only."""
    assert await matcher.client.put(1, SCOPE, name(1 << 200), "What makes bread rise?", time.time() + HOUR_S)
    found = await matcher.client.find(1, SCOPE, "what makes bread rise")
    assert found.hit is not None, found


async def entries(matcher: Matcher, count: int) -> None:
    empty_mb = matcher.memory_mb()
    await first_answer(matcher)
    assert (await matcher.client.stats(deadline_s=PATIENCE_S))["entries"] == count
    print(f"{count:,} entries in one scope: {matcher.memory_mb():.0f} MB loaded, {empty_mb:.0f} MB empty", flush=True)
    begun_s = time.monotonic()
    await matcher.kill()
    await matcher.start()
    ready_s, ready_cpu_s = time.monotonic() - begun_s, matcher.cpu_s()
    await first_answer(matcher)
    print(
        f"  after a kill: ready in {ready_s:.1f} s ({ready_cpu_s:.1f} of CPU),"
        f" first answer in the scope in {time.monotonic() - begun_s:.1f} s ({matcher.cpu_s():.1f} of CPU)",
        flush=True,
    )
    questions = [f"{topic(number)} number 3?" for number in range(LOOKUPS)]
    for question in questions:  # embeds them
        await matcher.client.find(1, SCOPE, question)
    settled = await at_rest(matcher)
    await hit(matcher)
    took_ms, before_s = [], matcher.cpu_s()
    for question in questions:
        begun_s = time.perf_counter()
        found = await matcher.client.find(1, SCOPE, question)
        took_ms.append(1000 * (time.perf_counter() - begun_s))
        assert found.hit is None and found.candidates, found
    used_ms = 1000 * (matcher.cpu_s() - before_s) / LOOKUPS
    print(
        f"  {matcher.memory_mb():.0f} MB when all that should is in graphs{'' if settled else ' (not yet)'},", end=" "
    )
    print(f"{matcher.memory_mb('VmHWM'):.0f} at most")
    print(f"  lookup without embedding and verifier: {told(took_ms)}, {used_ms:.2f} ms of CPU", flush=True)


async def at_rest(matcher: Matcher) -> bool:
    """Waits until nothing moves to graphs. -> whether that was within GROWING_S."""
    ends_s, still, cpu_s = time.monotonic() + GROWING_S, 0, matcher.cpu_s()
    while still < 3 and time.monotonic() < ends_s:
        await asyncio.sleep(1)
        cpu_s, before_s = matcher.cpu_s(), cpu_s
        still = still + 1 if cpu_s - before_s < 0.05 else 0
    return still == 3


class Lookups:
    """Distinct questions, one each ASKED_EVERY_S, timed from when they were due."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._asked = 0
        self.other_answers = 0

    async def run(self, for_s: float) -> list[float]:
        took: list[float] = []
        ends = time.perf_counter() + for_s
        due = time.perf_counter()
        while due < ends:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._asked += 1
            question = f"Please, how do I {DEEDS[self._asked % 10]} the old {THINGS[self._asked // 10 % 10]} upstairs?"
            found = await self._matcher.client.find(1, SCOPE, f"{question[:-1]}{' really' * (self._asked // 100 % 9)}?")
            self.other_answers += found.reason is not None and not found.candidates
            took.append(1000 * (time.perf_counter() - due))
            due += ASKED_EVERY_S
        return took


async def judged(matcher: Matcher, rounds: int) -> None:
    """Each round has all cases, in turns."""
    pairs = [(f"{LONG} Which of them is number {n}?", f"{LONG} Which is not number {n}?") for n in range(1000)]
    lookups = Lookups(matcher)
    stop = asyncio.Event()

    async def judge() -> int:
        done = 0
        while not stop.is_set():
            done += len(await matcher.client.judge(pairs[done % 1000 : done % 1000 + 20], deadline_s=600))
        return done

    async def explain() -> int:
        done = 0
        while not stop.is_set():
            await matcher.client.explain(1, f"{topic(done)} number 4?", 20, deadline_s=600)
            done += 1
        return done

    async def nothing() -> int:
        return 0

    works = {"alone": nothing, "beside judging": judge, "beside explain": explain}
    took: dict[str, list[list[float]]] = {case: [] for case in works}
    counts = dict.fromkeys(works, 0)
    await lookups.run(2.0)
    for _ in range(rounds):
        for case, work in works.items():
            await hit(matcher)
            stop.clear()
            beside = asyncio.create_task(work())
            took[case].append(await lookups.run(ROUND_S))
            stop.set()
            counts[case] += await beside
    print(f"lookups, each embedded and verified, one each {1000 * ASKED_EVERY_S:.0f} ms, {rounds} rounds")
    for case, each in took.items():
        ratios = [
            np.percentile(one, (50, 99)) / np.percentile(alone, (50, 99))
            for one, alone in zip(each, took["alone"], strict=True)
        ]
        p50, p99 = (statistics.median(ratio[at] for ratio in ratios) for at in (0, 1))
        all_ms = [ms for one in each for ms in one]
        print(f"  {case:15} {told(all_ms)}; of alone: p50 {p50:.2f}, p99 {p99:.2f}; did {counts[case]}")


async def away(matcher: Matcher) -> None:
    """Each lookup has DEADLINE_S; what is late counts from its begin to its miss."""
    flooded: list[Awaitable[Any]] = []
    took: dict[str, list[float]] = {"flooded": [], "stopped": [], "killed": []}
    reasons: dict[str, dict[str, int]] = {case: {} for case in took}

    async def one(case: str, number: int) -> None:
        begun = time.perf_counter()
        try:
            found = await matcher.client.find(
                1, SCOPE, f"Which {case} house is number {number}?", deadline_s=DEADLINE_S
            )
            why = found.reason or "hit"
        except MatcherAway as problem:
            why = f"away: {problem}"
        why = why.split(":")[0] if why.startswith(("not sure", "number")) else why
        took[case].append(1000 * (time.perf_counter() - begun))
        reasons[case][why] = reasons[case].get(why, 0) + 1

    for number in range(1000):  # 500 a second
        flooded.append(asyncio.create_task(one("flooded", number)))  # type: ignore[arg-type]
        await asyncio.sleep(0.002)
    await asyncio.gather(*flooded)
    await asyncio.sleep(3)
    await hit(matcher)
    for case, number in (("stopped", signal.SIGSTOP), ("killed", signal.SIGKILL)):
        assert matcher.process is not None
        matcher.process.send_signal(number)
        for at in range(100):
            await one(case, at)
            await asyncio.sleep(0.02)
    for case, each in took.items():
        print(f"{case}: {told(each)}; {json.dumps(reasons[case])}")


async def measured(options: argparse.Namespace, folder: Path) -> None:
    wanted: Callable[[str], bool] = lambda part: options.only in (None, part)  # noqa: E731
    model = embedder.OnnxEmbedder.load(folder)
    if wanted("batches"):
        batches(model, Verifier.load())
    if options.only == "batches":
        return
    with valkey() as server:
        count = options.entries if wanted("entries") else min(options.entries, 20_000)
        await fill(server.url, count, model)
        matcher = Matcher(folder, server.url)
        await matcher.start()
        try:
            if wanted("entries"):
                await entries(matcher, count)
            await first_answer(matcher)
            if wanted("judge"):
                await judged(matcher, options.rounds)
            if wanted("away"):
                await away(matcher)
        finally:
            await matcher.client.close()
            await matcher.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("batches", "entries", "judge", "away"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mitmgate-bench-") as folder:
        asyncio.run(measured(options, Path(folder)))


if __name__ == "__main__":
    main()
