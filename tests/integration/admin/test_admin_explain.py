"""/admin/cache/explain on a real Valkey and PostgreSQL, with a verifier that the test sets."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from mitmgate.control.context import CacheStore
from mitmgate.core.entry_id import entry_id
from mitmgate.matcher.computing import Workers
from mitmgate.matcher.nearest import NearestStored
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import PairVerdicts
from mitmgate.services.embedder import MODEL_ID
from mitmgate.services.exact_cache import Entry
from mitmgate.services.matcher_client import LocalMatcher, MatcherClient
from mitmgate.services.redis import Store
from mitmgate.services.vectors_store import StoredVector, VectorsStore
from tests.integration.admin.conftest import Admin
from tests.integration.admin.test_admin_usage import record, ship
from tests.unit.matcher.fakes import FIGURES, FakeModel, FakeVerifier, no_kinds

SCOPE, OTHER = b"s" * 32, b"o" * 32
BREAD, LONGER, HAMLET = "What makes bread rise?", "What is it that makes bread rise?", "Who wrote Hamlet?"
MODEL: Any = FakeModel()


@pytest.fixture
async def cache(admin: Admin, valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CacheStore]:
    monkeypatch.setattr("mitmgate.services.exact_cache.PUT_WITHIN_S", 10.0)
    store = Store(valkey_url, deadline_s=10)
    texts = TextVectors(MODEL, Workers())
    verifier: Any = FakeVerifier(3.0)
    verdicts = PairVerdicts(texts, verifier, FIGURES)
    nobody: Any = None
    operations = Operations(texts, nobody, VectorsStore(store), verdicts, no_kinds(texts))
    running = [asyncio.create_task(texts.workers.run())]
    admin.control.cache, admin.control.matcher = CacheStore(store), LocalMatcher(operations.answer)
    yield admin.control.cache
    for task in running:
        task.cancel()
    await store.close()


async def put(cache: CacheStore, tenant_id: int, number: int, question: str, scope: bytes = SCOPE) -> str:
    """-> the entry's id."""
    now = time.time()
    entry = Entry(
        tenant_id=tenant_id,
        fingerprint=number.to_bytes(32),
        request_id=f"request-{number}",
        status=200,
        headers=[(b"Content-Type", b"application/json")],
        body=b"{}",
        stored_at=now,
        expires_at=now + 600,
        model="m",
        namespace="default",
        question=question,
    )
    assert await cache.exact.put(tenant_id, entry, 64 << 20)
    vector = StoredVector(entry.fingerprint, question, MODEL.embed([question])[0], MODEL_ID, entry.expires_at)
    assert await VectorsStore(cache.store).put(tenant_id, scope, vector)
    return entry_id(tenant_id, entry.fingerprint)


async def explained(admin: Admin, tenant_id: int, text: str, **more: Any) -> dict[str, Any]:
    answer = await admin("POST", "/cache/explain", {"tenant_id": tenant_id, "text": text, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_nearest_of_all_scopes_and_the_verdict_on_each(admin: Admin, cache: CacheStore) -> None:
    one, two = (await admin.tenant("one"))["id"], (await admin.tenant("two"))["id"]
    bread = await put(cache, one, 1, BREAD)
    number = await put(cache, one, 2, "What is 2+2?", OTHER)
    await put(cache, one, 3, HAMLET)
    await put(cache, two, 4, LONGER)  # another tenant's is never seen
    found = await explained(admin, one, LONGER, limit=2)
    assert (found["kept_out"], found["scopes"], found["entries"], found["whole"]) == (None, 2, 3, True)
    nearest = {each["entry"]: each for each in found["nearest"]}
    assert nearest.keys() == {bread, number}
    assert nearest[bread]["accept"] and nearest[bread]["bar"] == 0.6 and nearest[bread]["question"] == BREAD
    assert nearest[bread]["scope"] == SCOPE.hex()[:16] and nearest[bread]["model"] == "m"
    assert not nearest[number]["accept"] and nearest[number]["vetoes"]
    assert (await explained(admin, two, BREAD))["nearest"][0]["question"] == LONGER


async def test_a_tenants_own_bars_count(admin: Admin, cache: CacheStore) -> None:
    tenant = await admin.tenant("strict", cache={"max_wrong": 0.001, "threshold": 0.95})
    await put(cache, tenant["id"], 1, BREAD)
    found = await explained(admin, tenant["id"], LONGER)
    assert (found["max_wrong"], found["threshold"]) == (0.001, 0.95)
    assert not found["nearest"][0]["accept"] and found["nearest"][0]["vetoes"] == ["below bar"]
    found = await explained(admin, tenant["id"], LONGER, threshold=0, max_wrong=0.05)
    assert found["nearest"][0]["accept"] and found["nearest"][0]["bar"] == 0.5


async def test_what_is_kept_out_says_so(admin: Admin, cache: CacheStore) -> None:
    id = (await admin.tenant())["id"]
    assert (await explained(admin, id, "see https://example.com/a"))["kept_out"] == "exact only: link"
    long = await explained(admin, id, "why " * 3000)
    assert long["kept_out"] == "exact only: too long" and long["nearest"] == []


async def test_it_reads_so_many_and_says_that_there_is_more(admin: Admin, cache: CacheStore) -> None:
    id = (await admin.tenant())["id"]
    for number in range(1, 6):
        await put(cache, id, number, f"What is {number}?")
    near = NearestStored(MODEL.embed(["What is 3?"])[0], 2)
    await near.look(VectorsStore(cache.store), id, most_entries=4)
    assert (near.entries, near.whole, len(near.found())) == (4, False, 2)
    assert near.found()[0][1].text == "What is 3?"


async def test_what_cannot_be_explained(admin: Admin, cache: CacheStore, tmp_path: Path) -> None:
    id = (await admin.tenant())["id"]
    for body in ({}, {"tenant_id": id}, {"tenant_id": id, "text": 1}, {"tenant_id": id, "text": "a", "limit": 51}):
        assert (await admin("POST", "/cache/explain", body)).status_code == 422
    assert (await admin("POST", "/cache/explain", {"tenant_id": 999, "text": "a"})).status_code == 404
    admin.control.matcher = MatcherClient(tmp_path / "nobody.sock")
    assert (await admin("POST", "/cache/explain", {"tenant_id": id, "text": "a"})).status_code == 503


def parts(scope: str, **more: str) -> dict[str, str]:
    return {"scope": scope * 16, "model": "m1", "system": "s1", **more}


def stored(tenant_id: int, minutes: int, entry: str, made_of: dict[str, str]) -> Any:
    story = orjson.dumps({"cache": "scope empty", "parts": made_of, "stored": entry}).decode()
    return record(tenant_id, timedelta(minutes=minutes), story=story)


async def test_a_request_that_missed_and_what_differed(admin: Admin, cache: CacheStore, tmp_path: Path) -> None:
    id, other = (await admin.tenant())["id"], (await admin.tenant("other"))["id"]
    live, gone = await put(cache, id, 1, BREAD), entry_id(id, (9).to_bytes(32))
    rows = [
        stored(id, 9, gone, parts("a", system="s2")),
        stored(id, 8, live, parts("b", system="s3")),
        stored(id, 7, gone, parts("c", system="s4", sampling="t1")),
        stored(id, 6, live, parts("d")),
        stored(other, 6, live, parts("e", headers="h")),
        stored(id, 2, gone, parts("f", model="m2")),  # later than the request
    ]
    miss = record(id, timedelta(minutes=5), story=orjson.dumps({"cache": "scope empty", "parts": parts("x")}).decode())
    await ship(admin, tmp_path, *rows, miss)
    found = (await admin("GET", f"/cache/explain/{miss.request_id}")).json()
    assert (found["cache"], found["detail"], found["in_scope"], found["rows"]) == ("miss", "scope empty", 0, 4)
    assert [(each["differs"], each["stored"]) for each in found["others"]] == [
        ([], 1),
        (["system"], 2),
        (["system", "sampling"], 1),
    ]
    assert [each["is_there"] for each in found["others"]] == [True, True, False]
    assert found["others"][1]["request_id"] == rows[1].request_id
    short = (await admin("GET", f"/cache/explain/{miss.request_id[:8]}")).json()
    assert short == found


async def test_a_request_that_hit_and_one_that_nearly_did(admin: Admin, cache: CacheStore, tmp_path: Path) -> None:
    id = (await admin.tenant())["id"]
    live = await put(cache, id, 1, BREAD)
    told = {"cache": "not sure: 0.55", "nearest": 0.91, "p": 0.55, "near": live, "parts": parts("a")}
    near = record(id, story=orjson.dumps(told).decode())
    story = orjson.dumps({"entry": live, "by": "r", "age_s": 3, "p": 0.97}).decode()
    hit = record(id, cache="hit", cache_kind="semantic", similarity=0.95, story=story)
    plain = record(id, cache="bypass", story=None)
    await ship(admin, tmp_path, stored(id, 3, live, parts("a")), near, hit, plain)
    found = (await admin("GET", f"/cache/explain/{near.request_id}")).json()
    assert (found["similarity"], found["probability"], found["entry"], found["is_there"]) == (0.91, 0.55, live, True)
    assert (found["in_scope"], found["others"], found["scope"]) == (1, [], "a" * 16)
    found = (await admin("GET", f"/cache/explain/{hit.request_id}")).json()
    assert (found["kind"], found["probability"], found["entry"], found["scope"]) == ("semantic", 0.97, live, None)
    found = (await admin("GET", f"/cache/explain/{plain.request_id}")).json()
    assert (found["cache"], found["entry"], found["rows"]) == ("bypass", None, 0)
    assert (await admin("GET", f"/cache/explain/{uuid.uuid4()}")).status_code == 404
