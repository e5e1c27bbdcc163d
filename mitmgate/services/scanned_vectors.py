"""Vectors that are compared one and all: exact, and quick while there are few."""

from __future__ import annotations

import mmap
from collections import OrderedDict
from collections.abc import Hashable
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

_BLOCK: Final = 1024  # rows: 1.5 MB

type Vector = npt.NDArray[np.float32]


class ScannedVectors[K: Hashable]:
    """Rows in blocks, so that growing copies next to nothing; a removed row's place is taken by the last."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._blocks = [np.empty((1, width), np.float32)]  # all but the last full
        self._keys: list[K] = []
        self._rows: OrderedDict[K, int] = OrderedDict()  # in the order of their coming; a dict finds its first slowly

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    @property
    def size_bytes(self) -> int:
        return sum(block.nbytes for block in self._blocks)

    def add(self, key: K, vector: Vector) -> None:
        row = len(self._keys)
        block, place = divmod(row, _BLOCK)
        if block == len(self._blocks):
            self._blocks.append(self._block())
        elif block == 0 and place == len(self._blocks[0]):
            self._resize(2 * place)
        self._blocks[block][place] = vector
        self._keys.append(key)
        self._rows[key] = row

    def remove(self, key: K) -> bool:
        row = self._rows.pop(key, None)
        if row is None:
            return False
        last = self._keys.pop()
        count = len(self._keys)
        if row < count:
            self._keys[row] = last
            self._rows[last] = row
            self._at(row)[:] = self._at(count)
        if len(self._blocks) > 1 and count <= (len(self._blocks) - 2) * _BLOCK:  # one spare stays
            self._blocks.pop()
        elif len(self._blocks) == 1 and len(self._blocks[0]) > 64 and count < len(self._blocks[0]) // 4:
            self._resize(len(self._blocks[0]) // 2)
        return True

    def _at(self, row: int) -> Vector:
        vector: Vector = self._blocks[row // _BLOCK][row % _BLOCK]
        return vector

    def _block(self) -> Vector:
        """Mapped, so that it goes back to the system when it is dropped; the allocator would keep it for others."""
        rows = np.frombuffer(mmap.mmap(-1, 4 * _BLOCK * self._width), np.float32)
        return rows.reshape(_BLOCK, self._width)

    def _resize(self, rows: int) -> None:
        block = np.empty((rows, self._width), np.float32)
        block[: len(self._keys)] = self._blocks[0][: len(self._keys)]
        self._blocks[0] = block

    def nearest(self, vector: Vector, k: int) -> list[tuple[K, float]]:
        """Also beside the event loop: then a row may be another key's when it comes out."""
        keys, count, blocks = self._keys, len(self._keys), list(self._blocks)
        if not count:
            return []
        parts = [block[: count - start] @ vector for start, block in zip(range(0, count, _BLOCK), blocks, strict=False)]
        similarities = np.concatenate(parts) if len(parts) > 1 else parts[0]
        count = len(similarities)
        best = np.argpartition(-similarities, k)[:k] if k < count else np.arange(count)
        return [(keys[row], float(similarities[row])) for row in best.tolist() if row < len(keys)]

    def similarity(self, key: K, vector: Vector) -> float | None:
        row = self._rows.get(key)
        return None if row is None else float(self._at(row) @ vector)

    def oldest(self, count: int) -> tuple[list[K], Vector]:
        keys = list(islice(self._rows, count))
        return keys, np.array([self._at(self._rows[key]) for key in keys])

    def holds(self, key: K, vector: Vector) -> bool:
        row = self._rows.get(key)
        return row is not None and np.array_equal(self._at(row), vector)
