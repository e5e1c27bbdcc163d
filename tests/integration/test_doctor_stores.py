"""What the doctor says of real PostgreSQL and Valkey servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding
from gatewayctl.doctor.stores import stores
from mitmgate.core.settings import Database, Redis, Settings
from mitmgate.services.embedded import EmbeddedValkey
from mitmgate.services.postgres import prepare_database
from mitmgate.services.redis import Store, StoreDown
from mitmgate.services.secrets import load_secrets
from mitmgate.services.store_owner import KEY, claim_store
from tests.conftest import execute

PASSWORD = "hunter2hunter2"


@pytest.fixture
def settings(postgres_dsn: str, valkey_url: str, tmp_path: Path) -> Settings:
    """A data directory whose secrets the database was set up with."""
    made = Settings(tmp_path, database=Database(postgres_dsn), redis=Redis(valkey_url))
    asyncio.run(prepare_database(postgres_dsn, load_secrets(made, tmp_path, create=True, environ={})))
    return made


@pytest.fixture(autouse=True)
def no_secrets_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MITMGATE_MASTER_KEY", "MITMGATE_ADMIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def test_sound_stores(settings: Settings) -> None:
    found = by_check(stores(settings))
    assert {
        "PostgreSQL server",
        "PostgreSQL's clock",
        "secrets",
        "Valkey server",
        "Valkey's clock",
        "Valkey memory",
    } == set(found)
    assert {finding.state for finding in found.values()} == {OK}, found


def test_a_store_of_another_database(settings: Settings) -> None:
    async def swap() -> None:
        await claim_store(settings.database.url, settings.redis.url, alone=False)
        store = Store(settings.redis.url)
        await store.demand(("SET", KEY, b"another's"))
        await store.close()

    asyncio.run(swap())
    found = by_check(stores(settings))["Valkey's owner"]
    assert found.state == WRONG and "another gateway's database" in found.seen


@pytest.mark.parametrize(("name", "said"), [("pepper", "another pepper"), ("master-key", "another master key")])
def test_another_secret_than_the_databases(settings: Settings, tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "secrets" / name).unlink()
    assert by_check(stores(settings))["secrets"].state == WRONG
    load_secrets(settings, tmp_path, create=True, environ={})  # as a new start would: another one
    found = by_check(stores(settings))["secrets"]
    assert found.state == WRONG and said in found.seen and f"{tmp_path}/secrets/" in found.remedy
    again = by_check(stores(settings))["secrets"]
    assert again == found  # looking records nothing


@pytest.mark.parametrize(("ahead_s", "expected"), [(30, WARNING), (-4000, WRONG)])
def test_clocks_that_differ(settings: Settings, ahead_s: float, expected: str) -> None:
    found = by_check(stores(settings, now=lambda: time.time() + ahead_s))
    for check in ("PostgreSQL's clock", "Valkey's clock"):
        assert found[check].state == expected and "timedatectl" in found[check].remedy
        assert ("behind" if ahead_s > 0 else "ahead of") in found[check].seen


def test_stores_that_cannot_be_reached(settings: Settings, tmp_path: Path) -> None:
    away = replace(
        settings,
        database=Database(f"postgresql://u:{PASSWORD}@127.0.0.1:1/x"),
        redis=Redis(f"redis://:{PASSWORD}@127.0.0.1:1/0"),
    )
    found = by_check(stores(away))
    assert {check: finding.state for check, finding in found.items()} == {
        "PostgreSQL server": WRONG,
        "Valkey server": WRONG,
    }
    assert all(finding.remedy for finding in found.values())
    assert PASSWORD not in str(found) and "u:***@127.0.0.1:1" in found["PostgreSQL server"].seen


def test_an_embedded_server_that_does_not_run_is_not_looked_at(tmp_path: Path) -> None:
    assert stores(Settings(tmp_path)) == []


@pytest.fixture
def small_valkey(server_folder: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(server_folder, maxmemory_mb=4)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def test_a_user_without_the_rights_that_serve_needs(settings: Settings, postgres_dsn: str) -> None:
    execute(postgres_dsn, "CREATE ROLE narrow_one LOGIN")
    try:
        narrow = replace(settings, database=Database(postgres_dsn.replace("user=postgres", "user=narrow_one")))
        assert narrow != settings
        found = by_check(stores(narrow))["PostgreSQL server"]
        assert found.state == WRONG and "GRANT CREATE, USAGE" in found.seen
    finally:
        execute(postgres_dsn, "DROP ROLE narrow_one")


def test_a_database_that_only_reads(settings: Settings, postgres_dsn: str) -> None:
    name = postgres_dsn.partition("?")[0].rpartition("/")[2]
    execute(postgres_dsn, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    found = by_check(stores(settings))["PostgreSQL server"]
    assert found.state == WRONG and "only read" in found.seen


def test_a_bound_without_eviction_and_a_replica(small_valkey: EmbeddedValkey, valkey_url: str, tmp_path: Path) -> None:
    settings = Settings(tmp_path, redis=Redis(small_valkey.url))

    async def tell(*command: str) -> None:
        store = Store(small_valkey.url)
        await store.demand(command)
        await store.close()

    asyncio.run(tell("CONFIG", "SET", "maxmemory-policy", "noeviction"))
    found = by_check(stores(settings))
    assert found["Valkey server"].state == WRONG and "refuses writes once it is full" in found["Valkey server"].seen
    assert found["Valkey memory"].state == OK
    asyncio.run(tell("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"))
    found = by_check(stores(settings))["Valkey server"]
    assert found.state == WARNING and "may evict blocks" in found.seen
    asyncio.run(tell("REPLICAOF", "127.0.0.1", "1"))
    found = by_check(stores(settings))["Valkey server"]
    assert found.state == WRONG and "read-only replica" in found.seen


@pytest.mark.parametrize(("policy", "expected"), [("volatile-lru", WARNING), ("noeviction", WRONG)])
def test_a_valkey_at_its_bound(small_valkey: EmbeddedValkey, tmp_path: Path, policy: str, expected: str) -> None:
    settings = Settings(tmp_path, redis=Redis(small_valkey.url))
    assert by_check(stores(settings))["Valkey memory"].state == OK

    async def fill() -> None:
        store = Store(small_valkey.url)
        await store.demand(("CONFIG", "SET", "maxmemory-policy", policy))
        with suppress(StoreDown):  # without eviction it refuses at its bound
            for number in range(600):
                await store.pipeline([("SET", f"key-{number}", b"x" * 10_000, "EX", 1000)])
        await store.close()

    asyncio.run(fill())
    found = by_check(stores(settings))["Valkey memory"]
    assert found.state in (expected, WRONG) and "of 4 MiB used" in found.seen and f"policy {policy}" in found.seen
    assert "CONFIG SET maxmemory" in found.remedy
    assert ("volatile-lru" in found.remedy) == (policy == "noeviction")
