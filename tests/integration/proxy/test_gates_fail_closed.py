"""The real chain on real sockets with one thing at a time broken: whatever a gate leans on, nothing goes upstream."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from addons.chain import make_chain
from mitmgate.core.directory import Directory, Key, KeyId, Tenant, TenantId, UpstreamAuth
from mitmgate.core.in_flight import InFlight
from mitmgate.core.keys import hash_key, make_key
from mitmgate.core.limits import LocalLimiter
from mitmgate.core.sealing import seal
from mitmgate.core.settings import Runtime, Settings
from mitmgate.core.tokens import issue_token
from mitmgate.core.usage import UsageRecord
from mitmgate.proxy.gateway import Gateway, Room
from mitmgate.proxy.pool import UpstreamPool
from mitmgate.proxy.worker import Worker
from mitmgate.services.comparison_rows import ComparisonRows
from mitmgate.services.comparisons import Comparisons
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.matcher_client import MatcherClient
from mitmgate.services.opened import Services
from mitmgate.services.quota import Quota
from mitmgate.services.redis import Script, StoreDown
from mitmgate.services.refusals import Refusals
from mitmgate.services.secrets import Secrets
from mitmgate.services.status import Status
from tests.integration.proxy.harness import RawUpstream, answer, ask, upstream

SECRETS = Secrets(b"p" * 32, {"one": b"k" * 32}, {"one": b"j" * 32}, "mga_test")
KEY = make_key()
SECRET_WORDS = "words of a library that quote the request"


class PlainStore:
    """A store that grants every request and knows no entry."""

    healthy = True

    def use(self, script: Script) -> Script:
        return script

    async def pipeline(self, commands: list[Any], deadline_s: float | None = None) -> list[Any]:
        return [[0, 1, 10, 1, 3_600_000, 0], *[None] * (len(commands) - 1)]

    async def demand(self, *commands: Any, deadline_s: float | None = None) -> list[Any]:
        return [[1, 1, 1, 1, 1, 1] for _ in commands]


class PlainFeed:
    healthy = True

    async def lookup(self, hash: bytes) -> bool:
        return False


class PlainJournal:
    def __init__(self) -> None:
        self.records: list[UsageRecord] = []

    def append(self, record: UsageRecord) -> None:
        self.records.append(record)


@dataclass
class Chain:
    port: int
    services: Services
    raw_upstream: RawUpstream
    records: list[UsageRecord]


def make_services(port: int, tmp_path: Path) -> tuple[Services, PlainJournal]:
    settings = Settings(data_dir=tmp_path)
    runtime = Runtime(tmp_path, "", "", False, None, 1, "127.0.0.1", 0, 1, "test", "")
    sealed = seal(SECRETS.master_keys, "Bearer sk-vendor", b"tenant:1:upstream_auth")
    key = Key(KeyId(1), TenantId(1), "k", "mg_k", hash_key(SECRETS.pepper, KEY), frozenset({"any"}))
    tenant = Tenant(
        TenantId(1),
        "t",
        1,
        "active",
        f"http://127.0.0.1:{port}",
        10,
        (key,),
        upstream_auth=UpstreamAuth("Authorization", sealed),
        allow_private_upstream=True,
        allowed_models=frozenset({"m"}),
    )
    directory = Directory()
    directory.apply(tenant)
    store: Any = PlainStore()
    feed: Any = PlainFeed()
    journal: Any = PlainJournal()
    nobody: Any = None
    services = Services(
        settings=settings,
        runtime=runtime,
        secrets=SECRETS,
        directory=directory,
        feed=feed,
        store=store,
        quota=Quota(store, LocalLimiter(1, 100), settings.limits),
        exact_cache=ExactCache(store),
        matcher=MatcherClient(str(tmp_path / "nobody.sock")),
        journal=journal,
        refusals=Refusals(journal),
        status=Status(lambda: True, lambda: True),
        in_flight=InFlight(),
        comparisons=Comparisons(ExactCache(store), MatcherClient(""), ComparisonRows(nobody)),
    )
    return services, journal


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[Chain]:
    async def fine(reader: Any, writer: Any, request: bytes, number: int) -> None:
        writer.write(answer(b'{"ok":true}'))

    async with upstream(fine) as (raw_upstream, port):
        services, journal = make_services(port, tmp_path)
        listener = socket.create_server(("127.0.0.1", 0))
        shared = Gateway(UpstreamPool(tls=ssl.create_default_context()), Room(64 << 20), 64 << 10)
        worker = Worker(shared, make_chain(services, shared.audits), tmp_path, None)
        ready = asyncio.Event()
        task = asyncio.create_task(worker.run(listener, ready.set))
        await ready.wait()
        yield Chain(listener.getsockname()[1], services, raw_upstream, journal.records)
        worker.master.shutdown()
        await task


def request(path: str = "/v1/chat/completions", credential: str = KEY, *more: str, body: bytes = b"") -> bytes:
    body = body or b'{"model":"m","messages":[]}'
    kind = "audio/mpeg" if path == "/v1/files" else "application/json"
    lines = [f"POST {path} HTTP/1.1", "Host: gw", f"Authorization: Bearer {credential}", f"Content-Type: {kind}", *more]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


CHAT, UPLOAD, QUERY = "/v1/chat/completions", "/v1/files", "/v1/chat/completions?a=1"
EVERYWHERE = (CHAT, UPLOAD)
# what a gate leans on -> the requests that must then be refused
DEPENDENCIES: dict[str, tuple[str, ...]] = {
    "addons.route.Exchange": EVERYWHERE,
    "addons.route.Plan": EVERYWHERE,
    "addons.route.begin_exchange": EVERYWHERE,
    "addons.route.set_plan": EVERYWHERE,
    "addons.route.check_path": EVERYWHERE,
    "addons.route.route": EVERYWHERE,
    "addons.route.endpoint_of": EVERYWHERE,
    "addons.route.client_format": EVERYWHERE,
    "addons.auth.find_credentials": EVERYWHERE,
    "addons.auth.is_forwarded": EVERYWHERE,
    "addons.auth.refuse_blocked": EVERYWHERE,
    "addons.auth.admit": EVERYWHERE,
    "mitmgate.services.authenticator.Authenticator.choose": EVERYWHERE,
    "mitmgate.services.authenticator.hash_key": EVERYWHERE,
    "mitmgate.core.directory.Directory.by_key_hash": EVERYWHERE,
    "addons.validate.is_json_path": (CHAT,),
    "addons.validate.is_forwarded": EVERYWHERE,
    "addons.validate.may_parse": (CHAT,),
    "addons.validate.repeats_name": (CHAT,),
    "addons.validate.orjson": (CHAT,),
    "addons.validate.repeats_decisive_name": (CHAT,),
    "addons.validate.is_read_as_utf8": (CHAT,),
    "addons.models.model_in_path": EVERYWHERE,
    "addons.models.ModelLimits": EVERYWHERE,
    "mitmgate.services.quota.Quota.commands": EVERYWHERE,
    "mitmgate.services.quota.Quota.read": EVERYWHERE,
    "addons.quota.time": EVERYWHERE,
    # asked once for each version of a tenant
    "addons.upstream.parse_backend_url": (CHAT,),
    "addons.upstream.host_allowed": (CHAT,),
    "addons.upstream.unseal": (CHAT,),
    "addons.upstream.strip_api": EVERYWHERE,
    "addons.upstream.upstream_path": EVERYWHERE,
    "addons.upstream.forwardable": EVERYWHERE,
    "addons.upstream.without_query_key": (QUERY,),
    "addons.upstream.Deadlines": EVERYWHERE,
    "addons.upstream.Retries": EVERYWHERE,
}


class Broken:
    """Raises, whatever is done with it."""

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        raise RuntimeError(SECRET_WORDS)

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(SECRET_WORDS)


async def refused(chain: Chain, path: str) -> None:
    before = len(chain.raw_upstream.requests)
    status, headers, body = await ask(chain.port, request(path))
    assert status == 503, body
    error = json.loads(body)["error"]
    assert error["code"] == "gateway_error" and SECRET_WORDS not in str(error)
    assert headers["retry-after"] == "1"
    assert len(chain.raw_upstream.requests) == before


async def passes(chain: Chain, path: str) -> None:
    """Once the thing is whole again nothing of the failure is left."""
    status, _, body = await ask(chain.port, request(path))
    assert (status, body) == (200, b'{"ok":true}')
    assert b"Authorization: Bearer sk-vendor\r\n" in chain.raw_upstream.requests[-1]
    while chain.services.in_flight.count:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("dependency", DEPENDENCIES)
async def test_with_this_broken_nothing_goes_upstream(
    chain: Chain, dependency: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for path in DEPENDENCIES[dependency]:
        with monkeypatch.context() as patch:
            patch.setattr(dependency, Broken())
            await refused(chain, path)
        await passes(chain, path)
    assert SECRET_WORDS not in caplog.text


async def test_a_store_that_raises_something_new_refuses(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only StoreDown means that the store is away; anything else is a gate that broke."""

    async def broken(*_: Any, **__: Any) -> list[Any]:
        raise ValueError(SECRET_WORDS)

    for path in EVERYWHERE:
        with monkeypatch.context() as patch:
            patch.setattr(chain.services.store, "pipeline", broken, raising=False)
            await refused(chain, path)
        await passes(chain, path)


async def test_replies_that_are_none_of_ours_refuse(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nonsense(commands: list[Any], *_: Any, **__: Any) -> list[Any]:
        return [b"nonsense"] * len(commands)

    monkeypatch.setattr(chain.services.store, "pipeline", nonsense, raising=False)
    for path in EVERYWHERE:
        await refused(chain, path)


async def test_a_local_limiter_that_breaks_while_the_store_is_away_refuses(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> list[Any]:
        raise StoreDown

    monkeypatch.setattr(chain.services.store, "pipeline", away, raising=False)
    await passes(chain, CHAT)
    monkeypatch.setattr(LocalLimiter, "reserve", Broken())
    for path in EVERYWHERE:
        await refused(chain, path)


async def test_a_token_whose_check_breaks_is_refused(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    token = issue_token(tenant_id=1, key_id=1, secrets=SECRETS.jwt_secrets, ttl_s=60, now=time.time())
    with monkeypatch.context() as patch:
        patch.setattr("mitmgate.core.tokens.TokenVerifier.verify", Broken())
        status, _, _ = await ask(chain.port, request(CHAT, token))
        assert status == 503 and not chain.raw_upstream.requests
    status, _, _ = await ask(chain.port, request(CHAT, token))
    assert status == 200


async def test_a_credential_that_can_not_be_opened_is_never_left_out(chain: Chain) -> None:
    """Without its own credential the request would go upstream as somebody else's."""
    (tenant,) = [chain.services.directory.tenant(TenantId(1))]
    assert tenant is not None
    fields = {name: getattr(tenant, name) for name in Tenant.__slots__}
    chain.services.directory.apply(Tenant(**{**fields, "version": 2, "upstream_auth": UpstreamAuth("A", b"rubbish")}))
    status, _, body = await ask(chain.port, request())
    assert status == 503 and json.loads(body)["error"]["code"] == "upstream_credential_broken"
    assert not chain.raw_upstream.requests


async def test_a_broken_cache_or_answer_stage_lets_the_answer_through(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only observes fails open: the client has its answer, and its row."""
    for dependency in ("addons.cache.judge_request", "addons.entries.answer_cacheable", "addons.cache.ExactCache.read"):
        with monkeypatch.context() as patch:
            patch.setattr(dependency, Broken())
            await passes(chain, f"{CHAT}?{dependency}")
    assert [record.status for record in chain.records] == [200] * 3
    monkeypatch.setattr("addons.answer.AnswerStage._timing", Broken())
    status, _, body = await ask(chain.port, request(CHAT))
    assert (status, body) == (200, b'{"ok":true}')


async def test_an_admin_request_is_never_forwarded_when_its_place_is_unclear(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addons.route.route", Broken())
    status, _, _ = await ask(chain.port, b"GET /admin/tenants HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == 503 and not chain.raw_upstream.requests
