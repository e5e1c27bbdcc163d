"""Whatever is stored, looked up and removed at once: an answer comes from the question's own scope or not at all."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mitmgate.matcher.computing import Workers
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.scopes import Scopes
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import PairVerdicts
from mitmgate.services.matcher_client import Found, LocalMatcher
from mitmgate.services.redis import Store
from mitmgate.services.vectors_store import VectorsStore
from tests.unit.core.test_question import FIRST, asked, with_text
from tests.unit.matcher.fakes import FIGURES, FakeModel, FakeVerifier, no_kinds

WITHIN_S = 50.0
#: By what two requests differ that must never meet: tenant, partition, namespace, system prompt.
PLACES = [
    (tenant, partition, namespace, system)
    for tenant in (1, 2)
    for partition in (None, b"p")
    for namespace in ("", "n")
    for system in ("Be brief", "Be long")
]
QUESTIONS = ["What makes bread rise?", "What is it that makes bread rise?", "What could make bread rise?"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "find", "find", "find", "remove"]),
        st.integers(0, len(PLACES) - 1),
        st.integers(0, len(QUESTIONS) - 1),
        st.integers(0, 3),  # turns of the loop before it begins
    ),
    min_size=10,
    max_size=80,
)
_tenants = itertools.count(1000, 10)


def scope_of(place: int) -> bytes:
    tenant, partition, namespace, system = PLACES[place]
    body = with_text(QUESTIONS[0])
    body["messages"] = [{**FIRST, "content": system}, *body["messages"][1:]]
    headers = {"x-cache-namespace": namespace} if namespace else {}
    scope = asked(body, id=tenant, partition=partition, headers=headers).scope
    assert scope is not None
    return scope


SCOPES = [scope_of(place) for place in range(len(PLACES))]


def test_the_scopes_are_different_ones() -> None:
    assert len(set(SCOPES)) == len(PLACES)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, shared=st.booleans())
@example(steps=[("put", 0, 0, 0)] * 9 + [("find", 0, 0, 3)], shared=False)  # asked for while it is being stored
async def test_an_answer_comes_from_its_own_scope(
    valkey_url: str, steps: list[tuple[str, int, int, int]], shared: bool
) -> None:
    """shared: both tenants ask in scopes of the same digest, as if digests could collide."""
    first = next(_tenants)
    async with AsyncExitStack() as opened:
        store = Store(valkey_url, deadline_s=WITHIN_S)
        opened.push_async_callback(store.close)
        vectors, workers = VectorsStore(store), Workers()
        model: Any = FakeModel()
        verifier: Any = FakeVerifier(9.0)  # sure of every pair
        texts = TextVectors(model, workers)
        scopes = Scopes(vectors)
        opened.callback(scopes.close)
        running = asyncio.create_task(workers.run())
        opened.callback(running.cancel)
        verdicts = PairVerdicts(texts, verifier, FIGURES)
        client = LocalMatcher(Operations(texts, scopes, vectors, verdicts, no_kinds(texts)).answer)

        def name(place: int, question: int) -> bytes:
            return (len(QUESTIONS) * place + question + 1).to_bytes(32)

        async def one(kind: str, place: int, question: int, turns: int) -> tuple[int, Found] | None:
            for _ in range(turns):
                await asyncio.sleep(0)
            tenant = first + PLACES[place][0]
            scope = SCOPES[place % (len(PLACES) // 2)] if shared else SCOPES[place]
            if kind == "put":
                expires = time.time() + 600
                text = QUESTIONS[question]
                assert await client.put(tenant, scope, name(place, question), text, expires, deadline_s=WITHIN_S)
            elif kind == "remove":
                assert await client.remove(tenant, [name(place, question)], deadline_s=WITHIN_S)
            else:
                return place, await client.find(tenant, scope, QUESTIONS[question], deadline_s=WITHIN_S)
            return None

        answers = await asyncio.gather(*(one(*step) for step in steps))
        answers += await asyncio.gather(*(one("find", place, 0, 0) for place in range(len(PLACES))))
        hits = 0
        for place, found in filter(None, answers):
            own = {name(place, question) for question in range(len(QUESTIONS))}
            assert {each.fingerprint for each in found.candidates} <= own
            hits += found.hit is not None
        stored = {(place, question) for kind, place, question, _ in steps if kind == "put"}
        kept = stored - {(place, question) for kind, place, question, _ in steps if kind == "remove"}
        assert hits >= len({place for place, _ in kept})  # so the test could have seen one that crosses
