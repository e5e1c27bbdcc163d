"""Two gateways on a PostgreSQL and a Valkey that somebody else runs: one limit, one directory, one cache, all rows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.conftest import CARELESS, execute
from tests.e2e.certificates import Authority
from tests.e2e.harness import Gateway, Tenant, bearer, in_parallel, wait_until
from tests.e2e.test_backup import folder_in, gatewayctl
from tests.e2e.test_semantic import FIRST, REPHRASED, kept
from tests.e2e.upstream import Upstream
from tests.servers import TcpPostgres, TcpValkey, start_by_kind, system_postgres, system_redis

SHARED = {
    "MITMGATE_MASTER_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    "MITMGATE_AUTH__PEPPER": "one pepper for both of them",
    "MITMGATE_AUTH__SECRETS": '["' + "s" * 32 + '"]',
    "MITMGATE_USAGE__RETENTION_DAYS": "30",
}
IN_TIME_S = 1.0


@pytest.fixture(scope="module")
def stores(folder: Path) -> Iterator[dict[str, str]]:
    """The machine's own servers with TLS where it has them, else the wheels' over TCP; an old partition to drop."""
    kinds = (
        "system-postgres" if system_postgres() else "tcp-postgres",
        "system-redis" if system_redis() else "tcp-valkey",
    )
    with ExitStack() as stack:
        servers = []
        for kind in kinds:
            base = folder_in(folder, kind)
            server = start_by_kind(kind, base, Authority(base, "stores"), CARELESS)
            stack.callback(server.stop)
            servers.append(server)
        database, redis = servers
        assert isinstance(database, TcpPostgres) and isinstance(redis, TcpValkey)
        execute(database.socket_dsn(), "CREATE DATABASE shared")
        yield {
            **SHARED,
            "MITMGATE_DATABASE__URL": database.dsn_of("shared"),
            "MITMGATE_REDIS__URL": redis.url,
            "socket": database.socket_dsn("shared"),
        }


@pytest.fixture(scope="module")
def pair(folder: Path, stores: dict[str, str]) -> Iterator[tuple[Gateway, Gateway]]:
    """Started at the same moment on an empty database: one makes the schema, the other waits for it."""
    env = {name: value for name, value in stores.items() if name.startswith("MITMGATE_")}
    with ExitStack() as stack:
        both = [
            stack.enter_context(Gateway(folder_in(folder, name), "--no-demo", workers=1, env=env))
            for name in ("left", "right")
        ]
        for gateway in both:
            gateway.wait_ready()
            assert isinstance(gateway, Gateway)
        yield both[0], both[1]  # type: ignore[misc]


def on(gateway: Gateway, tenant: Tenant) -> Tenant:
    """The same tenant, asked by way of another gateway."""
    return Tenant(gateway, tenant.id, tenant.key)


def test_one_made_the_schema_and_nothing_of_a_url_was_said(
    pair: tuple[Gateway, Gateway], stores: dict[str, str]
) -> None:
    said = [gateway.output() for gateway in pair]
    assert sum("applied schema.sql" in each for each in said) == 1
    password = stores["MITMGATE_DATABASE__URL"].partition("://")[2].partition(":")[2].rpartition("@")[0]
    assert not any(password in each for each in said)


def test_a_limit_is_one_limit(pair: tuple[Gateway, Gateway], upstream: Upstream) -> None:
    left, right = pair
    tenant = left.tenant(upstream.url, rate_limit_per_hour=40, cache={"mode": "off"})
    sides = [tenant, on(right, tenant)]
    wait_until(lambda: sides[1].request("GET", "/v1/models").status_code != 401)
    used = len(upstream.asked)
    statuses = in_parallel(lambda number: sides[number % 2].chat(f"{number}").status_code, range(80), threads=8)
    assert statuses.count(200) == 40 - used
    assert set(statuses) <= {200, 429, 403}


def within(reached: Any) -> float:
    """How long it took to come true, in seconds."""
    began = time.monotonic()
    wait_until(reached)
    return time.monotonic() - began


def test_keys_are_known_and_refused_on_both(pair: tuple[Gateway, Gateway], upstream: Upstream) -> None:
    left, right = pair
    tenant = left.tenant(upstream.url)
    made = tenant.new_key()

    def status(gateway: Gateway) -> int:
        return gateway.client.get("/v1/models", headers=bearer(made["api_key"])).status_code

    assert (status(left), status(right)) == (200, 200)  # with the next request, on either
    assert right.admin("DELETE", f"/admin/tenants/{tenant.id}/keys/{made['id']}").status_code == 204
    assert status(right) == 401
    took_s = within(lambda: status(left) == 401)
    assert status(left) == 401, took_s


def test_answers_are_shared(pair: tuple[Gateway, Gateway], upstream: Upstream) -> None:
    left, right = pair
    tenant = left.tenant(upstream.url)
    assert tenant.chat("Name three rivers").headers["x-cache-status"] == "MISS"
    again = on(right, tenant).chat("Name three rivers")
    assert (again.headers["x-cache-status"], again.headers["x-cache-kind"]) == ("HIT", "exact")
    kept(tenant)
    asked = len(upstream.asked)

    def found() -> bool:
        only = on(right, tenant).chat(REPHRASED, headers={"Cache-Control": "only-if-cached"})
        return only.headers.get("x-cache-kind") == "semantic"

    wait_until(found)
    assert len(upstream.asked) == asked and on(right, tenant).chat(FIRST).headers["x-cache-kind"] == "exact"


def test_rows_of_both_meet_in_one_rollup(pair: tuple[Gateway, Gateway], upstream: Upstream) -> None:
    left, right = pair
    tenants = [left.tenant(upstream.url, cache={"mode": "off"}) for _ in range(3)]
    sides = [(gateway, tenant) for tenant in tenants for gateway in pair]
    work = [sides[number % len(sides)] for number in range(240)]
    statuses = in_parallel(lambda each: on(each[0], each[1]).chat("again").status_code, work, threads=8)
    assert set(statuses) == {200}
    for tenant in tenants:
        tenant.wait_rows(80)
        told = on(right, tenant).analytics()
        assert told["total_requests"] == 80 and told["success_rate"] == 100
    for gateway in pair:
        health = gateway.admin("GET", "/admin/health").json()
        assert "deadlock" not in gateway.output()
        assert health["shipper"]["dead_lettered"] == 0, health


def test_a_backup_of_the_shared_database_goes_to_an_embedded_one(
    pair: tuple[Gateway, Gateway], stores: dict[str, str], upstream: Upstream, folder: Path
) -> None:
    tenant = pair[0].tenant(upstream.url)
    assert tenant.chat("kept").status_code == 200
    tenant.wait_rows(1)
    env = {name: value for name, value in stores.items() if name.startswith("MITMGATE_")}
    file = folder / "shared.zip"
    taken = gatewayctl("backup", str(file), "--data-dir", str(folder / "left"), env=env, cwd=folder)
    assert taken.returncode == 0, taken.stderr
    refused = gatewayctl(
        "restore", str(file), "--data-dir", str(folder / "third"), "--force", "--yes", env=env, cwd=folder
    )
    assert refused.returncode == 3 and "gateways are running on this database" in refused.stderr
    own = {**SHARED}
    fresh = folder_in(folder, "from-shared")
    restored = gatewayctl("restore", str(file), "--data-dir", str(fresh), env=own, cwd=folder)
    assert (restored.returncode, restored.stderr) == (0, ""), restored.stderr
    with Gateway(fresh, "--no-demo", workers=1, env=own) as gateway:
        gateway.wait_ready()
        assert len(on(gateway, tenant).rows()) == 1
        assert on(gateway, tenant).chat("kept").status_code == 200


def there(dsn: str, table: str) -> bool:
    try:
        execute(dsn, f"SELECT FROM {table} LIMIT 1")
    except asyncpg.UndefinedTableError:
        return False
    return True


def test_both_may_start_again_at_once(pair: tuple[Gateway, Gateway], stores: dict[str, str], folder: Path) -> None:
    """With a new day to make for each of two shippers."""
    tomorrow = f"usage_{datetime.now(UTC) + timedelta(days=1):%Y_%m_%d}"
    execute(stores["socket"], f"DROP TABLE IF EXISTS {tomorrow}")
    env = {name: value for name, value in stores.items() if name.startswith("MITMGATE_")}
    with ExitStack() as stack:
        others = [
            stack.enter_context(Gateway(folder_in(folder, name), "--no-demo", workers=1, env=env))
            for name in ("third-one", "fourth-one")
        ]
        for gateway in others:
            gateway.wait_ready()
        wait_until(lambda: there(stores["socket"], tomorrow))
        for gateway in (*others, *pair):
            assert "deadlock" not in gateway.output() and "Traceback" not in gateway.output()
    assert os.listdir(folder / "third-one" / "dead-letter") == []
