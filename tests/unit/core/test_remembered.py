"""The bounded memory against a plain model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.remembered import Remembered


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9))))
def test_it_is_a_dictionary_that_forgets_the_longest_unused(steps: list[tuple[bool, int]]) -> None:
    remembered: Remembered[int, str] = Remembered(3)
    order: list[int] = []
    for is_put, key in steps:
        if is_put:
            remembered.put(key, str(key))
            if key in order:
                continue
            order = [*order, key][-3:]
        else:
            assert remembered.get(key) == (str(key) if key in order else None)
            if key in order:
                order = [*(each for each in order if each != key), key]
        assert len(remembered) == len(order)


def test_what_is_meant_is_forgotten() -> None:
    remembered: Remembered[tuple[int, str], int] = Remembered(4)
    for tenant_id in (1, 2):
        for text in "ab":
            remembered.put((tenant_id, text), tenant_id)
    remembered.forget(lambda key: key[0] == 1)
    assert [remembered.get((each, "a")) for each in (1, 2)] == [None, 2] and len(remembered) == 2
