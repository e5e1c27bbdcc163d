"""What must not be shared is neither found, nor stored, nor served where an earlier version stored it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mitmgate.matcher.computing import Workers
from mitmgate.matcher.kinds import KEPT, NO_CLASSIFIER, TextKinds
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.scopes import Scopes
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import PairVerdicts
from mitmgate.services import matcher_wire as wire
from mitmgate.services.matcher_client import LocalMatcher
from mitmgate.services.redis import StoreDown
from mitmgate.services.vectors_store import StoredVector
from tests.unit.matcher.fakes import FIGURES, FakeClassifier, FakeModel, FakeVerifier

SCOPE = b"s" * 32
SECRET, CRISIS = "What may I use as a pass word?", "What makes me wish for nothing more?"
BREAD, LONGER = "What makes bread rise?", "What is it that makes bread rise?"
NAME = b"n" * 32


class FakeStore:
    """Has what was put before; notes what is put and evicted."""

    def __init__(self, *stored: StoredVector) -> None:
        self.stored = {each.fingerprint: each for each in stored}
        self.evicted: list[bytes] = []

    async def put(self, tenant: int, scope: bytes, entry: StoredVector, removal: str) -> bool:
        self.stored[entry.fingerprint] = entry
        return True

    async def evict(self, tenant: int, fingerprints: Sequence[bytes]) -> int:
        self.evicted += fingerprints
        return len(fingerprints)

    async def count(self, tenant: int, scope: bytes) -> int:
        return len(self.stored)

    async def fingerprints(self, tenant: int, scope: bytes) -> list[bytes]:
        return [*self.stored]

    async def load(self, tenant: int, fingerprints: Sequence[bytes]) -> AsyncIterator[list[StoredVector]]:
        yield [self.stored[each] for each in fingerprints]


@asynccontextmanager
async def matcher(classifier: FakeClassifier | None, *stored: StoredVector) -> AsyncIterator[tuple[Any, FakeStore]]:
    model: Any = FakeModel()
    verifier: Any = FakeVerifier(9.0)
    store: Any = FakeStore(*stored)
    any_classifier: Any = classifier
    texts = TextVectors(model, Workers())
    kinds = TextKinds(texts, any_classifier)
    scopes = Scopes(store)
    running = asyncio.create_task(texts.workers.run())
    yield (
        LocalMatcher(Operations(texts, scopes, store, PairVerdicts(texts, verifier, FIGURES), kinds).answer),
        store,
    )
    running.cancel()
    scopes.close()


KNOWN = FakeClassifier({SECRET: "secret", CRISIS: "crisis"})


async def test_a_look_up_is_told_even_where_nothing_is_stored() -> None:
    async with matcher(KNOWN) as (client, _):
        found = await client.find(1, SCOPE, SECRET, deadline_s=30)
        assert (found.candidates, found.reason, found.never_shared) == ((), "never shared: secret", True)
        found = await client.find(1, SCOPE, CRISIS, deadline_s=30)
        assert (found.candidates, found.reason, found.never_shared) == ((), "exact only: crisis", False)
        found = await client.find(1, SCOPE, BREAD, deadline_s=30)
        assert (found.reason, found.never_shared) == (wire.SCOPE_EMPTY, False)


async def test_what_was_stored_without_a_look_is_evicted_and_what_is_a_crisis_not_compared() -> None:
    async with matcher(KNOWN) as (client, store):
        for number, text in enumerate((SECRET, CRISIS, BREAD)):
            put = await client.put(1, SCOPE, bytes([number]) * 32, text, time.time() + 60)
            assert put is (text != SECRET)
        assert store.evicted == [bytes(32)] and [*store.stored] == [b"\2" * 32]


async def test_what_an_earlier_version_stored_is_no_hit() -> None:
    from mitmgate.services.embedder import MODEL_ID

    vector = FakeModel().embed([SECRET])[0]
    async with matcher(KNOWN, StoredVector(NAME, SECRET, vector, MODEL_ID, time.time() + 60)) as (client, _):
        found = await client.find(1, SCOPE, BREAD, deadline_s=30)
        assert found.hit is None and found.reason == "never shared: secret" and not found.never_shared


async def test_without_a_classifier_no_question_is_answered_in_other_words() -> None:
    from mitmgate.services.embedder import MODEL_ID

    stored = StoredVector(NAME, LONGER, FakeModel().embed([LONGER])[0], MODEL_ID, time.time() + 60)
    async with matcher(None, stored) as (client, _):
        found = await client.find(1, SCOPE, BREAD, deadline_s=30)
        assert (found.hit, found.reason) == (None, NO_CLASSIFIER)
    async with matcher(KNOWN, stored) as (client, _):
        assert (await client.find(1, SCOPE, BREAD, deadline_s=30)).hit is not None


async def test_judging_and_explaining_say_so() -> None:
    async with matcher(KNOWN) as (client, _):
        judged = (await client.judge([(BREAD, SECRET)]))[0]
        assert judged.vetoes[0] == judged.verdict.reasons[0] == "never shared: secret" and not judged.verdict.accept
        assert (await client.judge([(CRISIS, CRISIS)]))[0].verdict.reasons[0] == "exact only: crisis"


async def test_a_text_is_classified_once_and_forgotten_when_asked() -> None:
    model: Any = FakeModel()
    classifier = FakeClassifier({SECRET: "secret"})
    any_classifier: Any = classifier
    texts = TextVectors(model, Workers())
    kinds = TextKinds(texts, any_classifier)
    running = asyncio.create_task(texts.workers.run())
    ends_at = asyncio.get_running_loop().time() + 60
    assert [await kinds.of(text, ends_at) for text in (SECRET, BREAD, SECRET, BREAD)] == ["secret", None] * 2
    assert classifier.asked == 2
    kinds.forget()
    assert await kinds.of(BREAD, ends_at) is None and classifier.asked == 3
    for number in range(KEPT + 10):
        await kinds.of(f"{number}", ends_at)
    assert len(kinds._kept) == KEPT
    running.cancel()


@pytest.mark.parametrize("patient", [False, True])
async def test_nobody_waits_beyond_the_deadline(patient: bool) -> None:
    model: Any = FakeModel()
    classifier: Any = FakeClassifier()
    texts = TextVectors(model, Workers())
    kinds = TextKinds(texts, classifier)
    soon = asyncio.get_running_loop().time() + 0.05
    with pytest.raises(TimeoutError):  # nobody works
        await kinds.of(BREAD, soon, patient=patient)


async def test_what_the_text_is_is_told_however_late_the_rest_is() -> None:
    async with matcher(KNOWN) as (client, store):
        await client.find(1, SCOPE, "another", deadline_s=30)

        async def down(*_: object) -> object:
            raise StoreDown

        store.count = store.fingerprints = down
        found = await client.find(2, SCOPE, BREAD, deadline_s=30)
        assert found.reason == wire.NO_STORE and found.classified


async def test_without_a_classifier_nothing_is_called_classified() -> None:
    async with matcher(None) as (client, _):
        for found in (await client.find(1, SCOPE, BREAD, deadline_s=30), await client.classify(SECRET, deadline_s=30)):
            assert found.by_rules and not found.classified
        assert not await client.put(1, SCOPE, bytes(32), BREAD, time.time() + 60)


async def test_an_answer_that_is_held_is_evicted_when_it_must_not_be_shared() -> None:
    async with matcher(KNOWN) as (client, store):
        for number, text in enumerate((SECRET, CRISIS, BREAD)):
            await client.classify(text, held=(1, bytes([number]) * 32), deadline_s=30)
        assert store.evicted == [bytes(32)]
