"""Stores that somebody else runs: they serve as our own do, and what is wrong with one is said at the start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.migrations import DatabaseUnusable
from mitmgate.services.postgres import prepare_database
from mitmgate.services.redis_start import StoreUnusable, check_store
from tests.conftest import CARELESS, TESTS, execute, open_folder
from tests.e2e.certificates import Authority
from tests.integration.database import SECRETS
from tests.servers import (
    PASSWORD,
    SystemPostgres,
    TcpPostgres,
    TcpValkey,
    start_by_kind,
    system_postgres,
    system_redis,
)

NO_POSTGRES = "PostgreSQL 15 or later is not installed (apt-get install postgresql)"
NO_REDIS = "neither redis-server nor valkey-server is installed (apt-get install redis-server)"
needs_postgres = pytest.mark.skipif(system_postgres() is None, reason=NO_POSTGRES)
needs_redis = pytest.mark.skipif(system_redis() is None, reason=NO_REDIS)

OF_DATABASE = ("test_database.py", "test_directory_feed.py")
OF_REDIS = ("test_store.py", "test_quota.py", "test_exact_cache.py", "matcher/test_vectors_store.py")


@pytest.mark.parametrize(
    ("where", "suites"),
    [
        ("tcp", OF_DATABASE + OF_REDIS),
        pytest.param("system", OF_DATABASE, marks=needs_postgres),
        pytest.param("system", OF_REDIS, marks=needs_redis),
    ],
)
def test_the_suites_pass_over_tcp_with_a_password_and_tls(where: str, suites: tuple[str, ...]) -> None:
    paths = [str(TESTS / "integration" / name) for name in suites]
    ran = subprocess.run(
        [*(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not ten_thousand"), *paths],
        cwd=TESTS.parent,
        env={**os.environ, "MITMGATE_TEST_STORES": where},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-5000:]
    assert "passed" in ran.stdout.splitlines()[-1]


# ---- PostgreSQL


@pytest.fixture(scope="module")
def tcp_postgres() -> Iterator[TcpPostgres]:
    with open_folder() as folder:
        server = start_by_kind("tcp-postgres", folder, Authority(folder, "authority"), CARELESS)
        assert isinstance(server, TcpPostgres)
        for statement in (
            f"CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}'",
            "CREATE DATABASE narrow",
            f"CREATE ROLE other LOGIN PASSWORD '{PASSWORD}'",
            "CREATE DATABASE owned OWNER other",
            "CREATE DATABASE readonly OWNER plain",
            "ALTER DATABASE readonly SET default_transaction_read_only = on",
        ):
            execute(server.socket_dsn(), statement)
        yield server
        server.stop()


def url_as(server: TcpPostgres, user: str, database: str, password: str = PASSWORD) -> str:
    return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{server.port}/{database}"


async def refusal(dsn: str) -> str:
    with pytest.raises(DatabaseUnusable) as refused:
        await prepare_database(dsn, SECRETS)
    said = str(refused.value)
    assert "\n" not in said and PASSWORD not in said and quote(PASSWORD, safe="") not in said
    return said


async def test_a_wrong_password_is_named_with_the_setting(tcp_postgres: TcpPostgres) -> None:
    said = await refusal(url_as(tcp_postgres, "plain", "narrow", "hunter2hunter2"))
    assert f"127.0.0.1:{tcp_postgres.port} refuses the user or password of database.url" in said
    assert "hunter2" not in said


async def test_a_missing_database_is_named(tcp_postgres: TcpPostgres) -> None:
    said = await refusal(url_as(tcp_postgres, "plain", "nowhere"))
    assert 'database "nowhere" does not exist; CREATE DATABASE makes it' in said


async def test_a_user_who_may_not_create_is_told_the_grant(tcp_postgres: TcpPostgres) -> None:
    said = await refusal(url_as(tcp_postgres, "plain", "narrow"))
    assert said.endswith("GRANT CREATE, USAGE ON SCHEMA public TO plain")
    execute(tcp_postgres.socket_dsn("narrow"), "GRANT CREATE, USAGE ON SCHEMA public TO plain")
    await prepare_database(url_as(tcp_postgres, "plain", "narrow"), SECRETS)


async def test_a_user_who_could_not_make_tomorrows_partition_is_told_whose_tables_they_are(
    tcp_postgres: TcpPostgres,
) -> None:
    await prepare_database(url_as(tcp_postgres, "other", "owned"), SECRETS)
    owned = tcp_postgres.socket_dsn("owned")
    execute(owned, "GRANT CREATE, USAGE ON SCHEMA public TO plain; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain")
    assert "belong to other" in await refusal(url_as(tcp_postgres, "plain", "owned"))
    execute(owned, "GRANT other TO plain")
    await prepare_database(url_as(tcp_postgres, "plain", "owned"), SECRETS)


async def test_a_database_that_may_only_be_read_is_refused(tcp_postgres: TcpPostgres) -> None:
    assert "default_transaction_read_only is on" in await refusal(url_as(tcp_postgres, "plain", "readonly"))


async def test_tls_is_not_given_up_where_it_is_asked_for(tcp_postgres: TcpPostgres) -> None:
    assert "SSL" in await refusal(f"{tcp_postgres.dsn}?sslmode=require")  # this server has none


async def test_a_url_that_a_parser_would_repeat_in_parts_is_not_repeated() -> None:
    for url in (
        "postgresql://user:top/secret@127.0.0.1/x",
        "postgresql://user:topsecret@127.0.0.1:topsecret/x",
        "postgresql://user:topsecret@127.0.0.1/x?sslmode=topsecret",
        "postgresql://user:topsecret@[::1/x",
    ):
        with pytest.raises(DatabaseUnusable) as refused:
            await prepare_database(url, SECRETS)
        assert "database.url" in str(refused.value) and "secret" not in str(refused.value)


@pytest.fixture(scope="module")
def tls_postgres() -> Iterator[SystemPostgres]:
    with open_folder() as folder:
        server = start_by_kind("system-postgres", folder, Authority(folder, "authority"), CARELESS)
        assert isinstance(server, SystemPostgres)
        yield server
        server.stop()


@needs_postgres
async def test_tls_by_require_and_verify_full(tls_postgres: SystemPostgres, tmp_path: Path) -> None:
    await prepare_database(tls_postgres.dsn, SECRETS)
    bare = tls_postgres.dsn.partition("?")[0]
    await prepare_database(f"{bare}?sslmode=require", SECRETS)
    stranger = Authority(tmp_path, "stranger").file
    said = await refusal(f"{bare}?sslmode=verify-full&sslrootcert={stranger}")
    assert "certificate that is not trusted" in said
    said = await refusal(tls_postgres.dsn.replace("@127.0.0.1:", "@127.0.0.2:"))  # listens on 127.0.0.1 alone
    assert "cannot be reached" in said
    assert "refuses the user or password" in await refusal(f"{bare}?sslmode=disable")  # its pg_hba.conf wants TLS


@needs_postgres
async def test_a_hot_standby_is_refused(tls_postgres: SystemPostgres) -> None:
    programs = system_postgres()
    assert programs is not None
    with open_folder() as folder:
        standby = SystemPostgres(folder, programs, Authority(folder, "authority"), CARELESS)
        standby._claim()  # makes the folder the server user's
        user = standby._user
        assert standby._gateway_lock is not None
        os.close(standby._gateway_lock)
        standby._gateway_lock = None
        standby._own(standby.data)
        made = subprocess.run(
            [
                *(programs / "pg_basebackup", "-R", "-c", "fast", "-D", standby.data, "-U", "postgres"),
                *("-h", "127.0.0.1", "-p", str(tls_postgres.port)),
            ],
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            cwd="/",
            capture_output=True,
            text=True,
        )
        assert made.returncode == 0, made.stderr
        standby.start()
        try:
            said = await refusal(standby.dsn.partition("?")[0] + "?sslmode=require")
            assert said == "PostgreSQL is a read-only replica: give the address of the primary"
        finally:
            standby.stop()


# ---- Valkey and Redis


@pytest.fixture(scope="module")
def tcp_valkey() -> Iterator[TcpValkey]:
    with open_folder() as folder:
        reader = ("--user", "reader", "on", ">readers-own-word", "~*", "+@read", "+info")
        narrow = ("+@read", "+@write", "+@scripting", "+@connection", "+info")  # as docs/external-stores.md says
        server = TcpValkey(folder, (*reader, "--user", "narrow", "on", ">narrow-own-word", "~*", *narrow))
        server.start()
        yield server
        server.stop()


async def store_refusal(url: str) -> str:
    with pytest.raises(StoreUnusable) as refused:
        await check_store(url)
    said = str(refused.value)
    assert "\n" not in said and PASSWORD not in said and quote(PASSWORD, safe="") not in said
    return said


async def test_a_store_that_serves_is_taken(tcp_valkey: TcpValkey) -> None:
    assert await check_store(tcp_valkey.url) == []
    assert await check_store(tcp_valkey.url_of("")) == []
    assert await check_store(tcp_valkey.url_of("narrow", "narrow-own-word")) == []


async def test_a_stores_wrong_password_is_named_with_the_setting(tcp_valkey: TcpValkey) -> None:
    for url in (tcp_valkey.url_of("app", "wrong-wrong"), tcp_valkey.url_of("", "wrong-wrong")):
        said = await store_refusal(url)
        assert f"127.0.0.1:{tcp_valkey.port} refuses the user or password of redis.url" in said
        assert "wrong-wrong" not in said
    assert "refuses the user or password" in await store_refusal(f"redis://127.0.0.1:{tcp_valkey.port}")


async def test_a_user_who_may_only_read_is_told_so(tcp_valkey: TcpValkey) -> None:
    said = await store_refusal(tcp_valkey.url_of("reader", "readers-own-word"))
    assert "does not let this user do what the gateway does: NOPERM" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--maxmemory-policy", "noeviction"), "CONFIG SET maxmemory-policy volatile-lru"),
        (("--cluster-enabled", "yes"), "is a node of a cluster"),
        (("--replicaof", "127.0.0.1", "1"), "is a read-only replica"),
    ],
)
async def test_a_store_that_cannot_serve_is_refused(options: tuple[str, ...], said: str) -> None:
    with open_folder() as folder:
        server = TcpValkey(folder, options)
        server.start()
        try:
            assert said in await store_refusal(server.url)
        finally:
            server.stop()


async def test_a_store_without_bounds_or_with_loose_ones_is_taken_with_a_word() -> None:
    for options, said in (
        (("--maxmemory", "0"), "has no maxmemory"),
        (("--maxmemory-policy", "allkeys-lru"), "may evict blocks"),
    ):
        with open_folder() as folder:
            server = TcpValkey(folder, options)
            server.start()
            try:
                assert [said in warning for warning in await check_store(server.url)] == [True]
            finally:
                server.stop()


async def test_a_store_that_is_not_there_is_said_clearly() -> None:
    assert "at 127.0.0.1:1 cannot be reached" in await store_refusal("redis://:password-of-it@127.0.0.1:1/0")
    assert "no such host" in await store_refusal("redis://:password-of-it@nowhere.invalid/0")
    assert "/nowhere.sock cannot be reached" in await store_refusal("unix:///nowhere.sock")
    assert "names a file that is not there" in await store_refusal("rediss://127.0.0.1:1/0?ssl_ca_certs=/nowhere.pem")
    assert "percent-encoded" in await store_refusal("redis://:pass/word@127.0.0.1/0")


@needs_redis
async def test_a_stores_certificate_is_checked(tmp_path: Path) -> None:
    with open_folder() as folder:
        server = start_by_kind("system-redis", folder, Authority(folder, "authority"), CARELESS)
        assert isinstance(server, TcpValkey)
        try:
            assert await check_store(server.url) == []
            bare = server.url.partition("?")[0]
            assert "certificate that is not trusted" in await store_refusal(bare)
            assert await check_store(f"{bare}?ssl_cert_reqs=none") == []
            assert "cannot be reached" in await store_refusal(bare.replace("rediss", "redis"))
        finally:
            server.stop()


# ---- the whole gateway


@pytest.mark.parametrize("store", ["database", "redis"])
def test_a_store_that_refuses_us_ends_the_start_with_3(
    store: str, tcp_postgres: TcpPostgres, tcp_valkey: TcpValkey, server_folder: Path
) -> None:
    urls = {"database": url_as(tcp_postgres, "plain", "x", "tops3cret"), "redis": tcp_valkey.url_of("app", "tops3cret")}
    env = {name: value for name, value in os.environ.items() if not name.startswith("MITMGATE_")}
    env |= {
        "MITMGATE_DATABASE__URL": urls["database"] if store == "database" else url_as(tcp_postgres, "other", "owned"),
        "MITMGATE_REDIS__URL": urls["redis"] if store == "redis" else tcp_valkey.url,
        "PYTHONPATH": str(TESTS.parent),
    }
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "gatewayctl", "serve", "--port", "0", "--workers", "1", "--no-demo"),
            *("--data-dir", str(server_folder / "state")),
        ],
        cwd=server_folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 3, ran.stderr
    assert ran.stderr.splitlines()[-1].startswith("Error: ") and f"{store}.url" in ran.stderr.splitlines()[-1]
    assert "tops3cret" not in ran.stderr + ran.stdout and PASSWORD not in ran.stderr
    assert quote(PASSWORD, safe="") not in ran.stderr + ran.stdout


async def test_a_stopped_embedded_server_says_where_it_was(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseUnusable, match="cannot be reached"):
        await prepare_database("postgresql:///x?host=/nowhere&user=postgres", SECRETS)
