"""What a matcher remembers of pairs: by tenant, as often as it changes, and bounded."""

from __future__ import annotations

from typing import Any

import pytest

from mitmgate.services import pairs_feed
from mitmgate.services.pairs_feed import WrongPairs


def row(version: int, pair: bytes, *, wrong: bool = True, tenant: int = 1) -> dict[str, Any]:
    return {"tenant_id": tenant, "pair": pair, "wrong": wrong, "version": version}


def test_the_last_word_counts() -> None:
    pairs = WrongPairs()
    assert pairs.take([row(1, b"a"), row(2, b"b"), row(3, b"a", tenant=2)]) == 3
    assert list(pairs.of(1) or ()) == [b"a", b"b"] and len(pairs) == 3
    assert pairs.take([row(4, b"a", wrong=False), row(5, b"c", wrong=False, tenant=3)]) == 5
    assert list(pairs.of(1) or ()) == [b"b"] and pairs.of(3) is None
    assert pairs.take([row(6, b"a", wrong=False, tenant=2)]) == 6 and pairs.of(2) is None
    assert pairs.take([]) is None


def test_the_oldest_of_a_tenant_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_feed, "MOST_PAIRS", 3)
    pairs = WrongPairs()
    pairs.take([row(1, b"z", tenant=2), *(row(number, bytes([number])) for number in range(2, 5))])
    pairs.take([row(5, bytes([2])), row(6, bytes([9]))])
    assert list(pairs.of(1) or ()) == [bytes([4]), bytes([2]), bytes([9])] and pairs.of(2)
