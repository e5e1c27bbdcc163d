"""When a worker gives memory back to the system."""

from __future__ import annotations

import pytest

from mitmgate.proxy.heap import MIN_FREED_BYTES, Heap, trim_heap

MIB = 1 << 20


@pytest.mark.parametrize(
    ("held", "trims"),
    [
        ([0, 0, 0], 0),
        ([0, MIN_FREED_BYTES - 1, 0], 0),
        ([0, MIN_FREED_BYTES, 0, 0, 0], 1),
        ([100 * MIB, 50 * MIB, 45 * MIB, 0], 2),  # another time only for as much again
        ([0, 10 * MIB, 100 * MIB, 100 * MIB], 0),
        ([0, 40 * MIB, 0, 40 * MIB, 0], 2),
    ],
)
def test_the_heap_is_trimmed_when_much_was_freed(held: list[int], trims: int) -> None:
    done: list[None] = []
    heap = Heap(lambda: done.append(None))
    for each in held:
        heap.look(each)
    assert len(done) == trims


def test_trimming_works_here() -> None:
    assert trim_heap() is None
