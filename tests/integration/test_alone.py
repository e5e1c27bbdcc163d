"""The services that stock mitmproxy's one process opens for itself."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from addons.alone import open_alone
from mitmgate.control import upkeep
from mitmgate.core.settings import Database, Redis, Settings
from mitmgate.matcher import scopes
from mitmgate.services.matcher_client import MatcherClient
from mitmgate.services.postgres import ensure_demo_tenant
from mitmgate.supervisor.errors import CannotStart
from tests.conftest import execute

SCOPE = b"s" * 32


async def until(matcher: MatcherClient, **wanted: int) -> None:
    """Waits for the matcher to count that; the time is only there so that a failure ends."""
    async with asyncio.timeout(30):
        while {name: (await matcher.stats()).get(name) for name in wanted} != wanted:
            await asyncio.sleep(0.02)


@pytest.fixture
def settings(tmp_path: Path, postgres_dsn: str, valkey_url: str) -> Settings:
    return Settings(tmp_path, database=Database(postgres_dsn), redis=Redis(valkey_url))


async def test_its_matcher_forgets_what_expired(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes, "SWEEP_S", 0.05)
    async with open_alone(settings) as services:
        matcher = services.matcher
        assert (await matcher.find(1, SCOPE, "What is 2+2?", deadline_s=30)).hit is None
        assert await matcher.put(1, SCOPE, b"1" * 32, "What is 2+2?", time.time() + 600, deadline_s=30)
        assert await matcher.put(1, SCOPE, b"2" * 32, "Who wrote Faust?", time.time() + 3, deadline_s=30)
        await until(matcher, expired=1, entries=1)


async def test_its_matcher_hears_of_deleted_tenants(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "SWEEP_S", 0.05)
    async with open_alone(settings) as services:
        matcher, dsn = services.matcher, services.runtime.database_dsn
        tenant = await ensure_demo_tenant(dsn, services.secrets, "http://127.0.0.1:1")
        await matcher.find(tenant, SCOPE, "What is 2+2?", deadline_s=30)
        await until(matcher, scopes=1)
        execute(dsn, f"UPDATE tenants SET status = 'deleted', deleted_at = now() WHERE id = {tenant}")
        await matcher.put(tenant, SCOPE, b"1" * 32, "What is 2+2?", time.time() + 600, deadline_s=30)
        await until(matcher, scopes=0)


@pytest.mark.parametrize("server", ["database", "redis"])
async def test_a_store_that_cannot_serve_is_told_of_without_its_password(settings: Settings, server: str) -> None:
    if server == "database":
        given = replace(
            settings, database=Database("postgresql://somebody:hidden-word@127.0.0.1:1/d?password=hidden-word")
        )
    else:
        given = replace(settings, redis=Redis("redis://:hidden-word@127.0.0.1:1"))
    with pytest.raises(CannotStart) as told:
        async with open_alone(given):
            pass
    assert "127.0.0.1" in str(told.value) and "hidden-word" not in str(told.value)
