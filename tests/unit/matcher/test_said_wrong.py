"""What was said to be wrong is found no more, whatever the verdict would be; the rest is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from mitmgate.core.pair_digests import digest_key, pair_of, text_digest
from mitmgate.core.text.sieve import Stored
from mitmgate.core.verdict import Verdict
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.said_wrong import SAID_WRONG, SaidWrong
from mitmgate.matcher.scopes import Known
from mitmgate.matcher.verdicts import Findings
from mitmgate.services import matcher_wire as wire
from mitmgate.services.pairs_feed import PairsFeed, WrongPairs

NEW, OLD = b"the present pepper", b"the pepper before"
SCOPE = b"s" * 32
QUERY, NEAR, FAR = "How do people cook rice?", "How do people store rice?", "How is rice cooked?"


class Texts:
    waiting = 0
    counts: ClassVar[dict[str, int]] = {}

    async def vector(self, text: str, ends_at: float, **how: bool) -> Any:
        return np.ones(384, np.float32) / 384**0.5


class Scopes:
    """One scope with two questions, the nearest first."""

    counts: ClassVar[dict[str, int]] = {}
    entries = size_bytes = 0

    def __init__(self) -> None:
        ends = time.time() + 60
        self.known = {b"n" * 32: Known(NEAR, expires_at=ends), b"f" * 32: Known(FAR, expires_at=ends)}
        self.index = self

    def __len__(self) -> int:
        return 1

    async def ready(self, tenant: int, digest: bytes) -> Any:
        return self

    async def query(self, vector: Any, most: int) -> list[tuple[bytes, float]]:
        return [(name, 0.99 - place / 100) for place, name in enumerate(self.known)]


class Verdicts:
    """Accepts the nearest it is given."""

    usable = True
    meanwhile: Any = None  # what happens while it thinks
    counts: ClassVar[dict[str, int]] = {}

    async def best(
        self, query: str, near: Sequence[tuple[Stored, float]], bars: Any, ends_at: float
    ) -> tuple[int | None, dict[int, Verdict]]:
        if self.meanwhile is not None:
            self.meanwhile()
        return (0, {0: Verdict(True, (), 0.99)}) if near else (None, {})

    async def judge(self, query: str, stored: str, similarity: float, bars: Any, ends_at: float) -> Findings:
        return Findings(Verdict(True, (), 0.99))


class Kinds:
    """Everything may be shared."""

    usable = True

    async def of(self, text: str, ends_at: float, **how: bool) -> None:
        return None


@pytest.fixture
def feed() -> PairsFeed:
    feed = PairsFeed("")
    feed.pairs = WrongPairs()
    return feed


@pytest.fixture
async def operations(feed: PairsFeed) -> AsyncIterator[Operations]:
    parts: list[Any] = [Texts(), Scopes(), None, Verdicts(), Kinds()]
    yield Operations(*parts, SaidWrong(feed, (NEW, OLD)))


async def find(operations: Operations, tenant: int = 1, scope: bytes = SCOPE) -> dict[str, Any]:
    request = {"op": "find", "deadline_ms": 5000, "tenant": tenant, "scope": scope.hex(), "text": QUERY}
    return await operations.answer({**request, "max_wrong": 0.005, "threshold": None})


def ban(feed: PairsFeed, pair: bytes, version: int = 1, *, wrong: bool = True) -> None:
    assert feed.pairs is not None
    feed.pairs.take([{"tenant_id": 1, "pair": pair, "wrong": wrong, "version": version}])


async def test_the_pair_of_a_hit_is_told_and_once_said_wrong_another_entry_is_the_hit(
    operations: Operations, feed: PairsFeed
) -> None:
    first = await find(operations)
    assert first["reason"] is None and first["candidates"][0]["text"] == NEAR
    pair = bytes.fromhex(first["candidates"][0]["pair"])
    ban(feed, pair)
    second = await find(operations)
    assert second["reason"] is None
    assert [(each["text"], each["accept"], each["reasons"]) for each in second["candidates"]] == [
        (NEAR, False, (SAID_WRONG,)),
        (FAR, True, ()),
    ]
    assert second["candidates"][0]["pair"] is None
    ban(feed, bytes.fromhex(second["candidates"][1]["pair"]), 2)
    third = await find(operations)
    assert third["reason"] == SAID_WRONG and not any(each["accept"] for each in third["candidates"])
    assert (await find(operations, tenant=2))["reason"] is None
    assert (await find(operations, scope=b"o" * 32))["reason"] is None
    ban(feed, pair, 3, wrong=False)
    assert (await find(operations))["candidates"][0]["accept"]


async def test_a_pair_said_wrong_the_other_way_round_or_under_the_pepper_before_counts(
    operations: Operations, feed: PairsFeed
) -> None:
    key = digest_key(OLD)
    ban(feed, pair_of(text_digest(key, 1, SCOPE, NEAR), text_digest(key, 1, SCOPE, QUERY)))
    assert [each["text"] for each in (await find(operations))["candidates"] if each["accept"]] == [FAR]


async def test_what_is_said_while_the_verdict_is_made_counts(operations: Operations, feed: PairsFeed) -> None:
    pair = bytes.fromhex((await find(operations))["candidates"][0]["pair"])
    verdicts: Any = operations._verdicts
    verdicts.meanwhile = lambda: ban(feed, pair)
    found = await find(operations)
    assert found["reason"] == SAID_WRONG and not any(each["accept"] for each in found["candidates"])


async def test_nothing_is_served_before_all_was_read(operations: Operations, feed: PairsFeed) -> None:
    feed.pairs = None
    assert await find(operations) == {"candidates": [], "reason": wire.LOADING, "classified": True}


async def test_judging_within_a_scope_knows_what_was_said(operations: Operations, feed: PairsFeed) -> None:
    pair = (await find(operations))["candidates"][0]["pair"]
    ban(feed, bytes.fromhex(pair))
    request = {"op": "judge", "deadline_ms": 5000, "pairs": [(QUERY, NEAR), (QUERY, FAR)], "max_wrong": 0.005}
    anywhere = await operations.answer(request)
    assert [each["accept"] for each in anywhere["verdicts"]] == [True, True]
    here = await operations.answer({**request, "tenant": 1, "scope": SCOPE.hex()})
    assert [(each["accept"], each["reasons"]) for each in here["verdicts"]] == [(False, (SAID_WRONG,)), (True, ())]
    assert (await operations.answer({"op": "stats", "deadline_ms": 5000}))["wrong_pairs"] == 1


async def test_a_version_is_waited_for_no_longer_than_asked(operations: Operations, feed: PairsFeed) -> None:
    feed._version = 4
    assert await operations.answer({"op": "heard", "deadline_ms": 5000, "version": 4}) == {}
    late = await operations.answer({"op": "heard", "deadline_ms": 50, "version": 5})
    assert late == {"error": wire.LATE}
    await asyncio.sleep(0)
