"""What every kind of test may ask for: a real PostgreSQL and a real Valkey, private to this run.

Both start when the first test asks and end with the run; no test needs to clean up after itself. They are the ones that
a gateway starts itself, unless MITMGATE_TEST_STORES names others (see tests/servers.py): `tcp` or `system`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from mitmgate.services.embedded import EmbeddedPostgres, EmbeddedValkey
from mitmgate.services.embedded.child import ServerProcess
from mitmgate.services.redis_connection import pack

TESTS = Path(__file__).parent
# A test's rows need not survive the machine.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_numbers = itertools.count()


LONG = {
    "e2e/test_backup.py",
    "e2e/test_rotation.py",
    "e2e/test_two_gateways.py",
    "integration/test_external_stores.py",
}


def pytest_configure() -> None:
    """A shell that starts the run in the background has it ignore SIGINT; commands that are interrupted would go on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's kind is the folder it is in, so `-m unit` needs no marks in the files."""
    for item in items:
        kind = item.path.relative_to(TESTS).parts[0]
        if kind in ("unit", "integration", "e2e"):
            item.add_marker(kind)
        if item.path.relative_to(TESTS).as_posix() in LONG:
            item.add_marker("long")


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty folder that a server's OS user can enter, also when the tests run as root (tmp_path is closed to it)."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with open_folder() as folder:
        server = _elsewhere("postgres", folder) or EmbeddedPostgres(folder, CARELESS)
        assert isinstance(server, EmbeddedPostgres)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def valkey() -> Iterator[EmbeddedValkey]:
    with open_folder() as folder:
        server = _elsewhere("redis", folder) or EmbeddedValkey(folder)
        assert isinstance(server, EmbeddedValkey)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def postgres_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of an empty database of this test's own."""
    with new_database(postgres) as name:
        yield postgres.dsn_of(name)


@contextmanager
def new_database(postgres: EmbeddedPostgres, template: str = "template0") -> Iterator[str]:
    """The name of a new database, a copy of another one that nobody is connected to."""
    postgres.start()  # a test may have killed it
    name = f"test_{next(_numbers)}"
    execute(postgres.dsn, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield name
    postgres.start()
    execute(postgres.dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def valkey_url(valkey: EmbeddedValkey) -> str:
    """The address of a server without a key in it."""
    valkey.start()  # a test may have killed it
    from tests.servers import PASSWORD, TcpValkey

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(valkey.socket))
        if isinstance(valkey, TcpValkey):
            client.sendall(pack(("AUTH", PASSWORD)))
            assert client.recv(64) == b"+OK\r\n"
        client.sendall(b"FLUSHALL\r\n")
        assert client.recv(64) == b"+OK\r\n"
    return valkey.url


def _elsewhere(store: str, folder: Path) -> ServerProcess | None:
    """The server that MITMGATE_TEST_STORES asks for, started."""
    from tests.e2e.certificates import Authority
    from tests.servers import start_by_kind

    where = os.environ.get("MITMGATE_TEST_STORES")
    if where is None:
        return None
    name = "valkey" if (store, where) == ("redis", "tcp") else store
    return start_by_kind(f"{where}-{name}", folder, Authority(folder, "authority"), CARELESS)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that a server's OS user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="mitmgate-test-"))
    try:
        folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder)


def execute(dsn: str, statement: str) -> None:
    """Runs a statement, from wherever a test is."""

    async def execute() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as pool:  # the main thread's event loop belongs to pytest-asyncio
        pool.submit(asyncio.run, execute()).result()
