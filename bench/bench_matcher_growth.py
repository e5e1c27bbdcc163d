"""What do a scope of 10,000 or 100,000 questions and 10,000 scopes cost the matcher, scanned and with hnswlib?

    python bench/bench_matcher_growth.py [--entries 10000 100000] [--scopes 10000] [--plot bench/matcher_growth.svg]

Each case is a process of its own with a Valkey of its own: entries are stored, a fresh matcher's scopes are loaded
from there (that is what a restart does), and questions are looked up all the while and after. Vectors are made, not
embedded: 2,000 topics, each question near one, as questions to one application are. Embedding (3 ms a text) is in no
figure. The lookups that run beside something are timed from when they were due, so a loop that stands still shows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
from growth_plot import plot

from mitmgate.matcher.garbage import set_aside, spare_full_collections
from mitmgate.matcher.scopes import Scopes
from mitmgate.services.embedded import EmbeddedValkey
from mitmgate.services.embedder import MODEL_ID, WIDTH, Vectors
from mitmgate.services.redis import Store
from mitmgate.services.vectors_store import StoredVector, VectorsStore

NEVER: Final = 1 << 40
LOOKUPS: Final = 1000
PAUSE_S: Final = 0.005
GROWING_S: Final = 120.0
HOUR_S: Final = 3600.0
TOPICS: Final = 2000
FIRST_PATIENCE_S: Final = 600.0


def made(count: int, seed: int) -> Vectors:
    """float32[count, WIDTH], L2-normalised; a topic's questions have a cosine of about 0.8."""
    topics = np.random.default_rng(1).standard_normal((TOPICS, WIDTH)).astype(np.float32)
    rng = np.random.default_rng(seed)
    vectors = topics[rng.integers(0, TOPICS, count)] + 0.5 * rng.standard_normal((count, WIDTH)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def name(number: int) -> bytes:
    return number.to_bytes(32)


class Lookups:
    """Milliseconds that lookups took, and the CPU they cost."""

    def __init__(self) -> None:
        self.took_ms: list[float] = []

    async def run(
        self, scopes: Scopes, scope_of: int, questions: Vectors, until: asyncio.Event, tenant: int = 1
    ) -> None:
        number = 0
        while not until.is_set():
            due = time.perf_counter() + PAUSE_S
            await asyncio.sleep(PAUSE_S)
            await self.once(scopes, number % scope_of, questions[number % len(questions)], tenant, due)
            number += 1

    async def once(
        self, scopes: Scopes, scope: int, question: Vectors, tenant: int = 1, due: float | None = None
    ) -> list[tuple[bytes, float]]:
        begun = time.perf_counter() if due is None else due
        found = await (await scopes.ready(tenant, name(scope))).index.query(question, 5)
        self.took_ms.append((time.perf_counter() - begun) * 1000)
        return found

    def told(self) -> dict[str, float]:
        took = np.array(self.took_ms or [0.0])
        p50, p99 = np.percentile(took, [50, 99])
        return {"p50_ms": float(p50), "p99_ms": float(p99), "longest_ms": float(took.max()), "lookups": len(took)}


@asynccontextmanager
async def store_at(url: str) -> AsyncIterator[VectorsStore]:
    store = Store(url, deadline_s=10.0)
    try:
        yield VectorsStore(store)
    finally:
        await store.close()


async def fill(url: str, vectors: Vectors, scopes: int, lasts_s: float) -> None:
    async with store_at(url) as store:
        expires_at = time.time() + lasts_s
        for start in range(0, len(vectors), 100):
            await asyncio.gather(
                *(
                    store.put(
                        1,
                        name(number % scopes),
                        StoredVector(name(number), f"Question number {number}?", vectors[number], MODEL_ID, expires_at),
                    )
                    for number in range(start, min(start + 100, len(vectors)))
                )
            )


def resident_mb() -> float:
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def valkey() -> Iterator[EmbeddedValkey]:
    with tempfile.TemporaryDirectory(prefix="mitmgate-bench-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedValkey(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


async def case(entries: int, scopes_count: int, hnsw: bool) -> dict[str, Any]:
    vectors, questions = made(entries, 2), made(LOOKUPS, 3)
    with valkey() as server:
        await fill(server.url, vectors, scopes_count, HOUR_S)
        async with store_at(server.url) as store:
            return await measured(store, vectors, questions, scopes_count, hnsw)


async def measured(
    store: VectorsStore, vectors: Vectors, questions: Vectors, scopes_count: int, hnsw: bool
) -> dict[str, Any]:
    result: dict[str, Any] = {"entries": len(vectors), "scopes": scopes_count, "hnswlib": hnsw}
    spare_full_collections()
    before_mb = resident_mb()
    scopes = Scopes(store, 1000 if hnsw else NEVER, largest_bytes=1 << 40)
    await scopes.ready(2, name(0))  # somebody else's, asked while the rest is loaded
    elsewhere, loaded = Lookups(), asyncio.Event()
    asking = asyncio.create_task(elsewhere.run(scopes, 1, questions, loaded, tenant=2))
    begun, begun_cpu = time.perf_counter(), time.process_time()
    for number in range(scopes_count):
        await scopes.ready(1, name(number))
    result["load_s"] = time.perf_counter() - begun
    loaded.set()
    await asking
    result["elsewhere"] = elsewhere.told()
    growing, settled = Lookups(), asyncio.Event()
    asking = asyncio.create_task(growing.run(scopes, scopes_count, questions, settled))
    with suppress(TimeoutError):
        async with asyncio.timeout(GROWING_S):
            for number in range(scopes_count):
                await (await scopes.ready(1, name(number))).index.settled()
    moved = sum([(await scopes.ready(1, name(number))).index.moved for number in range(scopes_count)])
    result["moved_share"] = moved / len(vectors)
    result["settled_s"] = time.perf_counter() - begun
    result["settled_cpu_s"] = time.process_time() - begun_cpu
    if not hnsw:
        await asyncio.sleep(2)
    settled.set()
    await asking
    result["growing"] = growing.told()
    sweeping, swept = Lookups(), asyncio.Event()
    asking = asyncio.create_task(sweeping.run(scopes, scopes_count, questions, swept))
    for _ in range(5):
        await scopes.sweep()
        set_aside()
        await asyncio.sleep(0.3)
    swept.set()
    await asking
    result["sweeping"] = sweeping.told()
    result["memory_mb"] = resident_mb() - before_mb
    steady, found = Lookups(), 0
    begun_cpu = time.process_time()
    answers = [await steady.once(scopes, number % scopes_count, question) for number, question in enumerate(questions)]
    result["lookup_cpu_ms"] = (time.process_time() - begun_cpu) / len(questions) * 1000
    result["steady"] = steady.told()
    if scopes_count == 1:
        for question, answer in zip(questions, answers, strict=True):
            best = np.argpartition(-(vectors @ question), 5)[:5]
            found += len({name(int(each)) for each in best} & {key for key, _ in answer})
        result["recall"] = found / (5 * len(questions))
    scopes.close()
    return result


def row(result: dict[str, Any]) -> str:
    cells = [
        f"{result['entries']:,} in {result['scopes']:,}",
        "hnswlib" if result["hnswlib"] else "scan",
        f"{result['load_s']:.1f}",
        f"{result['settled_s']:.1f} ({100 * result['moved_share']:.0f} %)",
        f"{result['memory_mb']:.0f}",
        f"{result['steady']['p50_ms']:.2f} / {result['steady']['p99_ms']:.2f}",
        f"{result['lookup_cpu_ms']:.2f}",
        f"{result['elsewhere']['longest_ms']:.1f}",
        f"{result['growing']['p99_ms']:.1f} / {result['growing']['longest_ms']:.1f}",
        f"{result['sweeping']['longest_ms']:.1f}",
        f"{100 * result['recall']:.1f} %" if "recall" in result else "",
    ]
    return f"| {' | '.join(cells)} |"


HEAD: Final = (
    "| entries in scopes | | load s | growth watched for s (in graphs) | memory MB | lookup ms p50 / p99 "
    "| CPU ms a lookup | elsewhere while loading, longest ms | while growing ms p99 / longest "
    "| while sweeping, longest ms | recall of 5 |\n" + "|---" * 11 + "|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--scopes", type=int, nargs="*", default=[10_000])
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(asyncio.run(case(*json.loads(arguments.case)))))
        return
    print(HEAD, flush=True)
    results = []
    wanted = [(entries, 1, hnsw) for entries in arguments.entries for hnsw in (False, True)]
    for entries, scopes, hnsw in [*wanted, *((10 * each, each, True) for each in arguments.scopes)]:
        command = [sys.executable, *sys.argv[:1], "--case", json.dumps([entries, scopes, hnsw])]
        root = Path(__file__).parents[1]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=root, timeout=FIRST_PATIENCE_S * 3)
        results.append(json.loads(done.stdout))
        print(row(results[-1]), flush=True)
    for scan, graph in zip(results[::2], results[1::2], strict=False):
        if graph["hnswlib"] and graph["entries"] == scan["entries"]:
            ratio = {key: graph["steady"][key] / scan["steady"][key] for key in ("p50_ms", "p99_ms")}
            print(
                f"{scan['entries']:,}: hnswlib / scan: p50 {ratio['p50_ms']:.2f}, p99 {ratio['p99_ms']:.2f},"
                f" CPU {graph['lookup_cpu_ms'] / scan['lookup_cpu_ms']:.2f},"
                f" memory {graph['memory_mb'] / scan['memory_mb']:.2f}"
            )
    if arguments.plot:
        arguments.plot.write_text(plot(results))


if __name__ == "__main__":
    main()
