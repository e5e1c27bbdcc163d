"""What every kind of test may ask for: a real PostgreSQL and a real Valkey, private to this run.

Both start when the first test asks and end with the run; no test needs to clean up after itself.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from mitmgate.services.embedded import EmbeddedPostgres, EmbeddedValkey

TESTS = Path(__file__).parent
# A test's rows need not survive the machine.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_numbers = itertools.count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's kind is the folder it is in, so `-m unit` needs no marks in the files."""
    for item in items:
        kind = item.path.relative_to(TESTS).parts[0]
        if kind in ("unit", "integration", "e2e"):
            item.add_marker(kind)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty folder that a server's OS user can enter, also when the tests run as root (tmp_path is closed to it)."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with _open_folder() as folder:
        server = EmbeddedPostgres(folder, CARELESS)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def valkey() -> Iterator[EmbeddedValkey]:
    with _open_folder() as folder:
        server = EmbeddedValkey(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def postgres_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of an empty database of this test's own."""
    postgres.start()  # a test may have killed it
    name = f"test_{next(_numbers)}"
    _execute(postgres.dsn, f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres.dsn_of(name)
    postgres.start()
    _execute(postgres.dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def valkey_url(valkey: EmbeddedValkey) -> str:
    """The address of a server without a key in it."""
    valkey.start()  # a test may have killed it
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(valkey.socket))
        client.sendall(b"FLUSHALL\r\n")
        assert client.recv(64) == b"+OK\r\n"
    return valkey.url


@contextmanager
def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mitmgate-test-"))
    try:
        folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder)


def _execute(dsn: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as pool:  # the main thread's event loop belongs to pytest-asyncio
        pool.submit(asyncio.run, execute()).result()
