"""The index finds what a plain scan of the same vectors finds, through growth, removal and replacement."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mitmgate.services import vector_index
from mitmgate.services.vector_index import Vector, VectorIndex

WIDTH = 16
rng = np.random.default_rng(7)


def unit_vectors(count: int, width: int = WIDTH) -> Vector:
    made = rng.standard_normal((count, width)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def brute(vectors: dict[int, Vector], query: Vector, k: int) -> list[int]:
    return sorted(vectors, key=lambda key: -float(vectors[key] @ query))[:k]


async def test_an_empty_index_finds_nothing() -> None:
    index = VectorIndex[int](WIDTH)
    assert await index.query(unit_vectors(1)[0], 5) == []
    assert not index.remove(1) and len(index) == 0


STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove", "query"]), st.integers(0, 12)), max_size=60)


@pytest.mark.parametrize("hnsw_from", [4, 1000])
@settings(deadline=None, max_examples=40)
@given(steps=STEPS)
def test_finds_what_a_scan_finds(hnsw_from: int, steps: list[tuple[str, int]]) -> None:
    async def run() -> None:
        index, known = VectorIndex[int](WIDTH, hnsw_from), {}
        try:
            for step, key in steps:
                if step == "add":
                    known[key] = unit_vectors(1)[0]
                    index.add(key, known[key])
                elif step == "remove":
                    assert index.remove(key) is (known.pop(key, None) is not None)
                else:
                    query = unit_vectors(1)[0]
                    found = await index.query(query, 3)
                    assert [each for each, _ in found] == brute(known, query, 3)
                    for each, similarity in found:
                        assert similarity == pytest.approx(float(known[each] @ query), abs=1e-5)
                assert len(index) == len(known)
                assert (key in index) is (key in known)
        finally:
            index.close()

    asyncio.run(run())


async def test_moves_to_graphs_and_goes_on_finding() -> None:
    if vector_index.HNSWLIB_MISSING:
        pytest.skip("hnswlib is not installed")
    index = VectorIndex[int](WIDTH, 100)
    vectors = unit_vectors(3000)
    for key, vector in enumerate(vectors):
        index.add(key, vector)
        if key % 300 == 0:  # while they move, too
            assert (await index.query(vector, 1))[0][0] == key
    await index.settled()
    assert index.moved > 2800 and len(index) == 3000
    for key in range(0, 3000, 100):
        assert (await index.query(vectors[key], 1))[0] == (key, pytest.approx(1.0, abs=1e-5))
    for key in range(1000, 3000):
        assert index.remove(key)
    found = {key for vector in vectors[1500:1520] for key, _ in await index.query(vector, 5)}
    assert found and max(found) < 1000
    before = index.size_bytes
    for key in range(1000, 2000):  # into the places of the removed
        index.add(key, vectors[key])
    await index.settled()
    assert index.size_bytes < 1.1 * before
    assert [(await index.query(vectors[key], 1))[0][0] for key in range(1000, 2000, 50)] == list(range(1000, 2000, 50))
    for key in list(range(2000)):
        index.remove(key)
    assert await index.query(vectors[0], 5) == []
    index.close()


async def test_without_hnswlib_everything_is_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_index, "hnswlib", None)
    index = VectorIndex[int](WIDTH, 10)
    vectors = unit_vectors(5000)
    for key, vector in enumerate(vectors):
        index.add(key, vector)
    await index.settled()
    assert index.moved == 0
    assert (await index.query(vectors[4321], 1))[0][0] == 4321


async def test_queries_beside_additions_and_removals() -> None:
    index = VectorIndex[int](WIDTH, 64)
    vectors = unit_vectors(1500)

    async def change() -> None:
        for key, vector in enumerate(vectors):
            index.add(key, vector)
            if key % 3 == 0:
                index.remove(key)
            if key % 20 == 0:
                await asyncio.sleep(0)

    changing = asyncio.create_task(change())
    while not changing.done():
        for key, similarity in await index.query(unit_vectors(1)[0], 5):
            assert -1.001 <= similarity <= 1.001 and 0 <= key < 1500
        await asyncio.sleep(0)
    await index.settled()
    assert len(index) == 1000
    index.close()


async def test_nothing_moves_before_it_may() -> None:
    if vector_index.HNSWLIB_MISSING:
        pytest.skip("hnswlib is not installed")
    index = VectorIndex[int](WIDTH, 4, held=True)
    for number in range(20):
        index.add(number, unit_vectors(1)[0])
    await index.settled()
    assert (len(index), index.moved) == (20, 0)
    index.release()
    await index.settled()
    assert len(index) == 20 and index.moved >= 16
    index.close()
