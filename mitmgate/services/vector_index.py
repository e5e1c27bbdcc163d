"""Nearest vectors by cosine: an exact scan while there are few, hnswlib for what is beyond that.

New vectors always go to the scanned part, so they are found exactly and at once. When it reaches `hnsw_from`, its
oldest move, a few at a time, to graphs that one thread owns, whose queue is first in, first out: hnswlib does not stand
a query beside an addition. Graphs are never resized, the next one is larger instead; and never saved, since the entries
are kept elsewhere: so nothing long stands in a query's way.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from mitmgate.services.scanned_vectors import ScannedVectors, Vector

try:
    import hnswlib
except ImportError:  # it has no wheels; without a compiler at installation everything is scanned
    hnswlib = None

HNSWLIB_MISSING: Final = hnswlib is None
SCANNED_INLINE: Final = 4096  # rows; more are scanned beside the event loop

_log = logging.getLogger(__name__)
_LINKS, _EF_CONSTRUCTION, _EF = 16, 100, 64
_FIRST_CAPACITY: Final = 2048
_GROWTH: Final = 8  # a search goes through each graph, and takes about as long in a large one
_LARGEST_CAPACITY: Final = 131_072
_MOVED_AT_ONCE: Final = 32
_BUSY_S: Final = 0.004  # that the thread may add for before it looks for questions
_SPARE: Final = 4  # asked for beyond k, for what was removed meanwhile
_BYTES_BESIDE: Final = 4 * (2 * _LINKS + 2) + 64  # a graph's links and lock of one vector


class VectorIndex[K: Hashable]:
    """Vectors float32[width], L2-normalised, under keys. Belongs to one event loop; `query` is its only wait."""

    def __init__(self, width: int, hnsw_from: int = 1000, *, held: bool = False) -> None:
        """held: nothing moves before `release`, so that a thread's work does not delay what is being loaded."""
        self._held = held
        self._width = width
        self._hnsw_from = hnsw_from
        self._scanned = ScannedVectors[K](width)
        self._graphs: list[_Graph[K]] = []
        self._thread: ThreadPoolExecutor | None = None
        self._moving: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._scanned) + self.moved

    def __contains__(self, key: K) -> bool:
        return key in self._scanned or self._graph_of(key) is not None

    @property
    def size_bytes(self) -> int:
        """The memory of the vectors and graphs, roughly."""
        graphs = sum(graph.used * (4 * self._width + _BYTES_BESIDE) for graph in self._graphs)
        return self._scanned.size_bytes + graphs

    @property
    def moved(self) -> int:
        """How many of the vectors are in graphs."""
        return sum(graph.live for graph in self._graphs)

    def add(self, key: K, vector: Vector) -> None:
        """Adds, or replaces the key's vector. It is found by the next query."""
        self.remove(key)
        self._scanned.add(key, vector)
        self._move_soon()

    def release(self) -> None:
        """Lets vectors move to graphs."""
        self._held = False
        self._move_soon()

    def remove(self, key: K) -> bool:
        """-> whether it was there. It is in no later query's answer."""
        if self._scanned.remove(key):
            return True
        if (graph := self._graph_of(key)) is None:
            return False
        graph.forget(key)
        if not graph.live and self._moving is None:
            self._graphs.remove(graph)
        elif self._thread is not None:
            self._thread.submit(graph.mark_forgotten)
        return True

    async def query(self, vector: Vector, k: int) -> list[tuple[K, float]]:
        """The k nearest keys with their cosines, nearest first; fewer when there are fewer."""
        loop = asyncio.get_running_loop()
        graphs = list(self._graphs)
        search = loop.run_in_executor(self._thread, _search, graphs, vector, k + _SPARE) if graphs else None
        inline = len(self._scanned) <= SCANNED_INLINE
        if inline:
            near = self._scanned.nearest(vector, k + _SPARE)
        else:
            near = await loop.run_in_executor(None, self._scanned.nearest, vector, k + _SPARE)
        found: dict[K, float] = {}
        for graph, near_there in zip(graphs, await search if search is not None else (), strict=True):
            for label, similarity in near_there:
                if (key := graph.keys[label]) is not None:
                    found[key] = similarity
        for key, similarity in near:
            anew = self._scanned.similarity(key, vector)
            if anew is not None:  # beside the loop, rows may have changed places under the scan
                found[key] = anew
            elif inline and self._graph_of(key) is not None:  # it moved behind our search
                found[key] = similarity
        return sorted(found.items(), key=lambda item: -item[1])[:k]

    async def settled(self) -> None:
        """Waits until nothing moves any more."""
        while self._moving is not None:
            await asyncio.wait({self._moving})

    def close(self) -> None:
        """Frees the thread; the index is of no use afterwards."""
        self._closed = True
        if self._moving is not None:
            self._moving.cancel()
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _graph_of(self, key: K) -> _Graph[K] | None:
        return next((graph for graph in self._graphs if key in graph), None)

    def _move_soon(self) -> None:
        if self._held or self._closed or self._moving is not None or hnswlib is None:
            return
        if len(self._scanned) >= self._hnsw_from:
            self._moving = asyncio.get_running_loop().create_task(self._move())
            self._moving.add_done_callback(self._moved)

    def _moved(self, task: asyncio.Task[None]) -> None:
        self._moving = None
        self._graphs = [graph for graph in self._graphs if graph.live]
        if not task.cancelled() and task.exception() is not None:
            _log.error("vectors cannot be moved to a graph; they are scanned instead", exc_info=task.exception())
            self._hnsw_from = 1 << 62

    async def _move(self) -> None:
        """Moves the oldest half of the scanned part to the graphs, a few vectors at a time."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "hnsw")
        at_once = 1
        while len(self._scanned) > self._hnsw_from // 2:
            graph = self._graph_with_room()
            keys, vectors = self._scanned.oldest(min(at_once, graph.room))
            labels = graph.take_labels(len(keys))
            took_s = await loop.run_in_executor(self._thread, graph.add, labels, vectors)
            at_once = max(1, min(_MOVED_AT_ONCE, 2 * len(keys), int(_BUSY_S * len(keys) / max(took_s, 1e-6))))
            for key, label, vector in zip(keys, labels, vectors, strict=True):
                if self._scanned.holds(key, vector):
                    self._scanned.remove(key)
                    graph.remember(key, label)
                else:  # removed or replaced meanwhile
                    graph.give_up(label)
            if graph.unmarked:
                self._thread.submit(graph.mark_forgotten)

    def _graph_with_room(self) -> _Graph[K]:
        for graph in self._graphs:
            if graph.room:
                return graph
        capacity = _FIRST_CAPACITY
        for graph in self._graphs:
            capacity = min(max(capacity, _GROWTH * graph.capacity), _LARGEST_CAPACITY)
        self._graphs.append(_Graph(self._width, capacity))
        return self._graphs[-1]


def _search[K: Hashable](graphs: Sequence[_Graph[K]], vector: Vector, k: int) -> list[list[tuple[int, float]]]:
    return [graph.search(vector, k) for graph in graphs]


class _Graph[K: Hashable]:
    """An hnswlib index of fixed capacity. What is named below its line runs in the index's thread, the rest outside."""

    def __init__(self, width: int, capacity: int) -> None:
        self.capacity = capacity
        self.keys: list[K | None] = []  # by label
        self._labels: dict[K, int] = {}
        self._free: list[int] = []
        self._next = 0
        self.unmarked: list[int] = []
        self._index: Any = hnswlib.Index("ip", width)
        self._index.init_index(capacity, M=_LINKS, ef_construction=_EF_CONSTRUCTION)
        self._index.set_ef(_EF)
        self._index.set_num_threads(1)

    @property
    def live(self) -> int:
        return len(self._labels)

    def __contains__(self, key: K) -> bool:
        return key in self._labels

    @property
    def used(self) -> int:
        """Of its capacity; what is beyond has no memory yet."""
        return self._next

    @property
    def room(self) -> int:
        return self.capacity - self._next + len(self._free)

    def take_labels(self, count: int) -> list[int]:
        """Labels of removed vectors first: hnswlib lets a deleted label be added again."""
        reused = [self._free.pop() for _ in range(min(count, len(self._free)))]
        fresh = list(range(self._next, self._next + count - len(reused)))
        self._next += len(fresh)
        self.keys += [None] * len(fresh)
        return reused + fresh

    def remember(self, key: K, label: int) -> None:
        self.keys[label] = key
        self._labels[key] = label

    def forget(self, key: K) -> None:
        label = self._labels.pop(key)
        self.keys[label] = None
        self.give_up(label)

    def give_up(self, label: int) -> None:
        self.unmarked.append(label)

    # -- in the thread ----------------------------------------------------------------------------------------------

    def add(self, labels: Sequence[int], vectors: Vector) -> float:
        """-> the seconds that it took."""
        begun = time.monotonic()
        self._index.add_items(vectors, labels, num_threads=1)
        return time.monotonic() - begun

    def mark_forgotten(self) -> None:
        while self.unmarked:
            label = self.unmarked.pop()
            self._index.mark_deleted(label)
            self._free.append(label)

    def search(self, vector: Vector, k: int) -> list[tuple[int, float]]:
        k = min(k, self._index.get_current_count())
        while k > 0:
            try:
                labels, distances = self._index.knn_query(vector, k, num_threads=1)
            except RuntimeError:  # fewer than k can be reached among many deleted
                k //= 2
                continue
            return [
                (int(label), 1.0 - float(distance)) for label, distance in zip(labels[0], distances[0], strict=True)
            ]
        return []
