"""A database and its store belong together: a tenant's id is another tenant's in another database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.postgres import open_connection, prepare_database
from mitmgate.services.queries import queries
from mitmgate.services.redis import Store
from mitmgate.services.redis_start import StoreUnusable
from mitmgate.services.store_owner import claim_store, keep_claim, owner_problem
from tests.conftest import TESTS, execute
from tests.integration.database import SECRETS

ANSWER, WINDOW = "x:{3}:deadbeef", "q:{3}"


@pytest.fixture
def other_dsn(postgres: EmbeddedPostgres, postgres_dsn: str) -> Iterator[str]:
    execute(postgres.dsn, "CREATE DATABASE of_another_gateway TEMPLATE template0")
    yield postgres.dsn_of("of_another_gateway")
    execute(postgres.dsn, "DROP DATABASE of_another_gateway WITH (FORCE)")


async def keep(url: str, *names: str) -> None:
    store = Store(url)
    await store.demand(*(("SET", name, "of tenant 3") for name in names))
    await store.close()


async def kept(url: str) -> set[str]:
    store = Store(url)
    found = (await store.demand(("KEYS", "*:*")))[0]
    await store.close()
    return {name.decode() for name in found}


async def test_nodes_of_one_database_keep_what_is_there(postgres_dsn: str, valkey_url: str) -> None:
    await prepare_database(postgres_dsn, SECRETS)
    await claim_store(postgres_dsn, valkey_url, alone=False)
    await keep(valkey_url, ANSWER, WINDOW)
    await claim_store(postgres_dsn, valkey_url, alone=False)
    await claim_store(postgres_dsn, valkey_url, alone=True)
    assert await kept(valkey_url) == {ANSWER, WINDOW}


async def test_a_store_without_a_mark_answers_nobody(postgres_dsn: str, valkey_url: str) -> None:
    await prepare_database(postgres_dsn, SECRETS)
    await keep(valkey_url, ANSWER, WINDOW, "v:{3}:scope", "xsize:{3}", "xcount:{3}", "unrelated:{3x}")
    await claim_store(postgres_dsn, valkey_url, alone=False)
    assert await kept(valkey_url) == {WINDOW, "xcount:{3}", "unrelated:{3x}"}


async def test_a_store_of_another_database_is_refused(postgres_dsn: str, other_dsn: str, valkey_url: str) -> None:
    for dsn in (postgres_dsn, other_dsn):
        await prepare_database(dsn, SECRETS)
    await claim_store(postgres_dsn, valkey_url, alone=False)
    await keep(valkey_url, ANSWER)
    with pytest.raises(StoreUnusable, match="another gateway's database"):
        await claim_store(other_dsn, valkey_url, alone=False)
    assert await kept(valkey_url) == {ANSWER}  # its owner may be serving
    await claim_store(postgres_dsn, valkey_url, alone=False)


async def test_a_store_emptied_while_in_use_is_marked_again_and_another_gateway_kept_out(
    postgres_dsn: str, other_dsn: str, valkey_url: str
) -> None:
    for dsn in (postgres_dsn, other_dsn):
        await prepare_database(dsn, SECRETS)
    await claim_store(postgres_dsn, valkey_url, alone=False)
    store, ours, theirs = Store(valkey_url), await open_connection(postgres_dsn), await open_connection(other_dsn)
    try:
        await record(theirs)
        assert await keep_claim(ours, store) is False
        await store.demand(("FLUSHALL",))
        assert await owner_problem(ours, store) is None
        assert await keep_claim(ours, store) is True
        with pytest.raises(StoreUnusable, match="another gateway's database"):
            await claim_store(other_dsn, valkey_url, alone=False)
        with pytest.raises(StoreUnusable, match="another gateway's database"):
            await keep_claim(theirs, store)
        assert "another gateway's database" in (await owner_problem(theirs, store) or "")
        assert await owner_problem(ours, store) is None
    finally:
        await store.close()
        await ours.close()
        await theirs.close()


async def record(connection: asyncpg.Connection) -> None:
    """Gives a database the id that its first claim of a store would."""
    await connection.execute(queries.record_gateway_check, "gateway-id", os.urandom(16))


async def test_an_embedded_store_of_another_database_is_emptied(
    postgres_dsn: str, other_dsn: str, valkey_url: str
) -> None:
    for dsn in (postgres_dsn, other_dsn):
        await prepare_database(dsn, SECRETS)
    await claim_store(postgres_dsn, valkey_url, alone=True)
    await keep(valkey_url, ANSWER, WINDOW)
    await claim_store(other_dsn, valkey_url, alone=True)
    assert await kept(valkey_url) == set()
    await keep(valkey_url, ANSWER)
    await claim_store(other_dsn, valkey_url, alone=True)
    assert await kept(valkey_url) == {ANSWER}


def gatewayctl(*words: str, dsn: str, redis: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MITMGATE_")}
    urls = {"MITMGATE_DATABASE__URL": dsn, "MITMGATE_REDIS__URL": redis, "PYTHONPATH": str(TESTS.parent)}
    return subprocess.run(
        [sys.executable, "-m", "gatewayctl", *words, "--data-dir", str(cwd / "data")],
        cwd=cwd,
        env={**inherited, **urls},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


async def test_a_restore_forgets_every_tenant(
    postgres_dsn: str, other_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    """B's backup over A's database: B's tenant 3 is not A's, though the backup knows a tenant 3 or later ones."""
    for dsn in (postgres_dsn, other_dsn):
        await prepare_database(dsn, SECRETS)
        for number in range(5):
            execute(dsn, f"INSERT INTO tenants (name, backend_url) VALUES ('t{number}', 'https://x')")
    (tmp_path / "data").mkdir()
    backup = str(tmp_path / "b.zip")
    taken = gatewayctl("backup", backup, dsn=other_dsn, redis=valkey_url, cwd=tmp_path)
    assert taken.returncode == 0, taken.stderr
    await claim_store(postgres_dsn, valkey_url, alone=False)
    await keep(valkey_url, ANSWER, WINDOW)

    refused = gatewayctl("restore", backup, "--force", "--yes", dsn=other_dsn, redis=valkey_url, cwd=tmp_path)
    assert refused.returncode == 3 and "another gateway's database" in refused.stderr, refused.stderr
    assert await kept(valkey_url) == {ANSWER, WINDOW}

    restored = gatewayctl("restore", backup, "--force", "--yes", dsn=postgres_dsn, redis=valkey_url, cwd=tmp_path)
    assert restored.returncode == 0, restored.stderr
    assert await kept(valkey_url) == set()
    await claim_store(postgres_dsn, valkey_url, alone=False)
    with pytest.raises(StoreUnusable):  # the restored gateway is not the one that the backup is of
        await claim_store(other_dsn, valkey_url, alone=False)
