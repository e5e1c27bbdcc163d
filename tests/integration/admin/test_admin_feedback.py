"""/admin/cache/feedback on a real Valkey and PostgreSQL: what a hit's row names is evicted and forbidden."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from addons.exchange import new_request_id
from mitmgate.control.context import CacheStore
from mitmgate.core.entry_id import entry_id
from mitmgate.core.keys import worker_token
from mitmgate.core.usage import UsageRecord
from mitmgate.services.matcher_client import MatcherAway
from mitmgate.services.redis import Store
from tests.integration.admin.conftest import Admin
from tests.integration.admin.test_admin_cache_entries import name, put
from tests.integration.admin.test_admin_usage import ship

PAIR = bytes(range(32))


class Matcher:
    """Notes what it was told; may be away."""

    def __init__(self) -> None:
        self.removed: list[bytes] = []
        self.heard_of: list[int] = []
        self.away = False

    async def remove(self, tenant: int, fingerprints: list[bytes]) -> bool:
        if self.away:
            raise MatcherAway
        self.removed += fingerprints
        return True

    async def forget(self, tenant: int, *, deadline_s: float) -> bool:
        return True

    async def heard(self, version: int) -> bool:
        if self.away:
            raise MatcherAway
        self.heard_of.append(version)
        return True


@pytest.fixture
async def cache(admin: Admin, valkey_url: str) -> AsyncIterator[CacheStore]:
    store = Store(valkey_url, deadline_s=10)
    admin.control.cache, admin.control.matcher = CacheStore(store), Matcher()  # type: ignore[assignment]
    yield admin.control.cache  # type: ignore[misc]
    await store.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mitmgate.services.exact_cache.PUT_WITHIN_S", 10.0)


@dataclass
class Hits:
    """A tenant's hits, as their rows tell of them."""

    admin: Admin
    cache: CacheStore
    folder: Path
    tenant: int

    async def hit(self, number: int = 1, *, pair: bytes | None = PAIR, stores: bool = True, **more: Any) -> str:
        entry = await put(self.cache, self.tenant, number) if stores else None
        story = {"entry": entry_id(self.tenant, name(number)), "by": f"request-{number}", "age_s": 1}
        if pair is not None:
            story["pair"] = pair.hex()
        assert entry is None or entry.request_id == story["by"]
        kind = "exact" if pair is None else "semantic"
        about = {"cache": "hit", "cache_kind": kind, "story": orjson.dumps(story).decode(), **more}
        return await self.row(**about)

    async def row(self, **about: Any) -> str:
        request_id = new_request_id()
        usual: dict[str, Any] = {"tenant_id": self.tenant, "key_id": 1, "method": "POST", "latency_ms": 1.0}
        usual |= {"endpoint": "/v1/chat/completions", "status": 200, "started_at": time.time()}
        record = UsageRecord(**{**usual, "request_id": request_id, **about})
        await ship(self.admin, self.folder, record)
        return record.request_id

    async def tell(self, status: int = 200, **body: Any) -> dict[str, Any]:
        answer = await self.admin("POST", "/cache/feedback", body)
        assert answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json() if status == 200 else answer.json()["error"]
        return told

    async def there(self, number: int) -> bool:
        return await self.cache.entries.summary(self.tenant, name(number)) is not None

    async def pairs(self) -> list[tuple[bytes, bool]]:
        rows = await self.admin.pool.fetch("SELECT * FROM cache_pairs WHERE tenant_id = $1", self.tenant)
        return [(row["pair"], row["wrong"]) for row in rows]

    async def audited(self) -> list[tuple[str, Any]]:
        rows = await self.admin.pool.fetch("SELECT * FROM audit_log WHERE target = 'cache' ORDER BY id")
        assert all(row["target_id"] == self.tenant for row in rows)
        return [(row["action"], row["details"]["pair"]) for row in rows]


@pytest.fixture
async def hits(admin: Admin, cache: CacheStore, tmp_path: Path) -> Hits:
    return Hits(admin, cache, tmp_path, (await admin.tenant())["id"])


def matcher_of(hits: Hits) -> Matcher:
    found: Any = hits.admin.control.matcher
    return found  # type: ignore[no-any-return]


async def test_a_wrong_hit_in_other_words_is_evicted_and_its_pair_forbidden_once(hits: Hits) -> None:
    request_id = await hits.hit()
    await put(hits.cache, hits.tenant, 2)
    told = await hits.tell(request_id=request_id, correct=False)
    entry = entry_id(hits.tenant, name(1))
    assert told == {
        "tenant_id": hits.tenant,
        "request_id": request_id,
        "entry": entry,
        "evicted": True,
        "pair": "forbidden",
    }
    assert not await hits.there(1) and await hits.there(2)
    assert await hits.pairs() == [(PAIR, True)]
    matcher = matcher_of(hits)
    assert matcher.removed == [name(1)] and len(matcher.heard_of) == 1
    again = await hits.tell(request_id=request_id.upper(), correct=False)
    assert again == {**told, "evicted": False}
    assert await hits.pairs() == [(PAIR, True)] and len(matcher.heard_of) == 1
    assert await hits.audited() == [("cache.wrong", "forbidden")]


async def test_what_was_stored_meanwhile_stays(hits: Hits) -> None:
    request_id = await hits.hit(stores=False)
    await put(hits.cache, hits.tenant, 1)
    await hits.cache.entries.evict(hits.tenant, [name(1)])
    other = await hits.hit(1)  # the same fingerprint, of request-1
    row = await hits.row(cache="hit", cache_kind="exact", story=orjson.dumps(
        {"entry": entry_id(hits.tenant, name(1)), "by": "request-of-before"}
    ).decode())  # fmt: skip
    assert (await hits.tell(request_id=row, correct=False))["evicted"] is False and await hits.there(1)
    assert (await hits.tell(request_id=other, correct=False))["evicted"] is True
    assert (await hits.tell(request_id=request_id, correct=False))["evicted"] is False


async def test_right_takes_it_back_and_is_noted(hits: Hits) -> None:
    request_id = await hits.hit()
    await hits.tell(request_id=request_id, correct=False)
    told = await hits.tell(request_id=request_id, correct=True)
    assert (told["pair"], told["evicted"]) == ("allowed", False)
    assert await hits.pairs() == [(PAIR, False)] and len(matcher_of(hits).heard_of) == 2
    await hits.tell(request_id=request_id, correct=True)
    assert await hits.audited() == [("cache.wrong", "forbidden"), ("cache.right", "allowed")]
    fresh = await hits.hit(3, pair=PAIR[::-1])
    assert (await hits.tell(request_id=fresh, correct=True))["pair"] == "allowed"
    assert await hits.there(3)


async def test_an_exact_hit_is_evicted_and_forbids_nothing(hits: Hits) -> None:
    request_id = await hits.hit(pair=None)
    told = await hits.tell(request_id=request_id, correct=False)
    assert (told["evicted"], told["pair"]) == (True, None)
    assert not await hits.there(1) and await hits.pairs() == []
    assert await hits.audited() == [("cache.wrong", None)]


async def test_an_entry_is_evicted_by_its_name(hits: Hits) -> None:
    await put(hits.cache, hits.tenant, 1)
    entry = entry_id(hits.tenant, name(1))
    assert (await hits.tell(entry=entry, correct=True))["evicted"] is False
    for whose in ({}, {"tenant_id": hits.tenant}):
        await put(hits.cache, hits.tenant, 1)
        told = await hits.tell(entry=entry, correct=False, **whose)
        assert (told["evicted"], told["pair"], told["request_id"]) == (True, None, None)
    assert (await hits.tell(404, entry=entry, correct=False))["param"] == "entry"
    await put(hits.cache, hits.tenant, 1)
    assert (await hits.tell(404, entry=entry, correct=False, tenant_id=hits.tenant + 1))["code"] == "entry_not_found"
    assert await hits.there(1)


@pytest.mark.parametrize("outcome", ["miss", "bypass", "refresh", None])
async def test_what_was_no_hit_is_refused(hits: Hits, outcome: str | None) -> None:
    request_id = await hits.row(cache=outcome)
    assert (await hits.tell(409, request_id=request_id, correct=False))["code"] == "not_a_hit"
    assert await hits.audited() == []


async def test_another_tenants_request_is_not_found(hits: Hits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mitmgate.control.feedback.WAIT_S", 0.2)
    request_id = await hits.hit()
    other = (await hits.admin.tenant("other"))["id"]
    for unknown in ({"request_id": request_id, "tenant_id": other}, {"request_id": new_request_id()}):
        assert (await hits.tell(404, **unknown, correct=False))["code"] == "request_not_found"
    for odd in ("x", "", "0" * 32, "f" * 32, "ffffffff-ffff-7fff-bfff-ffffffffffff"):
        assert (await hits.tell(404, request_id=odd, correct=False))["code"] == "request_not_found"
    assert await hits.there(1) and await hits.pairs() == [] and await hits.audited() == []
    assert (await hits.tell(request_id=request_id, tenant_id=hits.tenant, correct=False))["evicted"]


async def test_a_row_that_is_on_its_way_is_waited_for(hits: Hits) -> None:
    request_id = new_request_id()
    telling = asyncio.create_task(hits.tell(request_id=request_id, correct=False))
    await asyncio.sleep(0.3)
    assert not telling.done()
    story = {"entry": entry_id(hits.tenant, name(1)), "by": "request-1", "pair": PAIR.hex()}
    await hits.row(request_id=request_id, cache="hit", cache_kind="semantic", story=orjson.dumps(story).decode())
    assert (await telling)["pair"] == "forbidden"


async def test_bodies_that_say_nothing_are_refused(hits: Hits) -> None:
    for bad in (
        {},
        {"correct": False},
        {"request_id": "x"},
        {"request_id": "x", "entry": "y", "correct": False},
        {"request_id": None, "entry": "y", "correct": False},
        {"request_id": "x", "correct": "no"},
        {"request_id": 1, "correct": False},
        {"request_id": "x" * 101, "correct": False},
        {"request_id": "x", "correct": False, "comment": "bad"},
        {"request_id": "x", "correct": False, "tenant_id": 0},
    ):
        assert (await hits.tell(422, **bad))["code"] == "invalid_field"


async def test_a_matcher_that_is_away_holds_nothing_up(hits: Hits) -> None:
    matcher_of(hits).away = True
    told = await hits.tell(request_id=await hits.hit(), correct=False)
    assert told["evicted"] and await hits.pairs() == [(PAIR, True)]


async def test_without_the_store_the_pair_is_noted_and_the_rest_done_when_asked_again(
    hits: Hits, valkey_url: str
) -> None:
    request_id = await hits.hit()
    whole, away = hits.admin.control.cache, Store("redis://127.0.0.1:9/0", deadline_s=0.2)
    hits.admin.control.cache = CacheStore(away)
    assert (await hits.tell(503, request_id=request_id, correct=False))["code"] == "cache_unavailable"
    assert await hits.pairs() == [(PAIR, True)] and len(matcher_of(hits).heard_of) == 1
    hits.admin.control.cache = whole
    await away.close()
    assert (await hits.tell(request_id=request_id, correct=False))["evicted"] and not await hits.there(1)


async def test_a_workers_token_opens_this_path_only_and_the_audit_names_the_key(hits: Hits) -> None:
    request_id = await hits.hit()
    token = worker_token(hits.admin.control.secrets.pepper)
    headers = {"Authorization": f"Bearer {token}", "X-Mitmgate-Key": "key 7 of tenant 1", "X-Mitmgate-Client": "::1"}

    async def ask(method: str, path: str, body: Any = None, **more: str) -> httpx.Response:
        return await hits.admin(method, path, body, headers={**headers, **more})

    for method, path in (("GET", "/tenants"), ("POST", "/cache/judge"), ("DELETE", "/cache/entries?all=true")):
        assert (await ask(method, path)).status_code == 401
    body = {"request_id": request_id, "correct": False, "tenant_id": hits.tenant}
    for bad in ("Bearer " + token[:-1], "Bearer " + token + "0", "Bearer"):
        assert (await ask("POST", "/cache/feedback", body, Authorization=bad)).status_code == 401
    assert (await ask("POST", "/cache/feedback", body)).status_code == 200
    [row] = await hits.admin.pool.fetch("SELECT * FROM audit_log WHERE target = 'cache'")
    assert (row["actor"], row["address"]) == ("key 7 of tenant 1", "::1")


async def test_a_viewer_may_not(hits: Hits) -> None:
    made = (await hits.admin("POST", "/tokens", {"name": "v", "role": "viewer"})).json()
    call = hits.admin.with_token(made["token"])
    answer = await call("POST", "/cache/feedback", {"request_id": "x", "correct": False})
    assert answer.status_code == 403


async def test_a_tenants_pairs_go_with_its_rows(hits: Hits) -> None:
    await hits.tell(request_id=await hits.hit(), correct=False)
    assert (await hits.admin("DELETE", f"/tenants/{hits.tenant}")).status_code == 204
    answer = await hits.admin("POST", f"/tenants/{hits.tenant}/purge", {"usage": True})
    assert answer.status_code == 200 and answer.json()["removed"]["cache_pairs"] == 1
    assert answer.json()["left"]["cache_pairs"] == 0 and await hits.pairs() == []
